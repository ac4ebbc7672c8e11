"""Which files of a version a browser may open, and as what."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

import msgspec

from cuebox.api.messages import HTML, TEXT

if TYPE_CHECKING:
    from cuebox.core.manifest import Manifest

__all__ = ["ReportFile", "content_type", "report_files"]

View = Literal["page", "picture", "text"]

_OPENED: dict[str, tuple[View, bytes]] = {
    ".html": ("page", HTML),
    ".png": ("picture", b"image/png"),
    ".svg": ("picture", b"image/svg+xml"),
    ".md": ("text", TEXT),
    ".toml": ("text", TEXT),
    ".txt": ("text", TEXT),
    ".csv": ("text", TEXT),
    ".json": ("text", TEXT),
    ".jsonl": ("text", TEXT),
}
# A page with all its pictures has a few; beyond that it is no report.
_MOST_BYTES = 32 << 20
# What a model is made of, not what is told of it.
_PARTS = ("encoder", "decoder")
_ORDER: tuple[View, ...] = ("page", "picture", "text")


class ReportFile(msgspec.Struct, frozen=True):
    """A file of a version that a browser can show.

    Attributes:
        view: `page` is HTML, `picture` an image, `text` anything else.
    """

    file: str
    view: View
    bytes: int


def report_files(manifest: Manifest) -> list[ReportFile]:
    """Pages first, then pictures, then texts."""
    found = []
    for path, ref in manifest.files.items():
        opened = _OPENED.get(PurePosixPath(path).suffix)
        part = path.partition("/")[0] in _PARTS
        if opened is not None and not part and ref.size <= _MOST_BYTES:
            found.append(ReportFile(path, opened[0], ref.size))
    return sorted(found, key=lambda each: (_ORDER.index(each.view), each.file))


def content_type(path: str) -> bytes:
    """Of a file that `report_files` lists."""
    return _OPENED[PurePosixPath(path).suffix][1]
