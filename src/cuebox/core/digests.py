"""SHA-256 of bytes, files and plain data."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["sha256_bytes", "sha256_data", "sha256_file"]


def sha256_bytes(content: bytes) -> str:
    """Hex SHA-256 of `content`."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_data(value: Any) -> str:  # noqa: ANN401 - any msgspec-encodable value
    """Hex SHA-256 of a value's canonical JSON (sorted keys), so equal values share a digest."""
    return sha256_bytes(msgspec.json.encode(value, order="sorted"))
