"""From conversations to answers: counts by hand, personal data, and what new conversations say."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cuebox.core.conversation import Turn
from cuebox.core.errors import DataError
from cuebox.kinds.reply.answers.extract import Extraction, extract_answers, spoken_form
from cuebox.kinds.reply.answers.gather import gather
from cuebox.kinds.reply.answers.report import coverage, make_answer_list_report
from cuebox.kinds.reply.answers.settings import ExtractSettings, load_extract_settings
from cuebox.kinds.reply.conversations.reading import Conversation
from cuebox.kinds.reply.conversations.source import ConversationSource
from cuebox.kinds.reply.conversations.spoken import SpokenTurn
from cuebox.kinds.reply.slots.personal_data import personal_data
from cuebox.training.progress import SilentProgress
from tests.fakes.encoder import fake_spec
from tests.fakes.turns import agent, tool, user

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.text import TextSettings
    from cuebox.core.types import FloatArray
    from cuebox.training.held_out import Split


class BagOfWords:
    """Texts of the same words, in any order and case, get the same embedding."""

    spec = fake_spec(dim=256)

    def __call__(
        self,
        texts: Sequence[str],
        text: TextSettings,
        progress: Callable[[int], None] | None = None,
    ) -> FloatArray:
        vectors = np.full((len(texts), 256), 1e-3, np.float32)
        for row, one in enumerate(texts):
            for word in one.lower().replace(",", "").replace(".", "").split():
                vectors[row, zlib.crc32(word.encode()) % 256] += 1
        if progress:
            progress(len(texts))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


def conversation(number: int, *turns: Turn, split: Split = "train") -> Conversation:
    return Conversation(f"c{number}", split, tuple(map(SpokenTurn, turns)))


CITIES = ["Rome", "Oslo", "Lima", "Bonn", "Kyiv", "Bern"]
CONVERSATIONS = [
    *(
        conversation(
            number,
            user("hi there"),
            agent("Hello, how can I help?"),
            user("my name is Ann"),
            tool(City=city),
            agent(f"It rains in {city}."),
            agent("How can I help hello"),
        )
        for number, city in enumerate(CITIES)
    ),
    conversation(10, user("I am Bob, and bye"), agent("Write to Bob at bob@example.com.")),
    conversation(11, tool(City="Graz"), agent("It rains in Graz."), split="validation"),
    conversation(12, agent("something nobody said"), split="validation"),
    conversation(13, agent("Test turns are never read"), split="test"),
]


def run(**changes: object) -> Extraction:
    options = {"min_count": 2, "own_count": 6, "similarity": 0.99} | changes
    settings = ExtractSettings(data=ConversationSource(path="c.jsonl"), encoder="e", **options)  # type: ignore[arg-type]  # options of several types
    return extract_answers(CONVERSATIONS, BagOfWords(), settings, SilentProgress())


def test_answers_are_masked_and_counted() -> None:
    found = run()
    assert found.turns == 19
    texts = {answer.text: answer for answer in found.answers}
    assert set(texts) == {"Hello, how can I help?", "How can I help hello", "It rains in {city}."}
    rain = texts["It rains in {city}."]
    assert (rain.count, rain.share) == (6, round(6 / 19, 6))
    assert rain.said == "It rains in Rome."
    assert rain.examples == ("It rains in Oslo.", "It rains in Lima.", "It rains in Bonn.")
    assert sum(found.exact) == 18


def test_near_duplicates_are_joined_unless_they_are_frequent() -> None:
    found = run(own_count=7)
    texts = {answer.text: answer for answer in found.answers}
    assert texts["Hello, how can I help?"].count == 6 or texts["How can I help hello"].count == 6
    loose = run(own_count=7, similarity=0.8)
    counts = {answer.text: answer.count for answer in loose.answers}
    assert sorted(counts.values()) in ([6, 12], [6, 6, 6])


def test_held_out_conversations_are_only_looked_at() -> None:
    found = run()
    rain = [answer.text for answer in found.answers].index("It rains in {city}.")
    assert found.held_out == [rain, -1]
    last = coverage(found)[-1]
    assert (last.answers, last.held_out) == (3, 0.5)
    assert last.alike == last.exact == pytest.approx(18 / 19)


def test_the_same_conversations_give_the_same_list() -> None:
    assert run().answers == run().answers


def test_rare_answers_are_left_out_and_the_list_ends() -> None:
    assert len(run(min_count=1).answers) == 4
    assert len(run(min_share=0.2).answers) == 3
    assert len(run(max_answers=1).answers) == 1
    with pytest.raises(DataError, match=r"c\.jsonl: no answer was said 100 times in 19 agents"):
        run(min_count=100)


def test_splits_without_conversations_are_a_clear_error() -> None:
    settings = ExtractSettings(
        data=ConversationSource(path="c.jsonl"), encoder="e", splits=("test",)
    )
    with pytest.raises(DataError, match="in 0 agents' turns of test"):
        extract_answers(CONVERSATIONS[:3], BagOfWords(), settings, SilentProgress())


def test_any_language_and_hostile_text() -> None:
    texts = [
        "\u0917\u0941\u0921 \u092e\u0949\u0930\u094d\u0928\u093f\u0902\u0917",
        "\u4f60\u597d",
        "=cmd|' /C calc'!A0",
        "{{}{x}} {",
        "<b>",
        "\x00\x07",
    ]
    several = [
        conversation(
            number,
            user(text),
            Turn(role="tool", text="t", facts={"{x}": text, "": 1}),
            agent(text),
        )
        for number, text in enumerate(texts * 2)
    ]
    settings = ExtractSettings(
        data=ConversationSource(path="c.jsonl"), encoder="e", min_count=1, similarity=0.99
    )
    found = extract_answers(several, BagOfWords(), settings, SilentProgress())
    assert sum(answer.count for answer in found.answers) == 12


def test_personal_data_is_flagged() -> None:
    found = run(min_count=1)
    (letter,) = (answer for answer in found.answers if "Write" in answer.text)
    assert letter.text == "Write to {user_person} at {email}."
    assert letter.flags == ("said: email", "said: person")
    names = {"Bob"}
    assert personal_data("Call Bob on {phone}", [], names) == ("person",)
    assert personal_data("Bob", ["to 1 Main Street"], names) == ("said: address",)
    assert personal_data("I'm here, at your service", [], names) == ()


def test_a_wording_counts_where_it_would_be_filled() -> None:
    """7 pm is both start and end in one conversation; the others tell which is meant."""
    several = [
        conversation(
            number,
            tool(EndTime=end, StartTime=start),
            agent(f"From {start} to {end}."),
        )
        for number, (start, end) in enumerate(
            [("1 pm", "2 pm"), ("3 pm", "4 pm"), ("7 pm", "7 pm")]
        )
    ]
    gathered = gather(several, frequent=2, progress=lambda _: None)
    assert [(one.template, one.count) for one in gathered.wordings] == [
        ("From {start_time} to {end_time}.", 3)
    ]


def test_common_words_are_no_names() -> None:
    several = [
        conversation(1, user("My name is Mark Twain"), agent("ok")),
        conversation(2, user("I am Looking, for a hotel"), agent("ok")),
        conversation(3, user("looking at it, looking good"), agent("ok")),
    ]
    gathered = gather(several, frequent=9, progress=lambda _: None)
    assert gathered.names == {"Mark", "Twain"}


def test_an_encoder_reads_slots_as_words() -> None:
    assert spoken_form("Hi {user_first_name}, {{sic}}") == "Hi user first name, {sic}"


def test_the_example_is_a_settings_file() -> None:
    example = Path(__file__).parents[5] / "examples" / "answers.toml"
    settings = load_extract_settings(example, {"min_count": "7"})
    assert (settings.min_count, settings.data.path) == (7, "data/star_conversations.jsonl")


def test_the_report_keeps_decisions_and_says_what_is_gone() -> None:
    from dataclasses import replace

    found = run()
    settings = ExtractSettings(data=ConversationSource(path="c.jsonl"), encoder="e")
    reviewed = [replace(found.answers[0], status="accepted"), *found.answers[1:]]
    gone = replace(found.answers[0], id="old", count=0)
    report = make_answer_list_report(found, [*reviewed, gone], settings, conversations=7)
    assert report.answers[0].status == "accepted"
    assert (len(report.answers), report.removed) == (3, 1)
