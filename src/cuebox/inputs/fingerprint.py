"""A fingerprint of training data, recorded with every version."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cuebox.inputs.rows import Row

__all__ = ["rows_digest"]


def rows_digest(rows: Iterable[Row]) -> str:
    """Hex SHA-256 over text, labels and split of all rows, whatever their order.

    A row that is there twice counts twice; the order of a row's labels and its line do not
    count. It keeps 32 bytes a row until the end.
    """
    digests = sorted(
        hashlib.sha256(msgspec.json.encode([row.text, sorted(row.labels), row.split])).digest()
        for row in rows
    )
    return hashlib.sha256(b"".join(digests)).hexdigest()
