"""PyTriton: `python pytriton_server.py HTTP_PORT GRPC_PORT METRICS_PORT`, V2 protocol over Triton.

PEER_WORKERS copies of the model in threads; PEER_BATCH over 1 turns the dynamic batcher on.
"""

import os
import signal
import sys

import numpy as np
import numpy.typing as npt
from encoder import Encoder, Vectors, open_encoder
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig


class Embedder:
    """One copy of the model as a PyTriton inference callable."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    @batch
    def __call__(self, text: npt.NDArray[np.bytes_]) -> dict[str, Vectors]:
        """Embed bytes [rows, 1] to float32 [rows, 384]."""
        texts = [row[0].decode() for row in text]
        return {"embedding": self._encoder.encode(texts)}


def main() -> None:
    """Serve on the loopback ports named on the command line."""
    # PyTriton stops Triton and frees its shared memory on SIGINT alone.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    http_port, grpc_port, metrics_port = (int(port) for port in sys.argv[1:4])
    rows = int(os.environ.get("PEER_BATCH", "1"))
    copies = int(os.environ.get("PEER_WORKERS", "1"))
    config = TritonConfig(
        http_address="127.0.0.1",
        http_port=http_port,
        grpc_address="127.0.0.1",
        grpc_port=grpc_port,
        metrics_address="127.0.0.1",
        metrics_port=metrics_port,
        allow_metrics=False,
    )
    with Triton(config=config) as triton:
        triton.bind(
            model_name="embedder",
            infer_func=[Embedder(open_encoder()) for _ in range(copies)],
            inputs=[Tensor(name="text", dtype=bytes, shape=(1,))],
            outputs=[Tensor(name="embedding", dtype=np.float32, shape=(384,))],
            config=ModelConfig(
                max_batch_size=max(rows, 1), batching=True, batcher=DynamicBatcher()
            ),
        )
        triton.serve()


if __name__ == "__main__":
    main()
