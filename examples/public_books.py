"""Novels and memoirs as plain paragraphs, with whole books held out."""

from __future__ import annotations

import re
import tarfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from public_data import Record

__all__ = ["books", "plain_text"]

# Whole books, about 5 % of all text each: neighbouring pages of one book share names and
# phrases, so a split by page would measure memory.
_HELD_OUT = {
    "edith-wharton-the-age-of-innocence": "validation",
    "frances-hodgson-burnett-the-secret-garden": "validation",
    "robert-louis-stevenson-kidnapped": "validation",
    "agatha-christie-poirot-investigates": "test",
    "edith-nesbit-the-railway-children": "test",
    "sinclair-lewis-babbitt": "test",
}
_HEADING = re.compile(r"(?m)^#.*$")
_QUOTED = re.compile(r"(?m)^> ?")
_RULE = re.compile(r"(?m)^\s*([-*_=~] ?){3,}\s*$")
_FOOTNOTE = re.compile(r"\[\*?(Footnote|Illustration)[^\]]*\]", re.IGNORECASE)
_EMPHASIS = re.compile(r"[_*]+")
_ODD = str.maketrans(
    {
        **dict.fromkeys(
            "\ufeff\u00ad\u0091\u0093\u0094\u240e\u00b6\\|\u00a6\u00af\u00a8\u00a4", ""
        ),
        **dict.fromkeys("\u00a0\u200a\u2009", " "),
        "\u2013": "-",
    }
)


def books(raw: Path) -> Iterator[Record]:
    """Each book's text; `split` holds six whole books out."""
    with tarfile.open(raw / "books" / "books.tar.xz") as archive:
        for member in sorted(archive, key=lambda one: one.name):
            file = archive.extractfile(member) if member.name.endswith(".md") else None
            if file is not None:
                name = PurePosixPath(member.name).stem
                text = plain_text(file.read().decode("utf-8"))
                yield {"id": name, "text": text, "split": _HELD_OUT.get(name, "train")}


def plain_text(markdown: str) -> str:
    """The paragraphs of a book, a blank line between two; headings and marks are left out."""
    body = markdown.replace("\r\n", "\n").partition("\n-------\n")[2] or markdown
    body = _FOOTNOTE.sub("", body.translate(_ODD))
    for mark in (_HEADING, _RULE, _QUOTED, _EMPHASIS):
        body = mark.sub("", body)
    body = re.sub(r" ?-{2,} ?", "\u2014", body)
    paragraphs = (_paragraph(one) for one in re.split(r"\n\s*\n", body))
    return "\n\n".join(one for one in paragraphs if one)


def _paragraph(text: str) -> str:
    """Lines of verse stay lines; runs of spaces become one."""
    return "\n".join(line for line in (" ".join(one.split()) for one in text.split("\n")) if line)
