"""Masking never invents, and filling puts back what the conversation tells."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.conversation import Fact, Turn
from cuebox.core.replies import Slot
from cuebox.kinds.reply.slots.known_values import KnownValues, slot_name
from cuebox.kinds.reply.slots.masking import fill, mask
from cuebox.kinds.reply.slots.matching import TemplateIndex
from tests.fakes.turns import agent, tool, user


def test_fields_of_lookups_become_slots() -> None:
    turns = [tool(DoctorName="Dr. Johnson", Time="3 pm", Message="")]
    template = mask("Alright, Dr. Johnson is available at 3 pm.", turns)
    assert template.text == "Alright, {doctor_name} is available at {time}."
    assert template.values == ("Dr. Johnson", "3 pm")
    later = [tool(DoctorName="Dr. Morgan", Time="5 pm")]
    filled = fill(template.text, later)
    assert filled.text == "Alright, Dr. Morgan is available at 5 pm."
    assert filled.slots == [
        Slot(name="doctor_name", start=9, end=19, filled=True),
        Slot(name="time", start=36, end=40, filled=True),
    ]


def test_the_newest_lookup_that_has_a_field_fills_it() -> None:
    turns = [tool(Day="Monday", City="Rome"), user("and friday?"), tool(Day="Friday")]
    assert fill("{city} on {day}", turns).text == "Rome on Friday"


@pytest.mark.parametrize(
    ("value", "shown"), [(12, "12"), (12.0, "12"), (2.5, "2.5"), (-2, "-2"), ("10  am", "10 am")]
)
def test_values_are_typed_as_an_agent_types_them(value: Fact, shown: str) -> None:
    turns = [tool(Value=value)]
    assert fill("It is {value}.", turns).text == f"It is {shown}."
    assert mask(f"It is {shown}.", turns).text == "It is {value}."


def test_yes_and_no_and_nothing_are_not_typed() -> None:
    turns = [tool(HasBalcony=True, Note=None)]
    assert mask("true None True", turns).text == "true None True"
    assert fill("{has_balcony} {note}", turns).text == "{has_balcony} {note}"


def test_a_blank_field_fills_with_nothing() -> None:
    filled = fill("On {day} @ {time}.", [tool(Day="Friday", Time="")])
    assert filled.text == "On Friday @ ."
    assert [slot.filled for slot in filled.slots] == [True, True]


def test_part_of_a_word_or_of_a_number_is_no_copy() -> None:
    turns = [tool(Wait=3, Name="Ann")]
    text = "Annual 13, 3.5, 3:30, 2/3, -3 and Anne"
    assert mask(text, turns).text == text
    assert mask("3 for Ann!", turns).text == "{wait} for {name}!"


def test_a_plain_word_is_a_copy_only_in_quotes() -> None:
    turns = [tool(Answer="help")]
    assert mask("How can I help?", turns).text == "How can I help?"
    assert mask("It was 'help'.", turns).text == "It was '{answer}'."


def test_the_longer_value_wins() -> None:
    turns = [tool(Name="Hilton", Hotel="Hilton Hotel")]
    assert mask("At the Hilton Hotel", turns).text == "At the {hotel}"


def test_fields_of_one_value_take_turns() -> None:
    turns = [tool(StartTime="7 pm", EndTime="7 pm")]
    assert mask("From 7 pm to 7 pm", turns).text == "From {start_time} to {end_time}"


def test_steps_of_a_list_follow_one_another() -> None:
    steps = tool(Steps_1="Go east", Steps_2="Turn left", Steps_3="Stop")
    assert mask("Go east. Ready?", [steps]).text == "{steps}. Ready?"
    turns = [steps, agent("Go east. Ready?"), user("yes")]
    assert fill("{steps}. Ready?", turns).text == "Turn left. Ready?"
    assert fill("{steps}, {steps}", turns).text == "Turn left, Stop"
    assert mask("Stop.", turns).text == "Stop."
    done = [*turns, agent("Turn left"), agent("Stop")]
    assert fill("{steps}", done).text == "Go east"


def test_what_the_customer_said_fills_where_it_is_one_thing() -> None:
    turns = [agent("What is your name?"), user("Alexis Miller"), user("my number is 4711")]
    template = mask("Thanks Alexis, I see 4711.", turns)
    assert template.text == "Thanks {user_first_name}, I see {user_number}."
    assert fill(template.text, turns).text == "Thanks Alexis, I see 4711."
    unsure = fill("I see {user_number}.", [user("is it 12 or 13?")])
    assert unsure.text == "I see {user_number}."
    assert not unsure.slots[0].filled


def test_personal_data_from_elsewhere_is_left_open() -> None:
    template = mask("Write to jo@example.com or call +49 30 901820.", [])
    assert template.text == "Write to {email} or call {phone}."
    assert fill(template.text, [user("I am ann@example.com")]).text == template.text
    assert template.restore() == "Write to jo@example.com or call +49 30 901820."


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("My name is Ann Lee, hello", "Ann Lee"),
        ("Hi, this is Dr. Wong.", "Dr. Wong"),
        ("I'm Bob", "Bob"),
        ("It's Alexis", "Alexis"),
        ("Jean-Luc", "Jean-Luc"),
        ("I am looking for a name", None),
        ("I'm Very happy", None),
        ("my name is secret", None),
    ],
)
def test_customers_introduce_themselves(said: str, name: str | None) -> None:
    turns = [agent("May I have your name?"), user(said)]
    assert fill("{user_person}", turns).text == (name or "{user_person}")


def test_constants_stay() -> None:
    text = "We open at 9 am, allow 2 days, 1st class, on Monday {sic}."
    assert mask(text, []).text == "We open at 9 am, allow 2 days, 1st class, on Monday {{sic}}."


@pytest.mark.parametrize(
    ("field", "slot"),
    [
        ("DoctorName", "doctor_name"),
        ("NearbyPOIs", "nearby_pois"),
        ("order id", "order_id"),
        ("PIN", "pin"),
        ("Größe", "grosse"),
        ("1st", "field_1st"),
        ("日", "field"),
    ],
)
def test_slots_are_named_after_fields(field: str, slot: str) -> None:
    assert slot_name(field) == slot


words = st.text(st.sampled_from("ab 1{}'\"é.\n🙂A#@-"), max_size=12)
facts = st.dictionaries(
    st.sampled_from(["Name", "Time", "user_number", "S_1", "S_2", "date", "{x}", "*"]),
    st.one_of(words, st.integers(0, 20), st.booleans(), st.none(), st.floats(allow_nan=False)),
    max_size=5,
)
turns_strategy = st.lists(
    st.one_of(
        st.builds(lambda facts: Turn(role="tool", text="t", facts=facts), facts),
        st.builds(user, words),
        st.builds(agent, words),
    ),
    max_size=5,
)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_masking_never_invents(data: st.DataObject) -> None:
    turns = data.draw(turns_strategy)
    said = [str(value) for turn in turns for value in turn.facts.values()]
    parts = st.one_of(words, st.sampled_from(said)) if said else words
    text = " ".join(data.draw(st.lists(parts, max_size=6)))
    template = mask(text, turns)
    assert template.restore() == text
    filled = fill(template.text, turns)
    given_back = iter(template.values)
    at = 0
    rebuilt = ""
    for slot in filled.slots:
        rebuilt += filled.text[at : slot.start] + next(given_back)
        shown = filled.text[slot.start : slot.end]
        if not slot.filled:
            assert shown == f"{{{slot.name}}}"
        at = slot.end
    assert rebuilt + filled.text[at:] == text
    if all(slot.filled for slot in filled.slots):
        assert filled.text == text


def test_what_comes_after_changes_nothing() -> None:
    before = [tool(Name="Ann"), user("hi")]
    known = fill("{name} {user_number}", before)
    after = [*before, agent("Bob 12"), user("I am Eve, 7")]
    assert fill("{name} {user_number}", after[:2]) == known


def test_an_index_finds_the_templates_of_a_message() -> None:
    index = TemplateIndex(["Hello", "{name} is here", "{city} is here", "Hello  "])
    known = KnownValues([tool(Name="Ann", City="Rome")])
    assert index.find("Ann  is here", known) == [1]
    assert index.find("Hello", known) == [0, 3]
    assert index.find("Bob is here", known) == []
