"""A simulated person who sends exactly the real message with as few keys as the offers allow.

The person looks before the first key and after each one. A suggestion is accepted with one key
when it is what they would type and saves at least one key; of several, the one that saves most,
a reply before a completion. Else they type the next character. Text is counted in Unicode code
points after white space is folded, a key for each: an accent or an emoji that takes several
code points takes several keys. Sending is not counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.replies import RankedReply
    from cuebox.kinds.reply.replay.offers import InlineCompletion, Offered

__all__ = ["Look", "Moment", "Policy", "Typed", "fold", "judge", "keys_to_send", "type_message"]


class Moment(msgspec.Struct, frozen=True, array_like=True):
    """What was offered at one draft, held against the message that was really sent.

    Attributes:
        replies: best first, the score and the keys that sending it would take; 0 keys mark one
            that is not the message.
        completion: the score and how many characters of the message it is; 0 marks one that is
            not how the message goes on. None where there was none.
    """

    replies: list[tuple[float, int]] = []
    completion: tuple[float, int] | None = None


Look = Callable[[int], Moment]


@dataclass(frozen=True, slots=True)
class Policy:
    """What of the offers is shown.

    Attributes:
        replies: at most so many.
        min_reply, min_completion: the least scores shown; infinity shows none.
    """

    replies: int = 3
    min_reply: float = -math.inf
    min_completion: float = -math.inf


@dataclass(slots=True)
class Typed:
    """How one message, or several together, came to be.

    Attributes:
        characters: of the message.
        keys: pressed, those that accept included.
        looks: times the person looked before pressing a key.
        shown: looks at which something was shown.
        wrong: of these, looks at which nothing shown was right.
        suggestions, wrong_suggestions: shown in all, and those that were not right.
        replies, completions: accepted.
        helped: messages with something accepted.
        messages: how many.
    """

    characters: int = 0
    keys: int = 0
    looks: int = 0
    shown: int = 0
    wrong: int = 0
    suggestions: int = 0
    wrong_suggestions: int = 0
    replies: int = 0
    completions: int = 0
    helped: int = 0
    messages: int = 0


def fold(text: str) -> str:
    """White space as single spaces, none at the ends."""
    return " ".join(text.split())


def judge(offered: Offered, message: str, position: int) -> Moment:
    """Hold what is offered at the draft `message[:position]` against a folded message."""
    replies = [(reply.score, keys_to_send(reply, message)) for reply in offered.replies]
    completion = offered.completion
    if completion is None or not completion.text:
        return Moment(replies)
    return Moment(replies, (completion.score, _right_length(completion, message, position)))


def keys_to_send(reply: RankedReply, message: str) -> int:
    """Keys that sending `message` takes with this reply; 0 when it is another message.

    One key accepts it. The value of a slot that is not filled is typed; such a reply counts only
    when that takes fewer keys than the whole message.
    """
    parts = _fixed_parts(reply)
    if len(parts) == 1:
        return int(parts[0].strip() == message)
    if not _fits(parts, message):
        return 0
    keys = 1 + len(message) - sum(map(len, parts))
    return keys if keys < len(message) else 0


def type_message(length: int, look: Look, policy: Policy) -> Typed:
    """Type a message of `length` characters.

    Args:
        look: what is offered when so many characters of it are there.
    """
    typed = Typed(characters=length, messages=1)
    position = 0
    while position < length:
        moment = look(position)
        typed.looks += 1
        replies, completion = _shown(moment, policy)
        _count(typed, replies, completion)
        left = length - position
        keys = min((keys for _, keys in replies if keys), default=0)
        by_reply = left - keys if keys else 0
        by_completion = completion[1] - 1 if completion else 0
        if by_reply >= max(by_completion, 1):
            typed.replies += 1
            typed.keys += keys
            position = length
        elif completion and by_completion >= 1:
            typed.completions += 1
            typed.keys += 1
            position += completion[1]
        else:
            typed.keys += 1
            position += 1
    typed.helped = int(typed.replies + typed.completions > 0)
    return typed


def _shown(
    moment: Moment, policy: Policy
) -> tuple[list[tuple[float, int]], tuple[float, int] | None]:
    sure = [reply for reply in moment.replies if reply[0] >= policy.min_reply]
    completion = moment.completion
    if completion is not None and not completion[0] >= policy.min_completion:
        completion = None
    return sure[: policy.replies], completion


def _count(
    typed: Typed, replies: Sequence[tuple[float, int]], completion: tuple[float, int] | None
) -> None:
    shown = [keys for _, keys in replies]
    if completion is not None:
        shown.append(completion[1])
    wrong = shown.count(0)
    typed.suggestions += len(shown)
    typed.wrong_suggestions += wrong
    typed.shown += bool(shown)
    typed.wrong += bool(shown) and wrong == len(shown)


def _right_length(completion: InlineCompletion, message: str, position: int) -> int:
    right = message.startswith(completion.text, position)
    return len(completion.text) if right else 0


def _fixed_parts(reply: RankedReply) -> list[str]:
    """The text around the slots that are to be filled, white space folded; one without any."""
    parts: list[str] = []
    start = 0
    for slot in reply.slots:
        if not slot.filled:
            parts.append(reply.text[start : slot.start])
            start = slot.end
    parts.append(reply.text[start:])
    folded = [_fold_inside(part) for part in parts]
    folded[0] = folded[0].lstrip()
    folded[-1] = folded[-1].rstrip()
    return folded


def _fold_inside(part: str) -> str:
    """White space as single spaces, at the ends too."""
    inner = fold(part)
    before = " " if part[:1].isspace() else ""
    after = " " if part[-1:].isspace() and inner else ""
    return f"{before}{inner}{after}"


def _fits(parts: Sequence[str], message: str) -> bool:
    """Whether the message is these parts in order, with at least one character between any two.

    Taking each part at its first place loses nothing, since what is between may be anything.
    """
    first, *middle, last = parts
    if not message.startswith(first):
        return False
    place = len(first)
    for part in middle:
        found = message.find(part, place + 1)
        if found < 0:
            return False
        place = found + len(part)
    return len(message) - len(last) > place and message.endswith(last)
