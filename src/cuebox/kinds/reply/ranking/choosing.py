"""From probabilities to the few replies worth showing: all different, none typed already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.replies import RankedReply

if TYPE_CHECKING:
    from cuebox.kinds.reply.ranking.drafts import Draft
    from cuebox.kinds.reply.ranking.offer_list import OfferList
    from cuebox.kinds.reply.ranking.standing import Scored, Standing

__all__ = ["best_replies"]

_SAYS_NOTHING = re.compile(r"[\W_]+")
# How many of the best are looked at for each reply wanted, before duplicates are out.
_LOOKED_AT = 8


def best_replies(
    offers: OfferList, standing: Standing, scored: Scored, draft: Draft, k: int
) -> list[RankedReply]:
    """The `k` likeliest replies, best first.

    Answers that come out as the same message count together. Of messages that differ in case,
    punctuation and spacing only, the likeliest is shown. What equals the draft is left out.
    """
    order = np.argsort(-scored.probabilities, kind="stable")[: max(k, 1) * _LOOKED_AT]
    chances: dict[str, float] = {}
    place_of: dict[str, int] = {}
    for row in order.tolist():
        place = int(scored.places[row])
        text = standing.filled(place).text
        chances[text] = chances.get(text, 0.0) + float(scored.probabilities[row])
        place_of.setdefault(text, place)
    replies: list[RankedReply] = []
    shown: set[str] = set()
    for text in sorted(chances, key=lambda one: -chances[one]):
        says = _SAYS_NOTHING.sub("", text).casefold() or text
        typed = " ".join(text.split()).casefold() == draft.text.rstrip()
        if len(replies) == k or says in shown or typed or not text.strip():
            continue
        shown.add(says)
        place = place_of[text]
        replies.append(
            RankedReply(
                answer=offers.answers[place].id,
                text=text,
                slots=standing.filled(place).slots,
                score=min(chances[text], 1.0),
            )
        )
    return replies
