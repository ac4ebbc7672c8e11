"""Typing held-out conversations again."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cuebox.core.conversation import Turn
from cuebox.core.errors import DataError
from cuebox.core.replies import RankedReply
from cuebox.kinds.reply.conversations.reading import Conversation
from cuebox.kinds.reply.replay.offers import Offered
from cuebox.kinds.reply.replay.replay import (
    count_characters,
    replay,
    replay_conversation,
    sample_conversations,
)
from cuebox.kinds.reply.replay.replay_file import ReplayFile
from tests.unit.kinds.reply.replay.replaying import conversation

if TYPE_CHECKING:
    from pathlib import Path

TALK = conversation(
    "talk", "a: Hi! #picked", "u: where is it?", "t: parcel", "a: On  its\nway. #free", "a: Bye."
)


class Recorder:
    """Offers one reply, and remembers what it was asked."""

    def __init__(self, reply: str = "Hi!") -> None:
        self.asked: list[tuple[tuple[Turn, ...], str]] = []
        self._reply = RankedReply(answer="1", text=reply, score=0.5)

    def __call__(self, turns: object, draft: str) -> Offered:
        assert isinstance(turns, tuple)
        self.asked.append((turns, draft))
        return Offered([self._reply])


def test_every_draft_of_every_agents_turn_is_asked() -> None:
    asked = Recorder()
    replayed = replay_conversation(asked, TALK)
    first = [draft for turns, draft in asked.asked if not turns]
    assert first == ["", "H", "Hi"]
    second = [draft for turns, draft in asked.asked if len(turns) == 3]
    assert second[-1] == "On its way"
    assert [len(one.moments) for one in replayed.messages] == [3, 11, 4]
    assert [one.turn_kind for one in replayed.messages] == ["picked", "free", ""]
    assert [round(one.place, 3) for one in replayed.messages] == [0.167, 0.5, 0.833]
    assert replayed.messages[0].moments[0].replies == [(0.5, 1)]
    assert replayed.messages[2].moments[0].replies == [(0.5, 0)]
    assert count_characters([TALK]) == 18 == len(asked.asked)


def test_only_what_the_screen_showed_before_is_handed_over() -> None:
    asked = Recorder()
    replay_conversation(asked, TALK)
    screen = [spoken.turn for spoken in TALK.turns]
    for turns, draft in asked.asked:
        assert list(turns) == screen[: len(turns)]
        assert all(isinstance(turn, Turn) for turn in turns)
        assert "secret" not in draft


def test_shuffling_what_comes_after_changes_nothing() -> None:
    lines = [f"{'ua'[n % 2]}: line {n}" for n in range(9)]
    before, after = lines[:5], lines[5:]
    seen = []
    for seed in range(3):
        random.Random(seed).shuffle(after)
        asked = Recorder()
        replay_conversation(asked, conversation("one", *before, *after))
        seen.append([one for one in asked.asked if len(one[0]) < 5])
    assert seen[0] == seen[1] == seen[2]


def test_a_blank_turn_is_not_typed() -> None:
    turns = (*TALK.turns[:2], replace(TALK.turns[0], turn=Turn(role="agent", text=" \n")))
    replayed = replay_conversation(Recorder(), Conversation("blank", "test", turns))
    assert len(replayed.messages) == 1


def test_a_conversation_without_turns() -> None:
    assert replay_conversation(Recorder(), Conversation("none", "test", ())).messages == []


def test_a_replay_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    talks = [conversation(str(number), "u: hello", "a: Hi!") for number in range(5)]
    path = tmp_path / "replay.jsonl"
    asked = 0

    def stop_at_the_eighth(turns: object, draft: str) -> Offered:
        nonlocal asked
        asked += 1
        if asked == 8:
            raise KeyboardInterrupt
        return Offered()

    with pytest.raises(KeyboardInterrupt):
        replay(stop_at_the_eighth, talks, ReplayFile(path))
    kept = ReplayFile(path).ids()
    assert kept <= {"0", "1"}
    with path.open("ab") as file:
        file.write(b'{"id":"4","mess')
    steps: list[int] = []
    again = Recorder()
    replay(again, talks, ReplayFile(path), step=lambda advance, note="": steps.append(advance))
    assert len(again.asked) == 3 * (5 - len(kept))
    assert sum(steps) == 15
    ids = [one.id for one in ReplayFile(path).read({"1", "4"})]
    assert sorted(ids) == ["1", "4"]


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_give_the_same_record(tmp_path: Path, workers: int) -> None:
    talks = [conversation(str(number), f"a: Message {number}") for number in range(6)]
    file = ReplayFile(tmp_path / "replay.jsonl")
    replay(Recorder("Message 3"), talks, file, workers=workers)
    found = {one.id: one for one in file.read(file.ids())}
    assert found == {talk.id: replay_conversation(Recorder("Message 3"), talk) for talk in talks}


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "replay.jsonl"
    path.write_text('{"conversation": 1}\n')
    with pytest.raises(DataError, match=r"replay\.jsonl, line 1.*delete the file"):
        ReplayFile(path)


def test_a_sample_does_not_depend_on_the_order_and_grows() -> None:
    talks = [conversation(str(number), "a: Hi!") for number in range(20)]
    small = sample_conversations(talks, 5, seed=1)
    assert sample_conversations(reversed(talks), 5, seed=1) == small
    assert sample_conversations(talks, 9, seed=1)[:5] == small
    assert sample_conversations(talks, 5, seed=2) != small
    assert len(sample_conversations(talks, None, seed=1)) == 20
