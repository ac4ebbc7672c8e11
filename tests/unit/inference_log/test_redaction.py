"""What is kept of a record when inputs are redacted or left out."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.conversation import Turn
from cuebox.core.inference import FeedbackRecord, SuggestionRecord
from cuebox.inference_log.redaction import preparation, redact
from tests.fakes.inference_log import suggestion


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("write to anna.b+shop@mail.example.com, please", "write to [email], please"),
        ("ANNA@EXAMPLE.ORG", "[email]"),
        ("call 555-123-4567 or (555) 123 4567", "call [phone] or [phone]"),
        ("call +49 (0)30 / 123 45 67.", "call [phone]."),
        ("my card 4111 1111 1111 1111, thanks", "my card [card], thanks"),
        ("4111111111111112 fails its check", "[number] fails its check"),
        ("order 83726451 of 2026-11-21", "order [number] of [number]"),
        ("٠١٢٣٤٥٦٧", "[number]"),
        ("at 10:30 for 2 people in 2026, $12.50, pin 8812", None),
        ("a@b is no address, nor @home", None),
        ("", None),
    ],
)
def test_personal_numbers_are_masked(text: str, redacted: str | None) -> None:
    assert redact(text) == (text if redacted is None else redacted)


@settings(max_examples=100, deadline=None)
@given(
    st.text(),
    st.sampled_from(["4111 1111 1111 1111", "+1 555 123 4567", "anna@example.com", "123456"]),
    st.text(),
)
def test_no_surroundings_save_a_number(before: str, secret: str, after: str) -> None:
    redacted = redact(f"{before} {secret} {after}")
    assert secret not in redacted
    assert not re.search(r"\d{6}", redacted)
    assert redact(redacted) == redacted


def test_hostile_text_takes_no_time() -> None:
    for text in ("a" * 200_000, "1 " * 100_000, "a@" * 100_000, "a." * 100_000, "1-" * 100_000):
        redact(text)


def test_redacted_conversations_are_still_conversations() -> None:
    turns = [
        Turn(role="user", text="I am anna@example.com", time=1_763_700_000.5),
        Turn(
            role="tool",
            text="Customer",
            facts={"phone": 5551234567, "stars": 4, "card": "4111-1111-1111-1111", "vip": True},
        ),
    ]
    record = suggestion(
        "s",
        conversation=msgspec.json.encode(turns).decode(),
        draft="Hello anna@example.com",
        texts=("your number 12345678",),
    )
    kept = preparation("redact")(record)
    assert isinstance(kept, SuggestionRecord)
    assert msgspec.json.decode(kept.conversation, type=list[Turn]) == [
        Turn(role="user", text="I am [email]", time=1_763_700_000.5),
        Turn(
            role="tool",
            text="Customer",
            facts={"phone": "[number]", "stars": 4, "card": "[card]", "vip": True},
        ),
    ]
    assert kept.draft == "Hello [email]"
    assert kept.shown[0].text == "your number [number]"
    assert (kept.shown[0].id, kept.shown[0].score) == ("s.0", 0.5)


def test_final_texts_are_redacted_and_left_out() -> None:
    record = FeedbackRecord(suggestion="s", event="sent", at=1.0, text="it is 123456789")
    assert preparation("keep")(record) is record
    assert preparation("redact")(record) == msgspec.structs.replace(record, text="it is [number]")
    assert preparation("omit")(record) == msgspec.structs.replace(record, text="")


def test_omitting_leaves_what_can_be_counted() -> None:
    kept = preparation("omit")(suggestion("s", texts=("one", "two")))
    assert isinstance(kept, SuggestionRecord)
    assert (kept.conversation, kept.draft) == ("", "")
    assert [(each.text, each.answer, each.score) for each in kept.shown] == [
        ("", "a0", 0.5),
        ("", "a1", 0.5),
    ]


def test_what_was_not_kept_before_stays_empty() -> None:
    kept = preparation("redact")(suggestion("s", conversation=""))
    assert isinstance(kept, SuggestionRecord)
    assert kept.conversation == ""
