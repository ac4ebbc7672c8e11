"""What is offered at one draft, and who offers it: a model, a server or a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.conversation import Turn
    from cuebox.core.replies import RankedReply

__all__ = ["InlineCompletion", "Offered", "Suggest"]


@dataclass(frozen=True, slots=True)
class InlineCompletion:
    """Text that would stand behind the draft if it were accepted.

    Attributes:
        score: higher is surer; what it means is the model's own.
    """

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Offered:
    """All that could be shown at one draft, before any threshold; replies are best first."""

    replies: Sequence[RankedReply] = ()
    completion: InlineCompletion | None = None


class Suggest(Protocol):
    """Whatever offers replies and completions; may be called by several threads at once."""

    def __call__(self, turns: Sequence[Turn], draft: str) -> Offered:
        """What is offered to an agent.

        Args:
            turns: everything before the message being typed, oldest first.
            draft: what is typed of it.
        """
        ...
