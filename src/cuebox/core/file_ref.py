"""A file by its content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cuebox.core.digests import sha256_file

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FileRef"]


class FileRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file by content: hex SHA-256 and size in bytes."""

    sha256: str
    size: int

    @classmethod
    def of(cls, path: Path) -> FileRef:
        """The reference of a file as it is on disk now."""
        return cls(sha256_file(path), path.stat().st_size)
