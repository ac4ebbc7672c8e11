"""Sampling against a slow, obvious implementation of the same definitions."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.generation import GenerateRequest
from cuebox.generation.choices.row import Pick, Row, Sampling
from cuebox.generation.choices.sampling import best, choose
from cuebox.generation.choices.vocabulary import Vocabulary
from tests.fakes.byte_tokenizer import ByteTokenizer

if TYPE_CHECKING:
    from cuebox.core.types import FloatArray

VOCABULARY = Vocabulary(ByteTokenizer())
SIZE = len(VOCABULARY)
PROMPT = [3, 4, 5, 5]


def a_row(number: int = 0, *, used: tuple[int, ...] = (), stem: bytes = b"", **asked: Any) -> Row:
    request = GenerateRequest(prompt="x", **asked)
    row = Row(VOCABULARY, Sampling.of(request, PROMPT), seed=11, number=number, stem=stem)
    for token in used:
        row.take(Pick(token, -1.0), [])
    return row


def some_logits(rows: int, seed: int = 0, spread: float = 3.0) -> FloatArray:
    values = np.random.default_rng(seed).standard_normal((rows, SIZE)) * spread
    return values.astype(np.float32)


def expected_distribution(row: Row, logits: FloatArray) -> dict[int, float]:
    """Probability of each token by the definitions, one after the other, in float64."""
    asked = row.sampling
    values = {token: float(value) for token, value in enumerate(logits)}
    for token in {*asked.prompt_ids.tolist(), *row.tokens}:
        if asked.repetition_penalty != 1:
            old = values[token]
            factor = asked.repetition_penalty
            values[token] = old / factor if old > 0 else old * factor
    for token, times in Counter(row.tokens).items():
        values[token] -= asked.presence_penalty + asked.frequency_penalty * times
    for token, bias in zip(asked.bias_ids.tolist(), asked.bias.tolist(), strict=True):
        values[token] += bias
    if row.allowed is not None:
        priors = [0.0] * row.allowed.covers + row.allowed.prior.tolist()
        allowed = zip(row.allowed.ids.tolist(), priors, strict=True)
        values = {token: values[token] + prior for token, prior in allowed}
    if asked.temperature == 0:
        return {max(values, key=values.__getitem__): 1.0}
    falling = sorted(values, key=values.__getitem__, reverse=True)
    if asked.top_k:
        falling = falling[: asked.top_k]
    top = values[falling[0]]
    weights = [math.exp((values[token] - top) / asked.temperature) for token in falling]
    kept: dict[int, float] = {}
    for token, weight in zip(falling, weights, strict=True):
        if sum(kept.values()) >= asked.top_p * sum(weights):
            break
        kept[token] = weight
    return {token: weight / sum(kept.values()) for token, weight in kept.items()}


SETTINGS: list[dict[str, Any]] = [
    {},
    {"temperature": 0.5},
    {"temperature": 2.0, "top_k": 7},
    {"top_p": 0.7},
    {"temperature": 1.5, "top_p": 0.9, "top_k": 20},
    {"top_p": 0.999},
    {"temperature": 0.7, "repetition_penalty": 1.5, "used": (7, 8, 7)},
    {"presence_penalty": 1.0, "frequency_penalty": 0.5, "used": (7, 8, 7), "top_k": 5},
    {"logit_bias": {9: 5.0, 10: -100.0}, "top_p": 0.8},
    {"stem": b" lik", "temperature": 1.5},
    {"stem": b" ", "top_p": 0.5},
]


@pytest.mark.parametrize("asked", SETTINGS, ids=str)
def test_tokens_are_drawn_as_often_as_defined(asked: dict[str, Any]) -> None:
    logits = some_logits(1)
    draws = 4_000
    drawn: Counter[int] = Counter()
    row = a_row(**asked)
    for number in range(draws):
        row.number = number
        choose([row], logits)
        drawn[row.picks[0].token] += 1
    expected = expected_distribution(row, logits[0])
    assert set(drawn) <= set(expected)
    chi_square, freedom = 0.0, -1
    rest = draws
    for token, probability in expected.items():
        if probability * draws >= 8:
            chi_square += (drawn[token] - probability * draws) ** 2 / (probability * draws)
            rest -= drawn[token]
            freedom += 1
    assert chi_square < freedom + 5 * math.sqrt(2 * max(freedom, 1))
    rare = sum(probability for probability in expected.values() if probability * draws < 8)
    assert abs(rest - rare * draws) < 5 * math.sqrt(rare * draws) + 1


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"repetition_penalty": 3.0, "used": (7, 8)},
        {"presence_penalty": 2.0, "frequency_penalty": 2.0, "used": (7, 8)},
        {"logit_bias": {300: 50.0}},
        {"stem": b" th"},
    ],
    ids=str,
)
def test_temperature_0_takes_the_best_after_all_edits(asked: dict[str, Any]) -> None:
    for seed in range(20):
        logits = some_logits(1, seed)
        row = a_row(temperature=0.0, **asked)
        choose([row], logits)
        assert [row.picks[0].token] == list(expected_distribution(row, logits[0]))


@pytest.mark.parametrize("asked", SETTINGS, ids=str)
def test_log_probabilities_are_the_models_own(asked: dict[str, Any]) -> None:
    logits = some_logits(1)
    row = a_row(logprobs=3, **asked)
    choose([row], logits)
    values = logits[0].astype(np.float64)
    own = values - np.log(np.exp(values).sum())
    assert row.picks[0].logprob == pytest.approx(own[row.picks[0].token], abs=1e-4)
    places = np.arange(SIZE) if row.allowed is None else row.allowed.ids
    falling = sorted(places.tolist(), key=lambda token: -own[token])
    assert [token for token, _ in row.top] == falling[:3]
    assert [value for _, value in row.top] == pytest.approx(own[falling[:3]], abs=1e-4)


def test_a_rows_choice_does_not_depend_on_its_company() -> None:
    asked = [one for one in SETTINGS for _ in range(3)]
    logits = some_logits(len(asked))
    alone = []
    for number, one in enumerate(asked):
        row = a_row(number, logprobs=2, **one)
        choose([row], logits[number : number + 1])
        alone.append((row.picks, row.top, row.mass, row.cover))
    order = np.random.default_rng(3).permutation(len(asked))
    rows = [a_row(int(number), logprobs=2, **asked[number]) for number in order]
    choose(rows, logits[order])
    together = [(row.picks, row.top, row.mass, row.cover) for row in rows]
    assert together == [alone[number] for number in order]


def test_logits_are_left_as_they_are() -> None:
    logits = some_logits(len(SETTINGS))
    before = logits.copy()
    logits.flags.writeable = False
    choose([a_row(number, **one) for number, one in enumerate(SETTINGS)], logits)
    np.testing.assert_array_equal(logits, before)


@pytest.mark.parametrize("asked", [{}, {"top_k": 6}, {"temperature": 0.0}, {"top_p": 0.9}], ids=str)
def test_several_draws_differ_and_the_first_is_what_one_draw_gives(asked: dict[str, Any]) -> None:
    logits = some_logits(1)
    for number in range(50):
        one, several = a_row(number, **asked), a_row(number, **asked)
        several.draws = 4
        choose([one, several], np.concatenate([logits, logits]))
        tokens = [token for token, _ in several.picks]
        assert len(set(tokens)) == len(tokens) == 4
        assert several.picks[0] == one.picks[0]


def test_more_draws_than_tokens_left_give_what_there_is() -> None:
    row = a_row(top_k=2)
    row.draws = 5
    choose([row], some_logits(1))
    assert len(row.picks) == 2


def test_a_seed_repeats_its_draws_and_another_does_not() -> None:
    logits = np.zeros((1, SIZE), dtype=np.float32)
    runs = []
    for seed in (5, 5, 6):
        row = a_row()
        row.seed = seed
        tokens = []
        for _ in range(10):
            choose([row], logits)
            tokens.append(row.picks[0].token)
            row.take(row.picks[0], [])
        runs.append(tokens)
    assert runs[0] == runs[1] != runs[2]
    assert len(set(runs[0])) > 5


@pytest.mark.parametrize("temperature", [0.0, 1e-8, 0.01, 1.0, 1e6])
def test_extreme_logits_break_nothing(temperature: float) -> None:
    logits = np.full((3, SIZE), -np.inf, dtype=np.float32)
    logits[0, 5] = 10
    logits[1] = 1e6
    logits[2] = np.linspace(-1e4, 1e4, SIZE)
    rows = [a_row(number, temperature=temperature, top_p=0.9) for number in range(3)]
    choose(rows, logits)
    assert rows[0].picks == [Pick(5, 0.0)]
    assert rows[1].picks[0].logprob == pytest.approx(-math.log(SIZE), rel=1e-3)
    assert all(math.isfinite(row.picks[0].logprob) for row in rows)


def test_a_forbidden_vocabulary_still_gives_a_token() -> None:
    logits = np.full((1, SIZE), -np.inf, dtype=np.float32)
    logits[0, 5] = 0
    row = a_row(stem=b" ", temperature=0.0)
    choose([row], logits)
    assert row.picks[0].logprob == -9_999
    assert math.isfinite(row.mass)
    assert math.isfinite(row.cover)


@settings(deadline=None, max_examples=100)
@given(
    st.integers(1, 400),
    st.integers(1, 450),
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 3, 1_000_000]),
)
def test_best_is_the_head_of_a_stable_sort(size: int, count: int, seed: int, levels: int) -> None:
    values = np.random.default_rng(seed).integers(0, levels, size).astype(np.float32)
    expected = np.argsort(-values, kind="stable")[:count]
    np.testing.assert_array_equal(best(values, count), expected)
