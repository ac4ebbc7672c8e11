"""The typist's arithmetic, counted by hand."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.replies import RankedReply, Slot
from cuebox.kinds.reply.replay.offers import InlineCompletion, Offered
from cuebox.kinds.reply.replay.typist import (
    Moment,
    Policy,
    Typed,
    fold,
    judge,
    keys_to_send,
    type_message,
)

MESSAGE = "Hello, how can I help?"  # 22 characters


def reply(text: str, score: float = 0.5) -> RankedReply:
    """A reply in which every `{name}` is open."""
    slots = [
        Slot(name=found[1], start=found.start(), end=found.end(), filled=False)
        for found in re.finditer(r"\{(\w+)\}", text)
    ]
    return RankedReply(answer="a", text=text, score=score, slots=slots)


def typed(message: str, offers: dict[str, Offered], policy: Policy | None = None) -> Typed:
    """Type a message where some drafts are offered something."""

    def look(position: int) -> Moment:
        return judge(offers.get(message[:position], Offered()), message, position)

    return type_message(len(message), look, policy or Policy())


def test_without_offers_every_character_is_a_key() -> None:
    result = typed(MESSAGE, {})
    assert (result.characters, result.keys, result.looks) == (22, 22, 22)
    assert (result.shown, result.wrong, result.helped, result.messages) == (0, 0, 0, 1)


def test_the_right_reply_before_the_first_key_costs_one_key() -> None:
    result = typed(MESSAGE, {"": Offered([reply("Goodbye."), reply(MESSAGE)])})
    assert (result.keys, result.looks, result.shown, result.wrong) == (1, 1, 1, 0)
    assert (result.replies, result.suggestions, result.wrong_suggestions) == (1, 2, 1)


def test_a_reply_that_comes_later_saves_what_is_left() -> None:
    result = typed(MESSAGE, {"": Offered([reply("Bye.")]), "Hel": Offered([reply(MESSAGE)])})
    # H, e, l and one to accept; the first of four looks showed something wrong.
    assert (result.keys, result.looks, result.shown, result.wrong) == (4, 4, 2, 1)


def test_a_completion_types_its_characters_and_typing_goes_on() -> None:
    result = typed(MESSAGE, {"Hello,": Offered(completion=InlineCompletion(" how can", 0.0))})
    # 6 keys, one to accept 8 characters, then the other 8.
    assert (result.keys, result.looks, result.completions, result.helped) == (15, 15, 1, 1)


def test_two_completions_after_one_another() -> None:
    offers = {
        "": Offered(completion=InlineCompletion("Hello, ", 0.0)),
        "Hello, ": Offered(completion=InlineCompletion("how can I help?", 0.0)),
    }
    assert typed(MESSAGE, offers).keys == 2


@pytest.mark.parametrize("text", ["hello, how can I help?", "Hello, how can I help", "Hello,how"])
def test_case_and_punctuation_must_match(text: str) -> None:
    offers = {"": Offered([reply(text)], InlineCompletion(text[:5].lower(), 0.0))}
    result = typed(MESSAGE, offers)
    assert (result.keys, result.wrong, result.wrong_suggestions) == (22, 1, 2)


def test_white_space_is_folded() -> None:
    assert keys_to_send(reply(" Hello,\thow can\n I help? "), MESSAGE) == 1
    assert fold("  a \n b\u00a0c ") == "a b c"


def test_an_open_slot_costs_the_characters_of_its_value() -> None:
    message = "Your order A-1234 ships on Monday."
    one = reply("Your order {order_id} ships on {date}.")
    # One key, 6 for A-1234 and 6 for Monday.
    assert keys_to_send(one, message) == 13
    assert typed(message, {"": Offered([one])}).keys == 13


def test_a_filled_slot_costs_nothing() -> None:
    filled = RankedReply(
        answer="a",
        text="Bye, Ann!",
        score=1,
        slots=[Slot(name="person", start=5, end=8, filled=True)],
    )
    assert keys_to_send(filled, "Bye, Ann!") == 1
    assert keys_to_send(filled, "Bye, Bob!") == 0


def test_a_slot_needs_a_value() -> None:
    one = reply("Thank you, {person}!")
    assert keys_to_send(one, "Thank you, !") == 0
    assert keys_to_send(one, "Thank you, Q!") == 2


def test_a_reply_that_is_all_slot_is_never_right() -> None:
    assert keys_to_send(reply("{value}"), MESSAGE) == 0
    assert keys_to_send(reply("{value}?"), MESSAGE) == 0


def test_an_open_slot_is_not_worth_it_once_most_is_typed() -> None:
    message = "I am Christopher."
    one = reply("I am {person}.")
    # Accepting at the beginning takes 12 keys; with "I am C" typed, 11 are left.
    assert typed(message, {"": Offered([one])}).keys == 12
    late = typed(message, {"I am C": Offered([one])})
    assert (late.keys, late.replies, late.wrong) == (17, 0, 0)


def test_what_saves_most_is_accepted_and_a_reply_before_a_completion() -> None:
    completion = InlineCompletion(MESSAGE, 0.0)
    assert typed(MESSAGE, {"": Offered([reply(MESSAGE)], completion)}).replies == 1
    message = "Order {n}".replace("{n}", "123456789")
    slotted = reply("Order {number}")
    both = typed(message, {"": Offered([slotted], InlineCompletion("Order 12345678", 0.0))})
    assert (both.completions, both.keys) == (1, 2)


def test_nothing_is_accepted_that_saves_no_key() -> None:
    offers = {
        "": Offered(completion=InlineCompletion("H", 0.0)),
        MESSAGE[:-1]: Offered([reply(MESSAGE)]),
    }
    result = typed(MESSAGE, offers)
    assert (result.keys, result.shown, result.wrong, result.helped) == (22, 2, 0, 0)


def test_an_empty_completion_is_not_shown() -> None:
    assert typed(MESSAGE, {"": Offered(completion=InlineCompletion("", 0.0))}).shown == 0


def test_a_completion_beyond_the_end_is_wrong() -> None:
    result = typed("Hi", {"": Offered(completion=InlineCompletion("Hi there", 0.0))})
    assert (result.keys, result.wrong) == (2, 1)


def test_thresholds_hide_what_is_not_sure_and_k_cuts() -> None:
    offered = Offered(
        [reply("No.", 0.6), reply(MESSAGE, 0.3), reply("Yes.", 0.1)],
        InlineCompletion("Hello", -1.0),
    )
    offers = {"": offered}
    assert typed(MESSAGE, offers, Policy(replies=3)).keys == 1
    assert typed(MESSAGE, offers, Policy(replies=3, min_reply=0.3)).suggestions == 3
    at_one = typed(MESSAGE, offers, Policy(replies=1))
    assert (at_one.replies, at_one.completions, at_one.keys) == (0, 1, 18)
    unsure = typed(MESSAGE, offers, Policy(replies=1, min_completion=-0.5))
    assert (unsure.keys, unsure.suggestions, unsure.wrong) == (22, 1, 1)
    silent = Policy(min_reply=math.inf, min_completion=math.inf)
    assert typed(MESSAGE, offers, silent).shown == 0


def test_an_empty_message_takes_nothing() -> None:
    result = typed("", {"": Offered([reply("")])})
    assert (result.keys, result.looks, result.characters) == (0, 0, 0)


def test_characters_are_code_points() -> None:
    assert typed("e\u0301\U0001f44b\U0001f3fd", {}).keys == 4


OFFER = st.builds(
    Moment,
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9)), max_size=4),
    st.none() | st.tuples(st.floats(0, 1), st.integers(0, 3)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(OFFER, max_size=12), st.integers(0, 4), st.floats(0, 1))
def test_no_offer_ever_costs_keys(moments: list[Moment], replies: int, least: float) -> None:
    length = len(moments)

    def look(position: int) -> Moment:
        moment = moments[position]
        completion = moment.completion
        if completion and position + completion[1] > length:
            completion = (completion[0], 0)
        return Moment(moment.replies, completion)

    result = type_message(length, look, Policy(replies, least, least))
    assert result.keys <= length
    assert result.looks <= result.keys
    assert result.wrong <= result.shown <= result.looks
    assert result.replies + result.completions <= result.shown - result.wrong


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab ", max_size=4), min_size=2, max_size=4), st.data())
def test_filling_a_template_gives_a_message_that_it_fits(
    parts: list[str], data: st.DataObject
) -> None:
    values = [data.draw(st.text("abc", min_size=1, max_size=5)) for _ in parts[1:]]
    names = [f"{{s{number}}}" for number in range(len(values))]
    template = parts[0] + "".join(n + p for n, p in zip(names, parts[1:], strict=True))
    message = fold(parts[0] + "".join(v + p for v, p in zip(values, parts[1:], strict=True)))
    keys = keys_to_send(reply(template), message)
    expected = 1 + sum(map(len, values))
    assert keys == (expected if expected < len(message) else 0)
