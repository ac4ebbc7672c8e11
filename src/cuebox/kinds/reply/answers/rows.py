"""One answer as a row of the table: cells that a spreadsheet leaves alone, and reads back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cuebox.core.answers import STATUSES, AnswerStatus
from cuebox.core.errors import DataError
from cuebox.kinds.reply.answers.answer_list import Answer, answer_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["COLUMNS", "Row", "cells_of"]

COLUMNS = (
    "id",
    "status",
    "text",
    "tags",
    "count",
    "share",
    "flags",
    "said",
    "examples",
    "note",
    "merged_into",
)

# A spreadsheet takes a cell that begins so for a formula; a leading apostrophe makes it a text.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")
_GUARDED = re.compile("'+[=+\\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")


def cells_of(answer: Answer) -> list[str]:
    """The cells in the order of the columns."""
    examples = "\n".join(" ".join(example.split()) for example in answer.examples)
    cells = [
        answer.id,
        answer.status,
        answer.text,
        ", ".join(answer.tags),
        str(answer.count),
        f"{answer.share:.6f}",
        ", ".join(answer.flags),
        answer.said,
        examples,
        answer.note,
        answer.merged_into,
    ]
    return [_guard(cell) for cell in cells]


class Row:
    """One row of the table, read cell by cell."""

    def __init__(self, path: Path, line: int, record: Mapping[str, Any]) -> None:
        self._path = path
        self._line = line
        for column in ("id", "text"):
            if column not in record:
                found = ", ".join(map(repr, record))
                raise self._problem(column, f"there is no such column; there are {found}")
        for column in record:
            if column not in COLUMNS:
                raise self._problem(
                    column, f"unknown column; use {', '.join(COLUMNS)}, and `note` for your own"
                )
        self._record = {name: _unguard(str(value)) for name, value in record.items()}

    def answer(self) -> Answer:
        """The row as an answer."""
        text = self._cell("text")
        if not text.strip():
            raise self._problem("text", "it is blank; reject an answer by its status instead")
        identity = self._cell("id").strip()
        return Answer(
            id=identity or answer_id(text),
            text=text,
            status=self._status(default="proposed" if identity else "accepted"),
            tags=_listed(self._cell("tags")),
            count=int(self._number("count")),
            share=self._number("share"),
            said=self._cell("said"),
            examples=tuple(self._cell("examples").splitlines()),
            flags=_listed(self._cell("flags")),
            note=self._cell("note"),
            merged_into=self._cell("merged_into").strip(),
        )

    def _status(self, default: AnswerStatus) -> AnswerStatus:
        written = self._cell("status").strip().lower()
        if not written:
            return default
        for status in STATUSES:
            if written == status:
                return status
        raise self._problem("status", f"{written!r}; use {', '.join(STATUSES)}")

    def _number(self, column: str) -> float:
        written = self._cell(column).strip()
        try:
            number = float(written.replace(",", ".")) if written else 0.0
        except ValueError:
            number = -1.0
        if not 0 <= number < 1e15:
            raise self._problem(column, f"{written!r}; a number from 0 is needed")
        return number

    def _cell(self, column: str) -> str:
        return self._record.get(column, "")

    def _problem(self, column: str, message: str) -> DataError:
        return DataError(f"{self._path}, line {self._line}, {column}: {message}")


def _listed(cell: str) -> tuple[str, ...]:
    """Words between commas, each once."""
    if not cell:
        return ()
    return tuple(dict.fromkeys(word.strip() for word in re.split(r"[,;]", cell) if word.strip()))


def _guard(cell: str) -> str:
    return f"'{cell}" if cell and not cell[0].isalnum() and _FORMULA.match(cell) else cell


def _unguard(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _GUARDED.match(cell) else cell
