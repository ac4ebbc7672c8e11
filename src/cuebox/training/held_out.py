"""Which documents are held out where their file does not say: each by its own name."""

from __future__ import annotations

import hashlib
from typing import Literal

__all__ = ["split_by_name"]


def split_by_name(
    name: str, *, validation: float, test: float
) -> Literal["train", "validation", "test"]:
    """The split of a document, whatever else its file holds; the same on every machine.

    Args:
        name: identity of what is held out whole.
        validation, test: shares, in hundredths.
    """
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    place = int(digest[:8], 16) % 100 / 100
    if place < test:
        return "test"
    return "validation" if place < test + validation else "train"
