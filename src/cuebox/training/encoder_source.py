"""Where an encoder comes from: a folder, the hub, an installed package, or a live module."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.core.errors import ConfigError, ModelError
from cuebox.training.encoder_weights import EncoderWeights, read_weights
from cuebox.training.hub import fetch_from_hub

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cuebox.core.types import FloatArray

__all__ = ["EncoderSource", "find_folder", "from_module", "open_source"]

# What is fetched from a hub: weights, settings and tokenizer, never code.
_HUB_FILES = ["*.json", "*.txt", "*.model", "model.safetensors"]


@dataclass(frozen=True, slots=True)
class EncoderSource:
    """A checkpoint and how it is read.

    Attributes:
        tokenizer_json: the `tokenizer.json` to serve, without padding or truncation.
        max_tokens: the longest text the encoder reads, special tokens included.
        origin: where it came from, for the manifest.
    """

    weights: EncoderWeights
    tokenizer_json: str
    pooling: str
    normalize: bool
    max_tokens: int
    origin: str

    @property
    def end_token(self) -> int:
        """Id of the token that ends every text (`[SEP]`, `</s>`); 0 where there is none."""
        import tokenizers

        ids = tokenizers.Tokenizer.from_str(self.tokenizer_json).encode("").ids
        return int(ids[-1]) if ids else 0


def open_source(
    reference: str,
    *,
    pooling: str | None = None,
    normalize: bool | None = None,
    max_tokens: int | None = None,
) -> EncoderSource:
    """Read a checkpoint.

    Args:
        reference: a folder in Hugging Face format, `hf:org/name`, `hf:org/name@revision`, or
            `package:name` for an installed package that carries such a folder.
        pooling: `mean` or `cls`; None for what the folder's sentence-transformers files say,
            else `mean`.
        normalize: whether embeddings have unit length; None for what those files say, else yes.
        max_tokens: None for what those files say, else as many as there are positions.

    Raises:
        ConfigError: the reference does not lead to a checkpoint.
        ModelError: a checkpoint that cannot be exported.
    """
    folder = find_folder(reference)
    weights = read_weights(_read_json(folder / "config.json"), _read_tensors(folder))
    modules = _SentenceModules.read(folder)
    limit = max_tokens or modules.max_tokens or len(weights.positions)
    if limit > len(weights.positions):
        raise ConfigError(
            f"max_tokens is {limit}: the encoder has {len(weights.positions)} positions",
            param="max_tokens",
        )
    return EncoderSource(
        weights=weights,
        tokenizer_json=_tokenizer_json(folder, lowercase=modules.lowercase),
        pooling=pooling or modules.pooling,
        normalize=modules.normalize if normalize is None else normalize,
        max_tokens=limit,
        origin=reference if ":" in reference else folder.name,
    )


def from_module(
    module: Any,  # noqa: ANN401 - a transformers PreTrainedModel; torch is not imported here
    base: EncoderSource,
) -> EncoderSource:
    """The same encoder with the weights of a live torch module, as after fine-tuning.

    Args:
        module: a transformers model; `state_dict()` and `config` are read.
        base: the source it was loaded from, for tokenizer, pooling and limits.

    Raises:
        ModelError: the module cannot be exported.
    """
    tensors = {
        name: tensor.detach().float().cpu().numpy() for name, tensor in module.state_dict().items()
    }
    return EncoderSource(
        weights=read_weights(module.config.to_dict(), tensors),
        tokenizer_json=base.tokenizer_json,
        pooling=base.pooling,
        normalize=base.normalize,
        max_tokens=base.max_tokens,
        origin=base.origin,
    )


def find_folder(reference: str) -> Path:
    """The local folder of a reference, fetched from the hub where needed.

    Raises:
        ConfigError: there is none; the message says what was looked for.
    """
    scheme, _, rest = reference.partition(":")
    if scheme == "hf":
        return fetch_from_hub(rest, _HUB_FILES)
    folder = _package_folder(rest) if scheme == "package" else Path(reference).expanduser()
    if not (folder / "config.json").is_file():
        raise ConfigError(
            f"{folder} has no config.json: give a folder in Hugging Face format, "
            "hf:org/name[@revision] or package:name",
            param="source",
        )
    return folder


def _package_folder(package: str) -> Path:
    """The first folder with a `config.json` inside an installed package."""
    try:
        spec = importlib.util.find_spec(package.replace("-", "_"))
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None:
        raise ConfigError(
            f"the package {package!r} is not installed: pip install {package}", param="source"
        )
    root = Path(spec.origin).parent
    found = sorted(root.rglob("config.json"), key=lambda path: len(path.parts))
    return found[0].parent if found else root


def _read_json(path: Path) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error


def _read_tensors(folder: Path) -> Mapping[str, FloatArray]:
    safe, pickled = folder / "model.safetensors", folder / "pytorch_model.bin"
    if safe.is_file():
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            return {name: np.asarray(value, np.float32) for name, value in load_file(safe).items()}
        except (SafetensorError, OSError, KeyError, TypeError) as error:
            raise ModelError(f"{safe} cannot be read: {error}") from error
    if pickled.is_file():
        raise ModelError(
            f"{folder.name} has only pytorch_model.bin, a pickle, which can run code: convert "
            "it to model.safetensors first (save_pretrained(..., safe_serialization=True))"
        )
    raise ModelError(f"{folder} has no model.safetensors")


@dataclass(frozen=True, slots=True)
class _SentenceModules:
    """What sentence-transformers' own files say about a checkpoint."""

    pooling: str = "mean"
    normalize: bool = True
    max_tokens: int | None = None
    lowercase: bool = False

    @classmethod
    def read(cls, folder: Path) -> _SentenceModules:
        """Read `modules.json` and what it names.

        Raises:
            ModelError: a module or pooling that the exported graph would not have.
        """
        if not (folder / "modules.json").is_file():
            return cls()
        modules = {
            str(each["type"]).rsplit(".", 1)[-1]: str(each["path"])
            for each in _read_json(folder / "modules.json")
        }
        unknown = sorted(set(modules) - {"Transformer", "Pooling", "Normalize"})
        if unknown:
            raise ModelError(f"{folder.name} ends in {', '.join(unknown)}, which is not exported")
        settings: dict[str, Any] = {}
        if (folder / "sentence_bert_config.json").is_file():
            settings = _read_json(folder / "sentence_bert_config.json")
        return cls(
            pooling=_pooling(folder / modules.get("Pooling", "1_Pooling")),
            normalize="Normalize" in modules,
            max_tokens=settings.get("max_seq_length"),
            lowercase=bool(settings.get("do_lower_case")),
        )


def _pooling(folder: Path) -> str:
    settings = _read_json(folder / "config.json")
    chosen = sorted(key for key, on in settings.items() if key.startswith("pooling_mode_") and on)
    named = {"pooling_mode_cls_token": "cls", "pooling_mode_mean_tokens": "mean"}
    if len(chosen) != 1 or chosen[0] not in named:
        raise ModelError(f"{folder} pools by {chosen}: only mean or cls can be exported")
    return named[chosen[0]]


def _tokenizer_json(folder: Path, *, lowercase: bool) -> str:
    import tokenizers
    from tokenizers import normalizers

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelError(
            f"{folder.name} has no tokenizer.json: make one with "
            "AutoTokenizer.from_pretrained(folder).save_pretrained(folder)"
        )
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise ModelError(f"{path} is not a tokenizer: {error}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if lowercase:
        steps = [normalizers.Lowercase(), tokenizer.normalizer]
        tokenizer.normalizer = normalizers.Sequence([step for step in steps if step is not None])
    return tokenizer.to_str()
