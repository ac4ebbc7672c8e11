"""A reply model and what does without one, judged on the same held-out conversations."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from cuebox.core.digests import sha256_data
from cuebox.kinds.reply.replay.baselines import MostFrequent, PrefixTrie, sent_messages
from cuebox.kinds.reply.replay.measures import GROUPINGS
from cuebox.kinds.reply.replay.nearest import NearestNeighbour
from cuebox.kinds.reply.replay.replay import count_characters, replay
from cuebox.kinds.reply.replay.replay_file import ReplayFile
from cuebox.kinds.reply.replay.scores import score
from cuebox.kinds.reply.replay.typist import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cuebox.kinds.reply.conversations.reading import Conversation
    from cuebox.kinds.reply.replay.nearest import Embed
    from cuebox.kinds.reply.replay.offers import Suggest
    from cuebox.reports.typing_scores import SuggesterScores
    from cuebox.training.progress import Progress

__all__ = ["Judge", "Suggester", "baselines", "conversations_digest"]


@dataclass(frozen=True, slots=True)
class Suggester:
    """Something to judge.

    Attributes:
        name: also of its file in the run's folder.
        meaning: what it does, in a few words.
        policy: what of its offers is shown.
    """

    name: str
    meaning: str
    suggest: Suggest
    policy: Policy


class Judge:
    """Replays the same conversations with each suggester, and scores what it offered."""

    def __init__(
        self,
        conversations: Sequence[Conversation],
        folder: Path,
        progress: Progress,
        *,
        workers: int = 1,
        resamples: int = 1000,
    ) -> None:
        """Records in `folder` are carried on, so it must be of the same models and data."""
        self._conversations = conversations
        self._ids = frozenset(one.id for one in conversations)
        self._characters = count_characters(conversations)
        self._folder = folder
        self._progress = progress
        self._workers = workers
        self._resamples = resamples

    def model(self, one: Suggester) -> tuple[SuggesterScores, list[SuggesterScores]]:
        """All figures, and the headline ones with only replies, and only completions."""
        file = self._replay(one)
        parts = {
            "replies only": replace(one.policy, min_completion=math.inf),
            "completions only": replace(one.policy, min_reply=math.inf),
        }
        with self._progress.stage(f"Counting keys of {one.name}", 1 + len(parts)) as step:
            whole = self._score(one, file, groupings=tuple(GROUPINGS))
            step(1)
            scored = []
            for name, policy in parts.items():
                part = replace(one, name=name, meaning="", policy=policy)
                scored.append(self._score(part, file, curve=False))
                step(1)
        return whole, scored

    def baseline(self, one: Suggester) -> SuggesterScores:
        """The figures that are compared."""
        file = self._replay(one)
        with self._progress.stage(f"Counting keys of {one.name}", 1) as step:
            scores = self._score(one, file)
            step(1)
        return scores

    def _replay(self, one: Suggester) -> ReplayFile:
        file = ReplayFile(self._folder / f"{one.name.replace(' ', '-')}.jsonl")
        with self._progress.stage(f"Typing with {one.name}", self._characters) as step:
            replay(one.suggest, self._conversations, file, workers=self._workers, step=step)
        return file

    def _score(
        self,
        one: Suggester,
        file: ReplayFile,
        *,
        groupings: Sequence[str] = ("turn_kind",),
        curve: bool = True,
    ) -> SuggesterScores:
        return score(
            partial(file.read, self._ids),
            one.policy,
            name=one.name,
            meaning=one.meaning,
            groupings=groupings,
            curve=curve,
            resamples=self._resamples,
        )


def baselines(
    training: Sequence[Conversation], embed: Embed, *, replies: int
) -> Iterable[Suggester]:
    """What can be had without a model, made from training conversations, one at a time."""
    shown = Policy(replies)
    yield Suggester(
        "nearest neighbour",
        "what was sent in the most similar situations",
        NearestNeighbour(training, embed, replies=replies),
        shown,
    )
    sent = sent_messages(training)
    yield Suggester("prefix trie", "how past messages went on from there", PrefixTrie(sent), shown)
    yield Suggester(
        "most frequent",
        "the most frequent messages that fit the draft",
        MostFrequent(sent, replies=replies),
        shown,
    )


def conversations_digest(conversations: Iterable[Conversation]) -> str:
    """Hex SHA-256 of what was said, by whom and in which split."""
    return sha256_data(
        [[one.id, one.split, [spoken.turn for spoken in one.turns]] for one in conversations]
    )
