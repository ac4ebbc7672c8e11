"""The studio's files as `studio/` builds them: one page, and what it loads."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cuebox.core.errors import NotFound

__all__ = ["StudioFile", "studio_file", "studio_page"]

_FOLDER = Path(__file__).parent / "studio"
_TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".svg": b"image/svg+xml",
}


class StudioFile(NamedTuple):
    """A file to send.

    Attributes:
        packed: its content as gzip.
    """

    content: bytes
    packed: bytes
    content_type: bytes


def studio_page() -> StudioFile:
    """The page; everything else it names itself."""
    return _read("index.html")


def studio_file(name: str) -> StudioFile:
    """A file that the page loads; its name changes with its content.

    Raises:
        NotFound: the page has no such file.
    """
    if name in _names():
        try:
            return _read(f"assets/{name}")
        except FileNotFoundError:
            # Another build took this one's place: the page names that one's files when read again.
            _names.cache_clear()
            _read.cache_clear()
    raise NotFound(f"the studio has no file {name[:100]!r}: reload the page")


@cache
def _names() -> frozenset[str]:
    return frozenset(path.name for path in (_FOLDER / "assets").iterdir())


@cache
def _read(name: str) -> StudioFile:
    path = _FOLDER / name
    content = path.read_bytes()
    return StudioFile(content, gzip.compress(content, mtime=0), _TYPES[path.suffix])
