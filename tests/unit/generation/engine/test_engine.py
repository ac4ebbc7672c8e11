"""One engine, many requests: what they share, and that sharing changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from cuebox.core.generation import Delta
from tests.fakes.desk import LONG, Desk


def test_an_answer_under_load_is_the_answer_alone() -> None:
    asks: list[dict[str, Any]] = [
        {"prompt": f"the {word} fox ", "n": n, "seed": seed, "max_tokens": 12, "client": word}
        for seed, (word, n) in enumerate((("quick", 3), ("brown", 1), ("lazy", 2), ("qui", 3)))
    ]
    together = Desk()
    asked = []
    for fields in asks:
        asked.append(together.ask(**fields))
        together.run(2)
    together.run()
    for fields, one in zip(asks, asked, strict=True):
        alone = Desk().answer(**fields)
        assert one.texts == alone.texts
        assert one.completed.choices == alone.completed.choices
    assert together.is_clean()


def test_choices_share_the_prompt() -> None:
    desk = Desk(context=512)
    one = desk.answer(LONG[:200], n=8, max_tokens=4)
    assert len(one.texts) == 8
    assert desk.stat("read_tokens_total") == 200


def test_a_growing_prompt_reads_only_what_is_new() -> None:
    desk = Desk(context=512)
    desk.answer(LONG[:200], n=3, max_tokens=4)
    grown = desk.answer(LONG[:205], n=3, max_tokens=4)
    assert grown.completed.usage.cached_tokens == 200
    assert desk.stat("read_tokens_total") == 205
    assert desk.stat("cached_tokens_total") == 200


def test_the_same_prompt_again_takes_no_step() -> None:
    desk = Desk()
    first = desk.answer(max_tokens=5)
    steps = desk.model.steps
    again = desk.answer(max_tokens=5)
    assert again.texts == first.texts
    assert again.completed.usage.cached_tokens == again.completed.usage.prompt_tokens
    # Its four remaining tokens are fed one a step; the first came from memory.
    assert desk.model.steps - steps == 4
    assert desk.stat("instant_total") == 1


def test_logits_are_remembered_of_the_latest_prompts_only() -> None:
    desk = Desk(remembered_logits=1)
    desk.answer("one", max_tokens=2)
    desk.answer("two", max_tokens=2)
    read = desk.stat("read_tokens_total")
    again = desk.answer("one", max_tokens=2)
    assert again.completed.usage.cached_tokens == again.completed.usage.prompt_tokens - 1
    assert desk.stat("read_tokens_total") == read + 1


def test_a_prompt_that_was_forgotten_is_read_again_though_its_logits_are_known() -> None:
    desk = Desk(blocks=20)
    first = desk.answer("the quick brown fox ", max_tokens=5)
    for letter in range(97, 104):
        desk.answer([letter] * 30, max_tokens=2)
    again = desk.answer("the quick brown fox ", max_tokens=5)
    assert again.completed.usage.cached_tokens == 0
    assert again.texts == first.texts


def test_keystrokes_within_a_word_read_nothing() -> None:
    desk = Desk()
    for end in range(len("the quick b"), len("the quick brown")):
        desk.answer("the quick brown"[:end], max_tokens=3, heal=True)
    assert desk.stat("read_tokens_total") == len("the quick") + 1
    assert desk.stat("instant_total") == 3


def test_an_accepted_answer_comes_back_as_prompt() -> None:
    desk = Desk()
    prompt = [97] * 10
    first = desk.answer(prompt, max_tokens=9, temperature=0)
    accepted = list(first.texts[0].encode())
    desk.model.read = 0
    second = desk.answer([*prompt, *accepted, 97], max_tokens=1)
    # The last token of an answer is chosen, but never read.
    assert second.completed.usage.cached_tokens == len(prompt) + len(accepted) - 1
    assert desk.stat("read_tokens_total") == len(prompt) + 2


def test_running_answers_keep_their_pace_while_a_long_prompt_is_read() -> None:
    desk = Desk(context=1_024, seconds_per_token=0.001)
    running = desk.ask(max_tokens=40, stream=True)
    desk.run(3)
    long = desk.ask(LONG, max_tokens=1, client="b")
    told, began = len(running.answers), desk.now
    while not long.over:
        desk.engine.step()
        decoded, read = desk.model.batches[-1]
        assert decoded == 1
        assert read <= 64
        assert len(running.answers) == (told := told + 1)
    assert 10 <= long.completed.steps <= 13
    assert desk.now - began < 0.450


def test_prompts_are_read_side_by_side() -> None:
    desk = Desk(context=1_024, seconds_per_token=0.001)
    long = desk.ask(LONG, max_tokens=1, client="a")
    short = desk.ask("the quick ", max_tokens=1, client="b")
    desk.engine.step()
    assert short.over
    assert not long.over


def test_streams_tell_the_same_as_answers() -> None:
    streamed = Desk().answer(max_tokens=12, stream=True, n=2)
    assert all(isinstance(answer, Delta) for answer in streamed.answers[:-1])
    assert streamed.completed.choices == []
    assert sorted(streamed.texts) == sorted(Desk().answer(max_tokens=12, n=2).texts)


def test_an_echoed_prompt_with_logprobs_is_read_as_a_whole() -> None:
    desk = Desk()
    desk.answer("the quick brown ", max_tokens=3)
    echoed = desk.answer("the quick brown ", max_tokens=3, echo=True, logprobs=1)
    assert echoed.completed.usage.cached_tokens == 0
    assert echoed.texts[0].startswith("the quick brown ")


def test_a_single_choice_copies_nothing() -> None:
    desk = Desk()
    desk.answer([97] * 10, max_tokens=9)
    assert desk.model.copies == 0


@pytest.mark.parametrize("length", range(50, 70))
def test_memory_for_one_text_serves_every_prompt(length: int) -> None:
    desk = Desk(blocks=16, block_size=4, context=64)
    desk.answer(LONG[: length - 1], max_tokens=3)
    assert desk.answer(LONG[:length], max_tokens=3).texts
    assert desk.is_clean()
