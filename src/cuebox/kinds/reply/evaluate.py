"""How often the message that was sent is among the first replies, without and with a draft."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cuebox.kinds.reply.slots.matching import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.ports import EmbedTexts
    from cuebox.core.replies import RankedReply
    from cuebox.kinds.reply.examples import Example
    from cuebox.kinds.reply.predict import ReplyPredictor

__all__ = ["DRAFT_LENGTHS", "Ranking", "exact_figures", "rank_drafts"]

DRAFT_LENGTHS = (0, 1, 2, 3, 5)
_SHOWN = 3
_AT_ONCE = 500


class Ranking(NamedTuple):
    """What was ranked for one draft of a message.

    Attributes:
        first, among: whether the message is the first reply, and among the first three.
        score: of the first reply; 0 without any.
    """

    first: bool
    among: bool
    score: float


def rank_drafts(
    predictor: ReplyPredictor,
    embed: EmbedTexts,
    moments: Sequence[tuple[Example, str]],
    progress: Callable[[int], None] = lambda _: None,
) -> list[Ranking]:
    """Rank for each example and draft, exactly as it is served."""
    rankings: list[Ranking] = []
    for start in range(0, len(moments), _AT_ONCE):
        some = moments[start : start + _AT_ONCE]
        wanted = [predictor.texts(example.turns, draft) for example, draft in some]
        texts = list(dict.fromkeys(text for several in wanted for text in several))
        row_of = {text: row for row, text in enumerate(texts)}
        vectors = embed(texts, predictor.text)
        for (example, draft), several in zip(some, wanted, strict=True):
            rows = vectors[[row_of[text] for text in several]]
            replies = predictor.rank(example.turns, draft, rows, _SHOWN)
            rankings.append(_held_against(replies, example.text))
        progress(len(some))
    return rankings


def exact_figures(
    predictor: ReplyPredictor,
    embed: EmbedTexts,
    examples: Sequence[Example],
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, float]:
    """Shares of messages that are the first reply (`exact_at_1`) and among three (`exact_at_3`).

    Of picked messages where the data tells which are, else of all; `.free` and `.all` name the
    others, `.draft_3` what holds after three letters.
    """
    figures: dict[str, float] = {}
    known = any(example.kind for example in examples)
    # The drafts of a message one after the other, as they are typed: its context is read once.
    moments = [(one, one.text[:length]) for one in examples for length in DRAFT_LENGTHS]
    rankings = rank_drafts(predictor, embed, moments, progress)
    for place, length in enumerate(DRAFT_LENGTHS):
        groups: dict[str, list[Ranking]] = defaultdict(list)
        for example, ranking in zip(examples, rankings[place :: len(DRAFT_LENGTHS)], strict=True):
            groups["all"].append(ranking)
            groups[example.kind or "free"].append(ranking)
        if not known:
            groups["picked"] = groups["all"]
        suffix = f".draft_{length}" if length else ""
        for group, found in sorted(groups.items()):
            part = "" if group == "picked" else f".{group}"
            first = np.mean([one.first for one in found])
            among = np.mean([one.among for one in found])
            figures[f"exact_at_1{part}{suffix}"] = round(float(first), 4)
            figures[f"exact_at_{_SHOWN}{part}{suffix}"] = round(float(among), 4)
    return figures


def _held_against(replies: Sequence[RankedReply], message: str) -> Ranking:
    right = [fold(reply.text) == message for reply in replies]
    score = replies[0].score if replies else 0.0
    return Ranking(bool(right and right[0]), any(right), score)
