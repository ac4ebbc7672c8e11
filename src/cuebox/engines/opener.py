"""Opens an encoder's tokenizer and session from its two files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cuebox.core.errors import ModelError
from cuebox.engines.settings import EngineSettings

if TYPE_CHECKING:
    from cuebox.core.manifest import EncoderSpec
    from cuebox.engines.onnx_encoder import OnnxEncoder
    from cuebox.engines.tokenizer import FastTokenizer

__all__ = ["EncoderOpener"]

_QUANTIZATIONS = ("int8", "float32")


class EncoderOpener:
    """`core.ports.OpenEncoder` with this machine's engine settings."""

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self.settings = settings or EngineSettings()

    def __call__(
        self, spec: EncoderSpec, model: Path, tokenizer: Path
    ) -> tuple[FastTokenizer, OnnxEncoder]:
        """Open both, ready to run.

        Raises:
            ModelError: a file is missing or does not fit the spec.
        """
        # onnxruntime and tokenizers are loaded here, after a server has opened its socket.
        from cuebox.engines.onnx_encoder import OnnxEncoder, open_session, session_options
        from cuebox.engines.prepack import open_prepacked
        from cuebox.engines.tokenizer import open_tokenizer

        if spec.quantization not in _QUANTIZATIONS:
            raise ModelError(
                f"the encoder's quantization is {spec.quantization!r}: this version of cuebox "
                f"runs {' and '.join(_QUANTIZATIONS)}; upgrade, or export it again"
            )
        threads = self.settings.threads
        if self.settings.cache_dir:
            cache = Path(self.settings.cache_dir)
            session = open_prepacked(model, spec.model.sha256, cache, threads)
        else:
            session = open_session(model, session_options(threads))
        return open_tokenizer(tokenizer, spec.max_tokens), OnnxEncoder(spec, session)
