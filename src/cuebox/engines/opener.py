"""Opens encoders and decoders, tokenizer and session, from their two files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cuebox.core.errors import ModelError
from cuebox.engines.settings import DecoderSettings, EngineSettings

if TYPE_CHECKING:
    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.manifest import EncoderSpec
    from cuebox.engines.decoder_tokenizer import SubwordTokenizer
    from cuebox.engines.onnx_encoder import OnnxEncoder
    from cuebox.engines.openvino_decoder import OpenVinoDecoder
    from cuebox.engines.tokenizer import FastTokenizer

__all__ = ["DecoderOpener", "EncoderOpener"]

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


class DecoderOpener:
    """`core.ports.OpenDecoder` with this machine's settings."""

    def __init__(self, settings: DecoderSettings | None = None) -> None:
        self.settings = settings or DecoderSettings()

    def __call__(
        self, spec: DecoderSpec, weights: Path, tokenizer: Path
    ) -> tuple[SubwordTokenizer, OpenVinoDecoder]:
        """Open both, ready to step.

        Raises:
            ConfigError: one text has no room in `kv_cache_mb`.
            ModelError: a file is missing or does not fit the spec, or OpenVINO is missing.
        """
        try:
            from cuebox.engines.decoder_tokenizer import open_decoder_tokenizer
            from cuebox.engines.decoder_weights import DecoderWeights
            from cuebox.engines.openvino_decoder import OpenVinoDecoder
        except ModuleNotFoundError as error:
            if error.name != "openvino":
                raise
            raise ModelError(
                "language models need OpenVINO: pip install 'cuebox[completions]'"
            ) from error

        text = open_decoder_tokenizer(tokenizer, spec.vocab)
        return text, OpenVinoDecoder(spec, DecoderWeights(weights), self.settings)
