"""Suggesters that need no model."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cuebox.core.conversation import Turn
from cuebox.kinds.reply.replay.baselines import MostFrequent, PrefixTrie, sent_messages
from cuebox.kinds.reply.replay.nearest import NearestNeighbour
from tests.unit.kinds.reply.replay.replaying import conversation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import FloatArray

PAST = Counter({"Hello.": 4, "Hello, Ann.": 1, "Help is near.": 3, "Bye.": 2})


def test_sent_messages_are_folded_and_only_the_agents() -> None:
    talk = conversation("1", "u: Hello.", "a: Hi  there.", "a: Hi there.", "t: weather")
    assert sent_messages([talk]) == {"Hi there.": 2}


def test_the_most_frequent_messages_that_fit_the_draft() -> None:
    frequent = MostFrequent(PAST)
    first = frequent([], "").replies
    assert [(one.text, one.score) for one in first] == [
        ("Hello.", 0.4),
        ("Help is near.", 0.3),
        ("Bye.", 0.2),
    ]
    assert [one.text for one in frequent([], "Hello").replies] == ["Hello.", "Hello, Ann."]
    assert [one.score for one in frequent([], "Hello, ").replies] == [1]
    assert frequent([], "Hello.").replies[0].text == "Hello."
    assert not frequent([], "hello").replies
    assert frequent([], "").completion is None


@pytest.mark.parametrize(
    ("draft", "text"),
    [
        # Of 14: "Hel" saves 2 keys for 12, the greeting 5 for 4, "Help is near." 12 for 7.
        ("", "Help is near."),
        ("Hello", None),
        ("Hello,", " Ann."),
        ("B", "ye."),
        ("Bye.", None),
    ],
)
def test_the_trie_offers_what_saves_most_on_average(draft: str, text: str | None) -> None:
    completion = PrefixTrie(PAST + Counter({"Help is near.": 4}))([], draft).completion
    assert (completion and completion.text) == text


def test_the_trie_scores_by_the_share_of_past_messages() -> None:
    completion = PrefixTrie(Counter({"yes please": 3, "yes": 1}))([], "y").completion
    assert completion is not None
    assert (completion.text, completion.score) == ("es please", 0.75)


def test_nothing_was_sent_so_nothing_is_offered() -> None:
    nothing = Counter[str]()
    assert MostFrequent(nothing)([], "").replies == []
    assert PrefixTrie(nothing)([], "").completion is None
    assert not NearestNeighbour([], embed)([], "").replies


def embed(texts: Sequence[str]) -> FloatArray:
    """Counts of a few letters."""
    return np.asarray([[text.count(letter) for letter in "ptr"] for text in texts], np.float32)


PARCELS = [
    conversation("1", "u: ppp", "a: Your parcel is here.", "u: tt", "a: Good bye."),
    conversation("2", "u: pp", "a: Your parcel is lost.", "t: track", "a: I am sorry."),
    conversation("3", "u: rr", "a: We do not take returns."),
]


def said(*texts: str) -> list[Turn]:
    return [Turn(role="user", text=text) for text in texts]


def test_neighbours_vote_for_what_they_sent() -> None:
    nearest = NearestNeighbour(PARCELS, embed, replies=2)
    returns = nearest(said("r"), "").replies
    assert returns[0].text == "We do not take returns."
    parcel = nearest(said("p"), "Your parcel is l").replies
    assert [(one.text, one.score) for one in parcel] == [("Your parcel is lost.", 1)]
    assert not nearest(said("p"), "Nobody ever said this").replies


def test_neighbours_vote_in_an_empty_conversation_and_after_a_lookup() -> None:
    nearest = NearestNeighbour(PARCELS, embed)
    assert len(nearest([], "").replies) == 3
    lookup = Turn(role="tool", text="r", facts={"r": 1})
    assert nearest([*said("r"), lookup], "") == nearest(said("r"), "")
