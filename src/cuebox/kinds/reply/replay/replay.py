"""Held-out conversations typed again, turn by turn: what would have been offered at each key.

A suggester is asked at every draft of every agent's turn, and what it offers is held against
what was sent. That answers every later question in one pass: accepting a completion leads to
another draft of the same message, so whatever the thresholds, the typist's way runs over drafts
that were asked. Whoever suggests is given the turns before, as the agent's screen showed them,
and the draft: not what follows, not who types, not the task.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event
from typing import TYPE_CHECKING

from cuebox.core.errors import Cancelled
from cuebox.kinds.reply.replay.replayed import ReplayedConversation, ReplayedMessage
from cuebox.kinds.reply.replay.typist import fold, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cuebox.kinds.reply.conversations.reading import Conversation
    from cuebox.kinds.reply.conversations.spoken import SpokenTurn
    from cuebox.kinds.reply.replay.offers import Suggest
    from cuebox.kinds.reply.replay.replay_file import ReplayFile
    from cuebox.kinds.reply.replay.typist import Moment
    from cuebox.training.progress import Step

__all__ = [
    "count_characters",
    "replay",
    "replay_conversation",
    "sample_conversations",
]


def sample_conversations(
    conversations: Iterable[Conversation], count: int | None, *, seed: int
) -> list[Conversation]:
    """`count` conversations, drawn by a hash of their ids; all of them for None.

    The order of the file does not matter, and a larger sample holds the smaller ones.
    """

    def draw(conversation: Conversation) -> bytes:
        name = f"{seed}:{conversation.id}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(name).digest()

    return sorted(conversations, key=draw)[:count]


def count_characters(conversations: Iterable[Conversation]) -> int:
    """Characters that agents type in these conversations: how often a suggester is asked."""
    return sum(len(text) for one in conversations for _, text in _messages(one))


def replay(
    suggest: Suggest,
    conversations: Sequence[Conversation],
    file: ReplayFile,
    *,
    workers: int = 1,
    step: Step | None = None,
) -> None:
    """Replay the conversations that `file` does not hold yet, and add them to it.

    Interrupted, it keeps the conversations that are complete.

    Args:
        suggest: called by `workers` threads at once.
        step: told how many more characters are typed.
    """
    known = file.ids()
    stop = Event()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="replay")
    with pool:
        try:
            futures = []
            for conversation in conversations:
                if conversation.id not in known:
                    futures.append(
                        pool.submit(replay_conversation, suggest, conversation, stop=stop)
                    )
                elif step is not None:
                    step(count_characters([conversation]))
            for future in as_completed(futures):
                replayed = future.result()
                file.add(replayed)
                if step is not None:
                    step(sum(len(message.moments) for message in replayed.messages))
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def replay_conversation(
    suggest: Suggest, conversation: Conversation, *, stop: Event | None = None
) -> ReplayedConversation:
    """Type every message of the agent again.

    Raises:
        Cancelled: `stop` was set.
    """
    messages = list(_messages(conversation))
    screen = [spoken.turn for spoken in conversation.turns]
    replayed: list[ReplayedMessage] = []
    for number, (place, text) in enumerate(messages):
        before = tuple(screen[:place])
        moments: list[Moment] = []
        for position in range(len(text)):
            if stop is not None and stop.is_set():
                raise Cancelled("stopped with the others")
            moments.append(judge(suggest(before, text[:position]), text, position))
        share = (number + 0.5) / len(messages)
        replayed.append(_replayed(conversation.turns[place], share, moments))
    return ReplayedConversation(id=conversation.id, messages=replayed)


def _messages(conversation: Conversation) -> Iterable[tuple[int, str]]:
    """The place and the folded text of each turn in which the agent said something."""
    for place, spoken in enumerate(conversation.turns):
        if spoken.turn.role == "agent" and (text := fold(spoken.turn.text)):
            yield place, text


def _replayed(spoken: SpokenTurn, place: float, moments: list[Moment]) -> ReplayedMessage:
    return ReplayedMessage(
        place=place,
        agent=spoken.agent or "",
        task=spoken.task or "",
        turn_kind=spoken.turn_kind or "",
        moments=moments,
    )
