"""Embeddings on disk, so that a second training run reads what the first one computed."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cuebox.core.types import FloatArray

__all__ = ["EmbeddingFile"]

# SQLite's limit of variables in one statement was 999 before 3.32.
_KEYS_AT_ONCE = 900


class EmbeddingFile:
    """Text to embedding for one encoder, in an SQLite file.

    Safe against a kill at any moment and against several runs writing at once; rows are only
    ever added. Texts are kept as hashes, so the file does not spell out the training data.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as database, database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(
                "CREATE TABLE IF NOT EXISTS embeddings "
                "(text BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
            )

    def read(self, texts: Sequence[str]) -> dict[str, FloatArray]:
        """The embeddings that are there, float32 `[dim]` each."""
        by_key = {_key(text): text for text in texts}
        keys = list(by_key)
        found: dict[str, FloatArray] = {}
        with closing(self._connect()) as database:
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                some = keys[start : start + _KEYS_AT_ONCE]
                marks = ",".join("?" * len(some))
                query = f"SELECT text, vector FROM embeddings WHERE text IN ({marks})"  # noqa: S608 - only question marks are put in
                for key, vector in database.execute(query, some):
                    found[by_key[key]] = np.frombuffer(vector, np.float32)
        return found

    def add(self, rows: Iterable[tuple[str, FloatArray]]) -> None:
        """Add embeddings in one transaction; those that are there already stay."""
        values = [(_key(text), vector.astype(np.float32).tobytes()) for text, vector in rows]
        with closing(self._connect()) as database, database:
            database.executemany("INSERT OR IGNORE INTO embeddings VALUES (?, ?)", values)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=60)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
