"""What a person may set about the export of an encoder."""

from __future__ import annotations

from typing import Literal

import msgspec

from cuebox.core.text import TextSettings
from cuebox.training.parity import ParityLimits

__all__ = ["EncoderExportSettings"]


class EncoderExportSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a checkpoint becomes a served encoder.

    Attributes:
        source: a folder, `hf:org/name[@revision]` or `package:name`.
        pooling, normalize, max_tokens: None for what the checkpoint's own files say.
        reference: what the result is held against: `torch` (the checkpoint itself), `float32`
            (the same graph before quantisation, needs no torch), or `auto` (torch where it is
            installed).
        limits: the parity the served encoder must reach.
        license: the checkpoint's licence, for the card.
    """

    source: str
    quantization: Literal["int8", "float32"] = "int8"
    pooling: Literal["mean", "cls"] | None = None
    normalize: bool | None = None
    max_tokens: int | None = None
    reference: Literal["auto", "torch", "float32"] = "auto"
    limits: ParityLimits = ParityLimits()
    text: TextSettings = TextSettings()
    license: str = ""
