"""The model as the custom servers (LitServe, MLServer, PyTriton, Flask) call it.

Each server's own environment runs this file; onnxruntime or torch is imported only where used.
The settings come in the environment, so that one script measures several engines:
PEER_MODEL (folder made by export_model.py), PEER_ENGINE (int8, fp32, torch), PEER_THREADS.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

MAX_TOKENS = 256
GRAPHS = {"int8": "onnx/model_quantized.onnx", "fp32": "onnx/model.onnx"}


class Encoder(Protocol):
    """Texts in, one unit vector per text out."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [len(texts), 384]."""
        ...


class OnnxEncoder:
    """tokenizers and onnxruntime, padded to the longest text of the batch."""

    def __init__(self, folder: Path, graph: str, threads: int) -> None:
        import onnxruntime as ort
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # A spinning pool would take the second core from the HTTP front end.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = ort.InferenceSession(
            str(folder / graph), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Run the graph, mean-pool over the real tokens and normalise."""
        rows = self._tokenizer.encode_batch(list(texts))
        ids = np.array([row.ids for row in rows], dtype=np.int64)
        mask = np.array([row.attention_mask for row in rows], dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = self._session.run(None, feeds)[0]
        summed = np.einsum("btd,bt->bd", states, mask.astype(np.float32))
        # The mean's divisor cancels when the vector is normalised.
        vectors: Vectors = summed / np.linalg.norm(summed, axis=1, keepdims=True)
        return vectors


class TorchEncoder:
    """sentence-transformers on torch float32, as its documentation shows."""

    def __init__(self, folder: Path, threads: int) -> None:
        import torch
        from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found,unused-ignore]

        torch.set_num_threads(threads)
        self._model = SentenceTransformer(str(folder), device="cpu")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Call the library; the folder's own modules pool and normalise."""
        vectors: Vectors = self._model.encode(
            list(texts), batch_size=max(1, len(texts)), show_progress_bar=False
        )
        return vectors


def open_encoder() -> Encoder:
    """Load and warm the encoder that the environment names."""
    folder = Path(os.environ["PEER_MODEL"])
    engine = os.environ["PEER_ENGINE"]
    threads = int(os.environ.get("PEER_THREADS", "1"))
    encoder: Encoder
    if engine == "torch":
        encoder = TorchEncoder(folder, threads)
    elif engine in GRAPHS:
        encoder = OnnxEncoder(folder, GRAPHS[engine], threads)
    else:
        raise ValueError(f"PEER_ENGINE is {engine!r}; choose torch, {', '.join(GRAPHS)}")
    encoder.encode(["warm up", "the first call of an engine is its slowest"])
    return encoder
