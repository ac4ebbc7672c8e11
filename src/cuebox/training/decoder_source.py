"""Where a language model comes from: a folder, the hub, or a llama2.c file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuebox.core.errors import ConfigError, ModelError
from cuebox.training.decoder_checkpoint import open_checkpoint
from cuebox.training.decoder_config import read_shape
from cuebox.training.decoder_llama2c import open_llama2c
from cuebox.training.decoder_tensors import canonical_tensors
from cuebox.training.decoder_tokenizer import read_tokenizer
from cuebox.training.hub import fetch_from_hub

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenizers import Tokenizer

    from cuebox.core.types import FloatArray
    from cuebox.training.decoder_shape import DecoderShape

__all__ = ["DecoderSource", "find_decoder_folder", "open_decoder_source"]

# What is fetched from a hub: weights, settings and tokenizer, never code.
_HUB_FILES = ["*.json", "merges.txt", "model*.safetensors"]
# How conversations of cuebox's own models end a turn.
_END_OF_TURN = "<|end|>"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderSource:
    """A decoder at full precision.

    Attributes:
        tensors: canonical name to float32 values, which may be read when asked for.
        tokenizer_json: the tokenizer to serve, without padding or truncation.
        bos: token before a text that begins a document; None where there is none.
        ends: tokens that end a text.
        origin: where it came from, for the card.
    """

    shape: DecoderShape
    tensors: Mapping[str, FloatArray]
    tokenizer_json: str
    bos: int | None
    ends: list[int]
    origin: str


def open_decoder_source(reference: str, *, tokenizer: str | None = None) -> DecoderSource:
    """Read a language model's shape and tokenizer; its tensors are read when asked for.

    Args:
        reference: a folder in Hugging Face format, `hf:org/name[@revision]`, or a llama2.c
            `.bin` file.
        tokenizer: that of a llama2.c model; None for the `tok*.bin` beside it.

    Raises:
        ConfigError: the reference leads nowhere.
        ModelError: a model that cannot be imported; the message names the file and the field.
    """
    if reference.endswith(".bin"):
        beside = None if tokenizer is None else Path(tokenizer).expanduser()
        return _from_llama2c(Path(reference).expanduser(), beside)
    if tokenizer is not None:
        raise ConfigError(f"{reference} brings its own tokenizer", param="tokenizer")
    folder = find_decoder_folder(reference)
    config = _read_json(folder / "config.json")
    shape = read_shape(config, folder / "config.json")
    made = read_tokenizer(folder)
    bos, ends = _borders(config, folder, made)
    _check_ids(shape, made, [*ends, *([] if bos is None else [bos])])
    return DecoderSource(
        shape=shape,
        tensors=canonical_tensors(shape, open_checkpoint(folder)),
        tokenizer_json=made.to_str(),
        bos=bos,
        ends=ends,
        origin=reference if ":" in reference else folder.name,
    )


def find_decoder_folder(reference: str) -> Path:
    """The local folder of a checkpoint, fetched from the hub where needed.

    Raises:
        ConfigError: there is none; the message says what was looked for.
    """
    scheme, _, rest = reference.partition(":")
    if scheme == "hf":
        return fetch_from_hub(rest, _HUB_FILES)
    folder = Path(reference).expanduser()
    if not (folder / "config.json").is_file():
        raise ConfigError(
            f"{folder} has no config.json: give a folder in Hugging Face format, "
            "hf:org/name[@revision] or a llama2.c .bin file",
            param="source",
        )
    return folder


def _from_llama2c(path: Path, tokenizer: Path | None) -> DecoderSource:
    model = open_llama2c(path, tokenizer)
    return DecoderSource(
        shape=model.shape,
        tensors=model.tensors,
        tokenizer_json=model.tokenizer_json,
        bos=model.bos,
        ends=model.ends,
        origin=path.name,
    )


def _borders(
    config: Mapping[str, Any], folder: Path, tokenizer: Tokenizer
) -> tuple[int | None, list[int]]:
    """The token before a document, and those that end a text.

    `generation_config.json` goes before `config.json`: chat models end turns by tokens that
    only the former names.
    """
    path = folder / "generation_config.json"
    said = dict(config) | {
        key: value
        for key, value in (_read_json(path) if path.is_file() else {}).items()
        if value is not None
    }
    bos, end = said.get("bos_token_id"), said.get("eos_token_id")
    ends = set(end if isinstance(end, list) else [] if end is None else [end])
    turn = tokenizer.token_to_id(_END_OF_TURN)
    if turn is not None:
        ends.add(turn)
    ids = [*ends, *([] if bos is None else [bos])]
    if not all(isinstance(one, int) for one in ids):
        raise ModelError(
            f"{folder}: bos_token_id {bos!r} and eos_token_id {end!r} are no token ids"
        )
    return bos, sorted(ends)


def _check_ids(shape: DecoderShape, tokenizer: Tokenizer, borders: list[int]) -> None:
    highest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)
    if max([highest, *borders]) >= shape.vocab or min([0, *borders]) < 0:
        raise ModelError(
            f"the tokenizer has ids up to {highest} and bos_token_id and eos_token_id are "
            f"{borders}, but config.json: vocab_size is {shape.vocab}"
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path}: expected an object")
    return value
