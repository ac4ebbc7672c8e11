"""The one text normalisation that training, evaluation, caching and serving share."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import msgspec

__all__ = ["TextSettings", "normalize_text"]

# Control and format characters carry no meaning for a classifier, and zero-width ones are a
# cheap way past it; tabs and newlines are white space and are folded instead.
_INVISIBLE = re.compile(r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u2060\ufeff]")


class TextSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How raw text becomes model input; recorded in the manifest so that it cannot drift.

    Attributes:
        unicode_form: `NFKC` also makes look-alikes (ligatures, full-width letters) one.
        lowercase: for models that should not tell `Apple` from `apple`.
        fold_whitespace: make every run of white space one space, and none at the ends.
    """

    unicode_form: Literal["NFC", "NFKC"] = "NFKC"
    lowercase: bool = False
    fold_whitespace: bool = True


def normalize_text(text: str, settings: TextSettings) -> str:
    """Return `text` in the form the model was trained on.

    Plain ASCII without runs of white space, the common case, is returned after two cheap checks.
    """
    if not text.isascii():
        text = unicodedata.normalize(settings.unicode_form, text)
    if not text.isprintable():
        text = _INVISIBLE.sub("", text)
    if settings.fold_whitespace:
        text = " ".join(text.split())
    return text.lower() if settings.lowercase else text
