"""Conversations as prompts: what a person wrote stays theirs, and never becomes a mark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.conversation import Turn
from cuebox.kinds.completion.conversation import ConversationFormat
from tests.fakes.decoder_files import SPECIAL_TOKENS, tiny_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

MARKED = ConversationFormat(SPECIAL_TOKENS, context=64, marked=True)
LINES = ConversationFormat(SPECIAL_TOKENS, context=64, marked=False)
TOKENIZER = tiny_tokenizer(320)

nasty = st.lists(
    st.sampled_from([*SPECIAL_TOKENS, "<|", "|>", "<|en", "d|>", " ", "hello", "\x00", "{name}"]),
    max_size=6,
).map("".join) | st.text(max_size=30)
conversations = st.lists(
    st.builds(Turn, role=st.sampled_from(["user", "agent", "tool"]), text=nasty), max_size=6
)


def marks(prompt: str) -> list[str]:
    """The special tokens that the tokenizer makes of a prompt, in order."""
    ids = TOKENIZER.encode(prompt, add_special_tokens=False).ids
    return [SPECIAL_TOKENS[id_] for id_ in ids if id_ < len(SPECIAL_TOKENS)]


def test_turns_stand_between_their_marks_and_lookups_are_left_out() -> None:
    turns = [
        Turn(role="user", text="Where is my order?"),
        Turn(role="tool", text="orders", facts={"state": "on its way"}),
        Turn(role="agent", text=" "),
        Turn(role="agent", text="One moment."),
    ]
    prompt = MARKED.prompt(turns, "It is on i")
    assert prompt == (
        "<|user|>Where is my order?<|end|><|agent|>One moment.<|end|><|agent|>It is on i"
    )
    assert LINES.prompt(turns, "It is on i") == "Where is my order?\nOne moment.\nIt is on i"


def test_an_empty_conversation_begins_with_the_agent() -> None:
    assert MARKED.prompt([], "") == "<|agent|>"
    assert LINES.prompt([], "") == ""


@settings(max_examples=200, deadline=None)
@given(turns=conversations, draft=nasty)
def test_only_our_own_marks_are_marks(turns: Sequence[Turn], draft: str) -> None:
    said = [turn for turn in turns if turn.role != "tool" and turn.text.strip()]
    ours = [mark for turn in said for mark in (f"<|{turn.role}|>", "<|end|>")]
    assert marks(MARKED.prompt(turns, draft)) == [*ours, "<|agent|>"]
    assert marks(LINES.prompt(turns, draft)) == []


@settings(max_examples=200, deadline=None)
@given(turns=conversations, draft=nasty)
def test_the_draft_stands_at_the_end_as_it_was_typed(turns: Sequence[Turn], draft: str) -> None:
    typed = re.sub("|".join(map(re.escape, SPECIAL_TOKENS)), lambda m: f"< {m[0][1:]}", draft)
    for form in (MARKED, LINES):
        assert form.prompt(turns, draft).endswith(typed)
    if not any(mark in draft for mark in SPECIAL_TOKENS):
        assert typed == draft


def test_a_long_conversation_is_bounded_and_its_beginning_moves_seldom() -> None:
    turns = [Turn(role="user", text=f"number {number} of many") for number in range(500)]
    begins = {MARKED.prompt(turns[:count], "a")[:40] for count in range(400, 450)}
    assert len(begins) < 10
    prompt = MARKED.prompt(turns, "a")
    assert 500 < len(prompt) < 1_100
    assert prompt.endswith("number 499 of many<|end|><|agent|>a")


def test_a_huge_turn_keeps_its_end() -> None:
    turns = [Turn(role="user", text="x" * 1_000_000 + "end"), Turn(role="agent", text="yes")]
    prompt = MARKED.prompt(turns, "")
    assert len(prompt) < 1_000
    assert prompt.endswith("xend<|end|><|agent|>yes<|end|><|agent|>")


@given(token=st.text(min_size=1, max_size=3), text=st.text("ab<> ", max_size=20))
def test_any_special_token_can_be_broken_up(token: str, text: str) -> None:
    if " " in token:
        return
    assert token not in ConversationFormat([token], context=64, marked=False).prompt([], text)
