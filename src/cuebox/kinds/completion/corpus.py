"""Documents of a language model: plain texts, and conversations turn by turn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cuebox.core.errors import DataError
from cuebox.inputs import SourceSettings, read_records
from cuebox.training.held_out import SPLIT_OF, split_by_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuebox.kinds.completion.settings import CorpusSettings, DataSettings
    from cuebox.training.held_out import Split

__all__ = ["Document", "Role", "Turn", "corpus_name", "read_documents"]

Role = Literal["text", "user", "agent"]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said; a plain text is a single turn of role `text`."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """What is read from its beginning to its end, and never continued by another document."""

    id: str
    split: Split
    turns: tuple[Turn, ...]


def corpus_name(settings: CorpusSettings) -> str:
    """What a corpus is called in reports."""
    return settings.name or Path(settings.path).name.partition(".")[0]


def read_documents(
    settings: CorpusSettings, data: DataSettings, *, base: Path
) -> Iterator[Document]:
    """The documents of one file in its order.

    Raises:
        DataError: the file cannot be read, lacks a column, or a row holds what does not fit;
            the message names the file and the line.
    """
    if settings.path.endswith(".txt"):
        yield from _one_text(settings, data, base)
        return
    rows = _rows(settings, base)
    if settings.content == "text":
        for line, record in rows:
            identity = str(record.get(settings.id) or f"{Path(settings.path).name}:{line}")
            text = _text(settings, line, record)
            split = _split(settings, data, line, record, identity)
            yield Document(identity, split, (Turn("text", text),))
    else:
        yield from _conversations(settings, data, rows)


def _one_text(settings: CorpusSettings, data: DataSettings, base: Path) -> Iterator[Document]:
    if settings.content != "text":
        raise DataError(f"{settings.path}: a .txt file holds no turns; use a .jsonl of turns")
    path = base / Path(settings.path).expanduser()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    if not text.strip():
        raise DataError(f"{path}: the file is empty")
    yield Document(path.name, _by_hash(path.name, data), (Turn("text", text),))


def _rows(settings: CorpusSettings, base: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    return read_records(SourceSettings(path=settings.path, label=None), base=base)


def _conversations(
    settings: CorpusSettings, data: DataSettings, rows: Iterator[tuple[int, dict[str, Any]]]
) -> Iterator[Document]:
    """Neighbouring rows of one conversation make a document."""
    seen: set[str] = set()
    current, split, turns = "", SPLIT_OF["train"], list[Turn]()
    for line, record in rows:
        identity = str(_cell(settings, line, record, settings.conversation))
        if identity != current:
            if turns:
                yield Document(current, split, tuple(turns))
            if identity in seen:
                raise _problem(
                    settings, line, f"conversation {identity!r} was left before: sort the rows"
                )
            seen.add(identity)
            current, turns = identity, []
            split = _split(settings, data, line, record, identity)
        turns.append(Turn(_role(settings, line, record), _text(settings, line, record)))
    if turns:
        yield Document(current, split, tuple(turns))


def _role(settings: CorpusSettings, line: int, record: dict[str, Any]) -> Role:
    role = _cell(settings, line, record, settings.role)
    if role == "user":
        return "user"
    if role == "agent":
        return "agent"
    raise _problem(settings, line, f"{settings.role} is {role!r}; use 'user' or 'agent'")


def _text(settings: CorpusSettings, line: int, record: dict[str, Any]) -> str:
    text = _cell(settings, line, record, settings.text)
    if not isinstance(text, str) or not text.strip():
        raise _problem(settings, line, f"{settings.text} is {text!r}; a text is needed")
    return text


def _split(
    settings: CorpusSettings,
    data: DataSettings,
    line: int,
    record: dict[str, Any],
    identity: str,
) -> Split:
    named = record.get(settings.split)
    if named is None or named == "":
        return _by_hash(identity, data)
    try:
        return SPLIT_OF[str(named).strip().lower()]
    except KeyError:
        raise _problem(
            settings, line, f"{settings.split} is {named!r}; use one of {', '.join(SPLIT_OF)}"
        ) from None


def _by_hash(identity: str, data: DataSettings) -> Split:
    return split_by_name(identity, validation=data.validation, test=data.test)


def _cell(settings: CorpusSettings, line: int, record: dict[str, Any], column: str) -> object:
    try:
        return record[column]
    except KeyError:
        found = ", ".join(map(repr, list(record)[:12]))
        raise _problem(settings, line, f"there is no column {column!r}; it has {found}") from None


def _problem(settings: CorpusSettings, line: int, message: str) -> DataError:
    return DataError(f"{settings.path}, line {line}: {message}")
