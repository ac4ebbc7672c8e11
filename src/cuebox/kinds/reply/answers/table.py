"""The answer list as a CSV file that a person edits in a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from cuebox.core.errors import DataError
from cuebox.inputs import SourceSettings
from cuebox.inputs.records import matching_records
from cuebox.inputs.source import Source
from cuebox.kinds.reply.answers.files import replace_file
from cuebox.kinds.reply.answers.merging import BrokenMerge, merge_roots
from cuebox.kinds.reply.answers.rows import COLUMNS, Row, cells_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cuebox.kinds.reply.answers.answer_list import Answer

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
    return _csv_rows(map(cells_of, answers), delimiter)


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


def parse_answers(
    path: Path, content: bytes, seen: dict[tuple[str, ...], Answer] | None = None
) -> list[Answer]:
    """The list in the bytes of a file; see `read_answers`.

    Args:
        path: named in errors; it is not opened.
        seen: rows that were read before and what they said, so that a file of which little
            changed is read fast; those of this one are added.

    Raises:
        DataError: as `read_answers` says.
    """
    delimiter = delimiter_of(path, content)
    settings = SourceSettings(path=path.name, format="csv", delimiter=delimiter, label=None)
    answers: list[Answer] = []
    line_of: dict[str, int] = {}
    for line, record in matching_records(Source(path, "csv", settings, content)):
        answer = _read_row(path, line, record, seen)
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


def _read_row(
    path: Path, line: int, record: dict[str, Any], seen: dict[tuple[str, ...], Answer] | None
) -> Answer:
    if seen is None or tuple(record) != COLUMNS:
        return Row(path, line, record).answer()
    cells = tuple(record.values())
    answer = seen.get(cells)
    if answer is None:
        answer = seen[cells] = Row(path, line, record).answer()
    return answer
