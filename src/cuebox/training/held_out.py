"""Which documents are held out: as their file says, or else each by its own name."""

from __future__ import annotations

import hashlib
from typing import Literal

__all__ = ["SPLITS", "SPLIT_OF", "Split", "split_by_name"]

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
# What a file may call them.
SPLIT_OF: dict[str, Split] = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}


def split_by_name(name: str, *, validation: float, test: float) -> Split:
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
