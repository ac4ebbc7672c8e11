"""LitServe: `python litserve_server.py PORT`, POST /predict {"text": ...} -> {"embedding": [...]}.

PEER_WORKERS inference processes; PEER_BATCH over 1 turns LitServe's batching on.
"""

import os
import signal
import sys

import litserve as ls
from encoder import Vectors, open_encoder


class Embedder(ls.LitAPI):
    """One text in, its embedding out."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - LitServe's signature
        """Load the encoder in the worker process."""
        self._encoder = open_encoder()

    def decode_request(self, request: dict[str, str]) -> str:
        """Take the text from the body."""
        return request["text"]

    def predict(self, texts: str | list[str]) -> Vectors:
        """Embed one text, or the batch that LitServe gathered."""
        if isinstance(texts, str):
            return self._encoder.encode([texts])[0]
        return self._encoder.encode(texts)

    def encode_response(self, output: Vectors) -> dict[str, list[float]]:
        """Answer one row of the prediction."""
        return {"embedding": output.tolist()}


def main() -> None:
    """Serve on the loopback port named on the command line."""
    # LitServe ends its workers in order on SIGINT alone.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    batch = int(os.environ.get("PEER_BATCH", "1"))
    api = Embedder(max_batch_size=batch, batch_timeout=0.002 if batch > 1 else 0.0)
    server = ls.LitServer(
        api,
        accelerator="cpu",
        workers_per_device=int(os.environ.get("PEER_WORKERS", "1")),
        fast_queue=os.environ.get("PEER_FAST_QUEUE") == "1",
    )
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", generate_client_file=False
    )


if __name__ == "__main__":
    main()
