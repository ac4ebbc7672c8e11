"""A file by its content."""

from __future__ import annotations

import msgspec

__all__ = ["FileRef"]


class FileRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file by content: hex SHA-256 and size in bytes."""

    sha256: str
    size: int
