from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.kinds.completion.corpus import Document, Turn
from cuebox.kinds.completion.exact_match import measure_exact_match
from cuebox.kinds.completion.likelihood import measure_likelihood
from cuebox.kinds.completion.places import Place, choose_places
from cuebox.kinds.completion.suggestions import first_words, suggest
from cuebox.kinds.completion.token_file import prompt_tokens, write_token_file
from cuebox.kinds.completion.token_text import TokenText
from cuebox.kinds.completion.vocabulary import train_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cuebox.core.types import FloatArray

SENTENCE = "I would like to know where the order is. "
TOKENIZER = train_tokenizer([SENTENCE * 30], 330)
TEXTS = TokenText(TOKENIZER)


class KnowsOneText:
    """Continues as one text does, and finds everything else unlikely."""

    context = 64

    def __init__(self, text: str) -> None:
        self._ids = TOKENIZER.encode(text, add_special_tokens=False).ids
        self._branches: list[list[int]] = []

    def begin(self, tokens: Sequence[int]) -> FloatArray:
        self._branches = [list(tokens)]
        return self._after(self._branches[0])

    def extend(self, parents: Sequence[int], tokens: Sequence[int]) -> FloatArray:
        self._branches = [
            [*self._branches[parent], token] for parent, token in zip(parents, tokens, strict=True)
        ]
        return np.stack([self._after(branch) for branch in self._branches])

    def _after(self, tokens: list[int]) -> FloatArray:
        logs = np.full(TOKENIZER.get_vocab_size(), -20, np.float32)
        said = TEXTS.decode(tokens).decode("utf-8", "ignore")
        known = TEXTS.decode(self._ids).decode()
        at = known.find(said[-12:])
        rest = known[at + len(said[-12:]) :]
        following = TOKENIZER.encode(rest, add_special_tokens=False).ids
        logs[following[0] if at >= 0 and following else 0] = -0.1
        return logs


@pytest.mark.parametrize("cut", range(len("I would like"), len("I would like to know where")))
def test_suggestions_continue_any_cut_of_a_text(cut: int) -> None:
    before = SENTENCE[:cut]
    space = before.rfind(" ")
    prompt = TOKENIZER.encode(before[:space], add_special_tokens=False).ids
    found = suggest(
        KnowsOneText(SENTENCE), TEXTS, prompt, before[space:].encode(), words=2, count=3
    )
    assert found[0] == first_words(SENTENCE[cut:], 2)
    assert len(set(found)) == len(found) <= 3


def test_three_suggestions_differ_though_tokens_spell_the_same() -> None:
    prompt = TOKENIZER.encode("I would like to", add_special_tokens=False).ids
    found = suggest(KnowsOneText(SENTENCE), TEXTS, prompt, b" k", words=1, count=3)
    assert found[0] == "now"
    assert len(set(found)) == 3


@given(st.text(alphabet="ab \n", max_size=20), st.integers(1, 3))
@settings(max_examples=80, deadline=None)
def test_first_words_are_a_prefix_with_so_many_words(text: str, count: int) -> None:
    found = first_words(text, count)
    if found is None:
        assert len(text.split()) < count
    else:
        assert text.startswith(found)
        assert len(found.split()) == count


@given(st.lists(st.text(alphabet="abc .", min_size=1, max_size=40), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_places_cut_texts_without_changing_them(texts: list[str]) -> None:
    documents = [
        Document(str(place), "test", (Turn("user", "no"), Turn("agent", text)))
        for place, text in enumerate(texts)
    ]
    for place in choose_places(documents, 20, seed=1):
        assert place.turn.text.startswith(place.before + place.typed + place.after[:1])
        assert (place.before + place.typed + place.after) == place.turn.text
        assert place.turn.role == "agent"
        assert (place.at == "word") == (place.typed == " ")
        assert place.turns == (Turn("user", "no"),)


def test_half_of_the_places_are_inside_words() -> None:
    document = Document("d", "test", (Turn("text", SENTENCE * 20),))
    places = choose_places([document], 40, seed=1)
    assert [place.at for place in places] == ["word", "inside"] * 20
    assert places == choose_places([document], 40, seed=1)
    assert places != choose_places([document], 40, seed=2)


def test_exact_match_counts_whole_words_only() -> None:
    def place(after: str) -> Place:
        return Place("word", (), Turn("text", "x"), "x", " ", after)

    suggestions = {"to know more": ["to know", "to"], "done.": ["done", "done. And"], "a": ["b"]}
    found = measure_exact_match(
        lambda one: suggestions[one.after], [place(after) for after in suggestions], words=2
    )
    figures = {(one.at, one.words): (one.places, one.first, one.any) for one in found}
    assert figures["all", 1] == (3, 1 / 3, 2 / 3)
    assert figures["word", 2] == (1, 1.0, 1.0)
    assert figures["inside", 1] == (0, 0.0, 0.0)


@pytest.mark.parametrize("context", [4, 16, 1000])
def test_likelihood_scores_each_counted_token_once(context: int, tmp_path: Path) -> None:
    turns = (Turn("user", "where is it?"), Turn("agent", SENTENCE * 4), Turn("agent", "é" * 9))
    documents = [Document("d", "test", turns), Document("e", "test", (Turn("text", "to know"),))]
    file = write_token_file(documents, TOKENIZER, tmp_path / "file")

    class Even:
        """Everything is as likely as everything else; remembers what it was asked."""

        def __init__(self) -> None:
            self.context, self.longest = context, 0

        def __call__(self, texts: Sequence[Sequence[int]]) -> list[FloatArray]:
            self.longest = max(self.longest, *map(len, texts))
            return [np.full(len(text) - 1, -math.log(256), np.float32) for text in texts]

    even = Even()
    found = measure_likelihood(even, file)
    assert even.longest <= context
    assert found.tokens == file.facts.counted
    assert found.perplexity == pytest.approx(256)
    characters = len(SENTENCE) * 4 + 9 + len("to know")
    assert found.bits_per_character == pytest.approx(8 * found.tokens / characters)
    assert found.bits_per_byte == pytest.approx(8 * found.tokens / (characters + 9))


def test_a_part_of_the_windows_stands_for_all(tmp_path: Path) -> None:
    document = Document("d", "test", (Turn("text", SENTENCE * 40),))
    file = write_token_file([document], TOKENIZER, tmp_path / "file")

    class Counts:
        context, seen = 16, 0

        def __call__(self, texts: Sequence[Sequence[int]]) -> list[FloatArray]:
            self.seen += sum(map(len, texts))
            return [np.full(len(text) - 1, -1, np.float32) for text in texts]

    all_of_it, part = Counts(), Counts()
    whole = measure_likelihood(all_of_it, file)
    some = measure_likelihood(part, file, most=file.facts.tokens // 5)
    assert part.seen < all_of_it.seen / 4
    assert some.bits_per_character == pytest.approx(whole.bits_per_character, rel=0.01)
    assert some.perplexity == pytest.approx(whole.perplexity)


def test_every_token_but_a_document_s_first_is_given_half_a_window(tmp_path: Path) -> None:
    document = Document("d", "test", (Turn("text", SENTENCE * 10),))
    file = write_token_file([document], TOKENIZER, tmp_path / "file")
    seen: list[int] = []

    class Watches:
        context = 10

        def __call__(self, texts: Sequence[Sequence[int]]) -> list[FloatArray]:
            seen.extend(len(text) for text in texts)
            return [np.zeros(len(text) - 1, np.float32) for text in texts]

    measure_likelihood(Watches(), file)
    assert seen[0] == 10
    assert len(seen) == -(-(file.facts.tokens - 10) // 5) + 1


def test_a_prompt_ends_where_typing_stopped() -> None:
    turns = (Turn("user", "where is it?"),)
    ids = prompt_tokens(TOKENIZER, turns, Turn("agent", "I would like"), "I would")
    text = TOKENIZER.decode(ids, skip_special_tokens=False)
    assert text == "<|endoftext|><|user|>where is it?<|end|><|agent|>I would"
