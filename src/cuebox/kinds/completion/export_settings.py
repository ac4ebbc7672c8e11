"""What a person may set about the export of a language model."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

__all__ = ["MOST_GROWTH", "CompletionExportSettings"]

# How much the perplexity may grow by default. The starter models lose 0.0 % by int8 and 0.6 % by
# int4; larger models that saw far more text lose a few percent by int4.
MOST_GROWTH = {"float32": 0.001, "int8": 0.01, "int4": 0.1}


class CompletionExportSettings(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True
):
    """How a checkpoint becomes a served language model.

    Attributes:
        source: a folder in Hugging Face format, `hf:org/name[@revision]`, or a llama2.c `.bin`.
        tokenizer: of a llama2.c model; empty for the `tok*.bin` beside it.
        group: columns that share a scale in int4; 0 for as many as the model's widths allow.
        reference: what the result is held against: `torch` (the checkpoint itself), `float32`
            (the same decoder before quantisation, needs no torch), `auto` (torch where it is
            installed and reads the source), or `none`.
        max_growth: most that quantisation may add to the perplexity, as a share; None for the
            default of the quantization.
        tokens: most held-out tokens on which perplexities are compared.
        places: held-out places at which suggestions are asked for, to measure confidence.
        license: the checkpoint's licence, for the card.
    """

    source: str
    tokenizer: str = ""
    quantization: Literal["float32", "int8", "int4"] = "int8"
    group: Annotated[int, msgspec.Meta(ge=0)] = 0
    reference: Literal["auto", "torch", "float32", "none"] = "auto"
    max_growth: Annotated[float, msgspec.Meta(ge=0)] | None = None
    tokens: Annotated[int, msgspec.Meta(ge=64)] = 4096
    places: Annotated[int, msgspec.Meta(ge=0)] = 500
    license: str = ""
