"""The answer list as a CSV file that a person edits in a spreadsheet."""

from __future__ import annotations

import csv
import io
import os
import re
from typing import TYPE_CHECKING, Any

from cuebox.core.errors import DataError
from cuebox.inputs import SourceSettings, read_records
from cuebox.kinds.reply.answers.answer_list import STATUSES, Answer, AnswerStatus, answer_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["COLUMNS", "read_answers", "write_answers"]

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
)

# A spreadsheet takes a cell that begins so for a formula; a leading apostrophe makes it a text.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")
_GUARDED = re.compile("'+[=+\\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")


def write_answers(path: Path, answers: Iterable[Answer]) -> None:
    """Write the list, replacing the file in one step; it opens as UTF-8 in any spreadsheet.

    Raises:
        DataError: the file cannot be written.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for answer in answers:
        writer.writerow([_guard(cell) for cell in _cells(answer)])
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8", "surrogatepass"))
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error


def read_answers(path: Path) -> list[Answer]:
    """Read the list back, as this program or a spreadsheet wrote it.

    A row without an id is an answer that a person added: accepted, unless it says otherwise.

    Raises:
        DataError: not a table with these columns, or a cell that does not fit; the message names
            file, line and column.
    """
    settings = SourceSettings(path=path.name, format="csv", delimiter=_delimiter(path), label=None)
    answers: list[Answer] = []
    first_line: dict[str, int] = {}
    for line, record in read_records(settings, base=path.parent):
        answer = _Row(path, line, record).answer()
        if answer.id in first_line:
            raise DataError(
                f"{path}, line {line}, id: {answer.id!r} stands in line {first_line[answer.id]} "
                "already; remove one of the rows, or clear this id if it is another answer"
            )
        first_line[answer.id] = line
        answers.append(answer)
    return answers


def _cells(answer: Answer) -> list[str]:
    examples = "\n".join(" ".join(example.split()) for example in answer.examples)
    return [
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
    ]


def _guard(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unguard(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell


def _delimiter(path: Path) -> str:
    """A comma, or what the spreadsheets of other countries write in its place."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}, line {line}: not UTF-8; save the table as “CSV UTF-8” from the spreadsheet"
        ) from None
    head = content.partition(b"\n")[0]
    return max(",;\t", key=lambda mark: head.count(mark.encode()))


class _Row:
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
    return tuple(dict.fromkeys(word.strip() for word in re.split(r"[,;]", cell) if word.strip()))
