"""A sentence encoder on onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.errors import ModelError, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    import onnxruntime as ort

    from cuebox.core.manifest import EncoderSpec
    from cuebox.core.types import FloatArray, IntArray, TokenBatch

__all__ = ["OnnxEncoder", "open_session", "session_options"]

_INPUTS = {"input_ids", "attention_mask"}
_OPTIONAL_INPUTS = {"token_type_ids"}
_OUTPUT = "embedding"


class OnnxEncoder:
    """`core.ports.Encoder` over one session; `run` may be called from several threads."""

    def __init__(self, spec: EncoderSpec, session: ort.InferenceSession) -> None:
        """Wrap a session.

        Raises:
            ModelError: the graph's inputs or output do not fit the spec.
        """
        self.spec = spec
        self._session: ort.InferenceSession | None = session
        names = {each.name for each in session.get_inputs()}
        if not _INPUTS <= names <= _INPUTS | _OPTIONAL_INPUTS:
            raise ModelError(f"the model reads {sorted(names)}: expected {sorted(_INPUTS)}")
        shapes = {each.name: each.shape for each in session.get_outputs()}
        if _OUTPUT not in shapes or shapes[_OUTPUT][-1] != spec.dim:
            raise ModelError(
                f"the model answers {shapes}: expected {_OUTPUT!r} of width {spec.dim}"
            )
        self._has_types = "token_type_ids" in names

    def run(self, batch: TokenBatch) -> FloatArray:
        """Embeddings, float32 `[rows, dim]`; releases the GIL while it computes.

        Raises:
            ModelError: the batch does not fit the model (a token id out of range, too long).
            Unavailable: the encoder is closed.
        """
        session = self._session
        if session is None:
            raise Unavailable("the encoder is closed")
        if not batch.ids.shape[0]:
            return np.zeros((0, self.spec.dim), dtype=np.float32)
        feeds: dict[str, IntArray] = {"input_ids": batch.ids, "attention_mask": batch.mask}
        if self._has_types:
            feeds["token_type_ids"] = np.zeros_like(batch.ids)
        try:
            output: FloatArray = session.run([_OUTPUT], feeds)[0]
        except Exception as error:  # onnxruntime's errors share no base class
            raise ModelError(
                f"the encoder cannot run a batch of shape {batch.ids.shape}: {error}"
            ) from error
        return output

    def close(self) -> None:
        """Drop the session; runs under way finish, later ones raise `Unavailable`."""
        self._session = None


def session_options(threads: int) -> ort.SessionOptions:
    """Options for an exported graph, which is already fused.

    All of onnxruntime's own rewriting is off: it costs start-up time, and it would turn
    `Add` + `LayerNormalization` into `SkipLayerNormalization`, whose kernel is several times
    slower on a CPU.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    # The arena keeps the largest text's memory for ever, per thread that ran one.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    # A spinning pool takes its cores from other sessions and from the HTTP loop.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def open_session(path: Path, options: ort.SessionOptions) -> ort.InferenceSession:
    """Load an ONNX file on the CPU.

    Raises:
        ModelError: the file is missing or not a model that onnxruntime can run.
    """
    import onnxruntime as ort

    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no base class
        raise ModelError(f"{path} cannot be loaded: {error}") from error
