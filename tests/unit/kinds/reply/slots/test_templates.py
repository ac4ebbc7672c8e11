"""The grammar of answers: slots, escaped braces, and text that is neither."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.kinds.reply.slots.templates import Template, escape, parse_template, slot_names

hostile = st.text(st.sampled_from("{}ab _1é\n,"), max_size=30)


def test_slots_are_lower_case_names_in_braces() -> None:
    assert slot_names("Dear {person}, {order_id} and {order_id}: {Not} {1} {}") == (
        "person",
        "order_id",
        "order_id",
    )


def test_a_doubled_brace_is_a_brace() -> None:
    assert [piece.text for piece in parse_template("{{name}} {{{name}}}")] == [
        "{name} {",
        "name",
        "}",
    ]


@given(hostile)
@settings(max_examples=200, deadline=None)
def test_escaped_text_has_no_slots_and_comes_back(text: str) -> None:
    assert slot_names(escape(text)) == ()
    assert Template(escape(text)).restore() == text


@given(hostile)
@settings(max_examples=200, deadline=None)
def test_whatever_a_person_types_is_a_template(text: str) -> None:
    pieces = parse_template(text)
    assert all(piece.text for piece in pieces)
