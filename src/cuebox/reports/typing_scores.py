"""How much typing suggestions save: plain values that survive JSON."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from cuebox.reports.scores import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ScoresAt", "SuggesterScores", "TradeOffPoint", "TypingScores", "wrong_at_saved"]


class TypingScores(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a simulated typist met with on some messages.

    The typist sends exactly the real message; a *look* comes before the first key and after each
    one, a *show* is a look at which something was shown.

    Attributes:
        name: the group of messages, as `free` or `middle`.
        characters: of all messages.
        keys: pressed for them.
        figures: by name, intervals over conversations:
            `saved`: share of the characters that took no key, in [0, 1];
            `acceptance`: share of the shows at which something was accepted;
            `shown`: share of the looks that were shows;
            `wrong_shown`: shows with nothing right among them, per 100 keys;
            `wrong_suggestions`: suggestions that were not right, per 100 keys;
            `wrong_per_message`: shows with nothing right, a message;
            `helped`: share of the messages for which something was accepted;
            `exact_first`: share of the messages whose exact text is among the replies before
            the first key, whatever the threshold.
    """

    name: str
    conversations: int
    messages: int
    characters: int
    keys: int
    figures: dict[str, Estimate]


class TradeOffPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What showing only the surest suggestions means.

    Attributes:
        coverage: share of all drafts at which each source is sure enough to show something.
        min_reply, min_completion: the least scores shown; None where all there is is shown.
        saved, wrong_shown, wrong_per_message, acceptance: as in `TypingScores.figures`.
    """

    coverage: float
    min_reply: float | None
    min_completion: float | None
    saved: float
    wrong_shown: float
    wrong_per_message: float
    acceptance: float


class ScoresAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Figures with so many replies shown at most, beside one completion.

    Attributes:
        groups: by what messages are told apart (`position`, `turn_kind`, `task`, `agent`).
    """

    replies: int
    overall: TypingScores
    groups: dict[str, list[TypingScores]] = {}


class SuggesterScores(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How one suggester did: a model, a part of it, or a baseline.

    Attributes:
        meaning: what it does, in a few words.
        at: by the number of replies shown, fewest first.
        curve: with the most replies, from all that it has to say to nearly nothing.
    """

    name: str
    meaning: str = ""
    at: list[ScoresAt]
    curve: list[TradeOffPoint] = []


def wrong_at_saved(curve: Sequence[TradeOffPoint], saved: float) -> float | None:
    """Shows in vain per 100 keys where so much typed text is saved.

    On a straight line between neighbouring points, the least where there are several; None where
    the curve does not come by.
    """
    found = [
        one.wrong_shown
        + (other.wrong_shown - one.wrong_shown) * (saved - one.saved) / (other.saved - one.saved)
        for one, other in pairwise(curve)
        if one.saved != other.saved
        and min(one.saved, other.saved) <= saved <= max(one.saved, other.saved)
    ]
    return min(found, default=None)
