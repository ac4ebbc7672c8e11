"""The answer list as a CSV file that a person edits in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from cuebox.core.answers import STATUSES, AnswerStatus
from cuebox.core.errors import DataError
from cuebox.inputs import SourceSettings
from cuebox.inputs.records import matching_records
from cuebox.inputs.source import Source
from cuebox.kinds.reply.answers.answer_list import Answer, answer_id
from cuebox.kinds.reply.answers.files import replace_file
from cuebox.kinds.reply.answers.merging import BrokenMerge, merge_roots

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "COLUMNS",
    "delimiter_of",
    "join_rows",
    "parse_answers",
    "read_answers",
    "render_answers",
    "render_rows",
    "write_answers",
]

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


def write_answers(path: Path, answers: Iterable[Answer]) -> None:
    """Write the list, replacing the file in one step; it opens as UTF-8 in any spreadsheet.

    Raises:
        DataError: the file cannot be written.
    """
    try:
        replace_file(path, render_answers(answers))
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error


def render_answers(answers: Iterable[Answer]) -> bytes:
    """The list as the bytes of its file."""
    return join_rows(render_rows(answers))


def render_rows(answers: Iterable[Answer], *, delimiter: str = ",") -> list[str]:
    """Each answer as its line of the file."""
    return _csv_rows(([_guard(cell) for cell in _cells(answer)] for answer in answers), delimiter)


def join_rows(rows: Iterable[str], *, delimiter: str = ",") -> bytes:
    """The bytes of a file of these rows."""
    (header,) = _csv_rows([COLUMNS], delimiter)
    return b"\xef\xbb\xbf" + "".join([header, *rows]).encode("utf-8", "surrogatepass")


def read_answers(path: Path) -> list[Answer]:
    """Read the list back, as this program or a spreadsheet wrote it.

    A row without an id is an answer that a person added: accepted, unless it says otherwise.

    Raises:
        DataError: not a table with these columns, or a cell that does not fit; the message names
            file, line and column.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    return parse_answers(path, content)


def parse_answers(path: Path, content: bytes) -> list[Answer]:
    """The list in the bytes of a file; see `read_answers`.

    Args:
        path: named in errors; it is not opened.

    Raises:
        DataError: as `read_answers` says.
    """
    delimiter = delimiter_of(path, content)
    settings = SourceSettings(path=path.name, format="csv", delimiter=delimiter, label=None)
    answers: list[Answer] = []
    line_of: dict[str, int] = {}
    for line, record in matching_records(Source(path, "csv", settings, content)):
        answer = _Row(path, line, record).answer()
        if answer.id in line_of:
            raise DataError(
                f"{path}, line {line}, id: {answer.id!r} stands in line {line_of[answer.id]} "
                "already; remove one of the rows, or clear this id if it is another answer"
            )
        line_of[answer.id] = line
        answers.append(answer)
    try:
        merge_roots(answers)
    except BrokenMerge as error:
        raise DataError(f"{path}, line {line_of[error.id]}, merged_into: {error}") from None
    return answers


def _csv_rows(rows: Iterable[Sequence[str]], delimiter: str) -> list[str]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter)
    lines = []
    for row in rows:
        writer.writerow(row)
        lines.append(buffer.getvalue())
        buffer.seek(0)
        buffer.truncate()
    return lines


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
        answer.merged_into,
    ]


def _guard(cell: str) -> str:
    return f"'{cell}" if cell and not cell[0].isalnum() and _FORMULA.match(cell) else cell


def _unguard(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell


def delimiter_of(path: Path, content: bytes) -> str:
    """A comma, or what the spreadsheets of other countries write in its place.

    Raises:
        DataError: the content is not UTF-8.
    """
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
    return tuple(dict.fromkeys(word.strip() for word in re.split(r"[,;]", cell) if word.strip()))
