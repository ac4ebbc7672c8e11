"""Where past conversations come from and which columns mean what."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from cuebox.core.conversation import Role
from cuebox.inputs import FileFormat

__all__ = ["ConversationSource"]

_Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
_Column = Annotated[str, msgspec.Meta(min_length=1)]


class ConversationSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file of conversations: one row a turn, the rows of a conversation together, in order.

    Attributes:
        path: the file; relative paths start at the settings file's folder.
        format, encoding, delimiter: as of any other input file.
        conversation, role, text: columns that every row has.
        time: column of Unix seconds or of an ISO 8601 date and time.
        split: column that says `train`, `validation` or `test`.
        facts: column with what a lookup answered, an object (in CSV: written as JSON).
        agent, task, turn_kind, draft: columns of agents' turns: who typed, at what task, whether
            the text was `picked` or `free`, and what had been typed before it was sent.
        roles: what the role column says, where it is not `user`, `agent` or `tool`, as in
            `{customer = "user", bot = "tool"}`.
        split_by: what is held out whole where no split is given: each conversation, or all
            conversations of an agent (of the first one who speaks) or of a task.
        validation, test: shares held out where no split is given.
    """

    path: Annotated[str, msgspec.Meta(min_length=1)]
    format: FileFormat | Literal["auto"] = "auto"
    encoding: str = "utf-8"
    delimiter: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] | None = None
    conversation: _Column = "conversation"
    role: _Column = "role"
    text: _Column = "text"
    time: _Column = "time"
    split: _Column = "split"
    facts: _Column = "facts"
    agent: _Column = "agent"
    task: _Column = "task"
    turn_kind: _Column = "turn_kind"
    draft: _Column = "draft"
    roles: dict[str, Role] = {}
    split_by: Literal["conversation", "agent", "task"] = "conversation"
    validation: _Share = 0.1
    test: _Share = 0.15

    def __post_init__(self) -> None:
        if self.validation + self.test >= 1:
            raise ValueError("`validation` and `test` leave nothing to train on; lower them")
