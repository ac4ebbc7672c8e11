"""A folder of answer lists that several people review, some of them in a spreadsheet."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cuebox.core.answers import AnswerList, AnswerListInfo, AnswerRow, EditedAnswers
from cuebox.core.errors import Conflict, DataError, InvalidRequest, NotFound, Unavailable
from cuebox.core.manifest import check_name
from cuebox.kinds.reply.answers.edits import apply_edits
from cuebox.kinds.reply.answers.files import locked, read_file, replace_file
from cuebox.kinds.reply.answers.table import (
    delimiter_of,
    join_rows,
    parse_answers,
    render_rows,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.answers import AnswerEdits
    from cuebox.kinds.reply.answers.answer_list import Answer

__all__ = ["ReviewFolder"]

_SUFFIX = ".csv"
_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A list as its file was at one moment.

    Attributes:
        revision: of the bytes.
        answers: in the order of the file.
        delimiter: between its cells.
        changed: when it was last written, RFC 3339.
        rows: of each answer the line that this program writes for it; None before it wrote it.
        seen: what rows of the file say, by their cells.
    """

    revision: str
    answers: tuple[Answer, ...]
    delimiter: str
    changed: str
    rows: tuple[str | None, ...]
    seen: dict[tuple[str, ...], Answer]


class ReviewFolder:
    """Implements `AnswerLists` over `NAME.csv` files; its methods block, in any thread.

    The file is the only truth: it is read whenever something is asked, so what a spreadsheet or
    another process saved is seen. Only what its cells said is remembered, beside their digest.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._remembered: dict[str, _Snapshot] = {}
        self._guard = threading.Lock()

    def lists(self) -> list[AnswerListInfo]:
        """Implement `AnswerLists.lists`."""
        try:
            names = sorted(each.name for each in self._folder.iterdir())
        except OSError as error:
            raise NotFound(
                f"the folder of answer lists, {self._folder}, cannot be read: "
                f"{error.strerror or error}; see `answers.folder` in the settings"
            ) from error
        found = (self._info(name.removesuffix(_SUFFIX)) for name in names if _is_list(name))
        return [info for info in found if info is not None]

    def read(self, name: str) -> AnswerList:
        """Implement `AnswerLists.read`."""
        snapshot = self._snapshot(name)
        return AnswerList(
            name=name,
            revision=snapshot.revision,
            changed=snapshot.changed,
            answers=[_row(answer) for answer in snapshot.answers],
        )

    def edit(self, name: str, batch: AnswerEdits) -> EditedAnswers:
        """Implement `AnswerLists.edit`."""
        path = self._path(name)
        self._snapshot(name)  # no lock file for a list that is not there
        with locked(path):
            before = self._snapshot(name)
            unchanged = batch.revision == before.revision
            answers, named = apply_edits(before.answers, batch, unchanged=unchanged)
            after = before
            if tuple(answers) != before.answers:
                after = self._write(path, answers, before)
        now = {answer.id: answer for answer in after.answers}
        return EditedAnswers(
            before=before.revision,
            revision=after.revision,
            changed=after.changed,
            answers=[_row(now[identity]) for identity in named],
        )

    def _path(self, name: str) -> Path:
        return self._folder / f"{check_name(name, param='list')}{_SUFFIX}"

    def _snapshot(self, name: str) -> _Snapshot:
        path = self._path(name)
        try:
            content, written = read_file(path)
        except OSError as error:
            raise NotFound(f"there is no answer list {name!r} here", param="list") from error
        revision, changed = _revision(content), _rfc3339(written)
        with self._guard:
            known = self._remembered.get(path.name)
        if known is not None and known.revision == revision:
            return replace(known, changed=changed)
        shown = Path(path.name)
        seen = dict(known.seen) if known else {}
        try:
            answers = tuple(parse_answers(shown, content, seen))
        except DataError as error:
            raise Conflict(f"{error.message}; mend the file", param="list") from error
        if len(seen) > 2 * len(answers):
            seen = {}
        delimiter = delimiter_of(shown, content)
        lines = _lines(known) if known and known.delimiter == delimiter else {}
        rows = tuple(lines.get(id(answer)) for answer in answers)
        return self._remember(path, _Snapshot(revision, answers, delimiter, changed, rows, seen))

    def _remember(self, path: Path, snapshot: _Snapshot) -> _Snapshot:
        with self._guard:
            self._remembered.pop(path.name, None)
            self._remembered[path.name] = snapshot
            while len(self._remembered) > _REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
        return snapshot

    def _write(self, path: Path, answers: Sequence[Answer], before: _Snapshot) -> _Snapshot:
        rows = _rows(answers, before)
        content = join_rows(rows, delimiter=before.delimiter)
        try:
            replace_file(path, content)
        except OSError as error:
            raise Unavailable(
                f"{path.name} cannot be saved: {error.strerror or error}", retry_after=5.0
            ) from error
        written = _rfc3339(path.stat().st_mtime)
        return self._remember(
            path,
            replace(
                before,
                revision=_revision(content),
                answers=tuple(answers),
                changed=written,
                rows=tuple(rows),
            ),
        )

    def _info(self, name: str) -> AnswerListInfo | None:
        try:
            snapshot = self._snapshot(name)
        except NotFound:
            return None
        except Conflict as error:
            return AnswerListInfo(name=name, changed="", problem=error.message)
        counts = Counter(
            "merged" if answer.merged_into else answer.status for answer in snapshot.answers
        )
        return AnswerListInfo(
            name=name,
            changed=snapshot.changed,
            answers=len(snapshot.answers),
            counts={
                state: counts[state] for state in ("proposed", "accepted", "rejected", "merged")
            },
        )


def _lines(snapshot: _Snapshot) -> dict[int, str]:
    """Lines that were written before, by the identity of the answer as an object.

    Good only while the snapshot is held: another object may get the identity of one that is gone.
    """
    pairs = zip(snapshot.answers, snapshot.rows, strict=True)
    return {id(answer): row for answer, row in pairs if row is not None}


def _rows(answers: Sequence[Answer], before: _Snapshot) -> list[str]:
    """The lines of the answers; those of unchanged ones are not written anew."""
    known = _lines(before)
    new = [answer for answer in answers if id(answer) not in known]
    known |= zip(map(id, new), render_rows(new, delimiter=before.delimiter), strict=True)
    return [known[id(answer)] for answer in answers]


def _is_list(name: str) -> bool:
    if not name.endswith(_SUFFIX):
        return False
    try:
        check_name(name.removesuffix(_SUFFIX))
    except InvalidRequest:
        return False
    return True


def _row(answer: Answer) -> AnswerRow:
    return AnswerRow(
        id=answer.id,
        text=answer.text,
        status=answer.status,
        tags=list(answer.tags),
        count=answer.count,
        share=answer.share,
        said=answer.said,
        examples=list(answer.examples),
        flags=list(answer.flags),
        note=answer.note,
        merged_into=answer.merged_into,
    )


def _revision(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:24]


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
