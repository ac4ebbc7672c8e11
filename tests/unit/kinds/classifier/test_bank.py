from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.errors import ModelError, UnknownModel
from cuebox.core.types import ClassifyOptions, FloatArray
from cuebox.kinds.classifier import KIND
from cuebox.kinds.classifier.bank import ClassifierBank
from cuebox.kinds.classifier.predict import ClassifierPredictor

Make = Callable[..., ClassifierPredictor]
DIM = 16
NATURAL = ClassifyOptions()


def embeddings(rows: int, seed: int = 0) -> FloatArray:
    values = np.random.default_rng(seed).standard_normal((rows, DIM), dtype=np.float32)
    unit: FloatArray = values / np.linalg.norm(values, axis=1, keepdims=True)
    return unit


@pytest.fixture(scope="module")
def shared_bank(make: Make) -> ClassifierBank:
    return KIND.bank(build_several(make))


@pytest.fixture
def several(make: Make) -> list[ClassifierPredictor]:
    return build_several(make)


def build_several(make: Make) -> list[ClassifierPredictor]:
    return [
        make("plain"),
        make("tags", 4, task="multi"),
        make("deep", 9, hidden=8),
        make("deeptags", 3, task="multi", hidden=6),
        make("one", 1),
        make("guarded", 6, min_logit=0.5),
    ]


@pytest.mark.parametrize("rows", [1, 2, 17])
def test_heads_asked_together_answer_as_each_alone(
    several: list[ClassifierPredictor], rows: int
) -> None:
    bank = KIND.bank(several)
    names = [one.manifest.name for one in several]
    texts = embeddings(rows)
    together = bank.classify(texts, names, NATURAL)
    for place, one in enumerate(several):
        alone = KIND.bank([one]).classify(texts, [one.manifest.name], NATURAL)
        for row in range(rows):
            got, expected = together[row][place], alone[row][0]
            assert got.model == names[place]
            assert [x.label for x in got.labels] == [x.label for x in expected.labels]
            assert [x.score for x in got.labels] == pytest.approx(
                [x.score for x in expected.labels], abs=1e-6
            )
            assert got.out_of_scope == expected.out_of_scope


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from(["plain", "tags", "deep", "deeptags", "one", "guarded"]), max_size=7)
)
def test_any_selection_comes_back_in_the_order_asked(
    shared_bank: ClassifierBank, names: list[str]
) -> None:
    answers = shared_bank.classify(embeddings(2), names, NATURAL)
    assert [[one.model for one in row] for row in answers] == [names, names]


def test_single_label_answer_is_the_most_probable_label(make: Make) -> None:
    one = make("plain", 40)
    bank = KIND.bank([one])
    texts = embeddings(5)
    probabilities = bank.probabilities(texts, "plain")
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    for row, [answer] in zip(probabilities, bank.classify(texts, ["plain"], NATURAL), strict=True):
        assert len(answer.labels) == 1
        assert answer.labels[0].label == one.labels[int(row.argmax())]
        assert answer.labels[0].score == pytest.approx(row.max(), abs=1e-6)
        assert answer.out_of_scope is None


def test_top_k_is_best_first_and_never_more_than_the_labels(make: Make) -> None:
    bank = KIND.bank([make("plain", 4), make("tags", 4, task="multi")])
    [[plain, tags]] = bank.classify(embeddings(1), ["plain", "tags"], ClassifyOptions(top_k=10))
    for answer in (plain, tags):
        scores = [one.score for one in answer.labels]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) == 4
    assert sum(one.score for one in plain.labels) == pytest.approx(1, abs=1e-5)


def test_multi_label_gives_every_label_over_its_own_threshold(make: Make) -> None:
    one = make("tags", 12, task="multi")
    one.limits[:6] = 0.9
    texts = embeddings(8)
    probabilities = one.probabilities(texts)
    for row, [answer] in zip(
        probabilities, KIND.bank([one]).classify(texts, ["tags"], NATURAL), strict=True
    ):
        expected = {one.labels[place] for place in np.flatnonzero(row >= one.limits).tolist()}
        assert {found.label for found in answer.labels} == expected


def test_threshold_of_the_request_overrides_the_models(make: Make) -> None:
    bank = KIND.bank([make("tags", 6, task="multi"), make("plain", 6)])
    names = ["tags", "plain"]
    [[tags, plain]] = bank.classify(embeddings(1), names, ClassifyOptions(threshold=0.0))
    assert (len(tags.labels), len(plain.labels)) == (6, 1)
    [[tags, plain]] = bank.classify(embeddings(1), names, ClassifyOptions(threshold=1.1))
    assert (tags.labels, plain.labels) == ([], [])


def test_out_of_scope_is_said_of_texts_far_from_every_label(make: Make) -> None:
    one = make("guarded", min_logit=0.0)
    near, far = embeddings(2)
    one.head.weight[:] = near * 10
    one.head.bias[:] = -1.0
    answers = KIND.bank([one]).classify(np.stack([near, -far]), ["guarded"], NATURAL)
    top = one.head.logits(np.stack([near, -far])).max(axis=1)
    assert [row[0].out_of_scope for row in answers] == [bool(logit < 0) for logit in top]
    assert answers[0][0].out_of_scope is False


def test_equal_logits_give_the_first_label(make: Make) -> None:
    one = make("plain", 3)
    one.head.weight[:] = 0
    one.head.bias[:] = 0
    other = make("other", 4)
    answers = KIND.bank([one, other]).classify(embeddings(3), ["plain", "other"], NATURAL)
    for plain, _ in answers:
        assert plain.labels[0].label == "plain-0"
        assert plain.labels[0].score == pytest.approx(1 / 3)


@pytest.mark.parametrize("task", ["single", "multi"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_damaged_embedding_is_refused_and_the_head_named(
    make: Make, task: str, value: float
) -> None:
    bank = KIND.bank([make("plain", task=task)])
    broken = embeddings(1)
    broken[0, 3] = value
    with np.errstate(invalid="ignore"), pytest.raises(ModelError, match="'plain'"):
        bank.classify(broken, ["plain"], NATURAL)
    with np.errstate(invalid="ignore"), pytest.raises(ModelError, match="'plain'"):
        bank.probabilities(np.full((1, DIM), np.nan, np.float32), "plain")


def test_an_unknown_model_is_named(make: Make) -> None:
    bank = KIND.bank([make("plain")])
    with pytest.raises(UnknownModel, match="'nobody'"):
        bank.classify(embeddings(1), ["plain", "nobody"], NATURAL)


def test_two_versions_of_a_name_live_side_by_side(make: Make) -> None:
    old, new = make("plain"), make("plain", version="2026-11-21.2")
    bank = KIND.bank([new, old])
    names = ["plain", "plain@2026-11-21.1"]
    [[first, second]] = bank.classify(embeddings(1), names, NATURAL)
    assert (first.version, second.version) == ("2026-11-21.2", "2026-11-21.1")


def test_many_rows_answer_as_few(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = KIND.bank([make("plain"), make("deep", hidden=4)])
    texts = embeddings(50)
    whole = bank.classify(texts, ["plain", "deep"], NATURAL)
    monkeypatch.setattr("cuebox.kinds.classifier.bank._LOGITS_AT_ONCE", 30)
    pieces = bank.classify(texts, ["plain", "deep"], NATURAL)
    assert [[x.labels[0].label for x in row] for row in pieces] == [
        [x.labels[0].label for x in row] for row in whole
    ]


def test_joined_weights_are_bounded(make: Make) -> None:
    heads = [make(f"m{place}") for place in range(6)]
    bank = ClassifierBank(heads, max_combinations=2)
    for place in range(5):
        bank.classify(embeddings(1), [f"m{place}", f"m{place + 1}"], NATURAL)
    assert len(bank._joined) == 2


@pytest.mark.parametrize("name", ["plain", "tags", "deep", "deeptags"])
def test_log_odds_are_those_of_the_probabilities(shared_bank: ClassifierBank, name: str) -> None:
    texts = embeddings(5)
    scores = shared_bank.probabilities(texts, name).astype(np.float64)
    for label in range(scores.shape[1]):
        odds = shared_bank.log_odds(texts, name, label)
        expected = np.log(scores[:, label] / (1 - scores[:, label]))
        assert odds == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_log_odds_stay_finite_where_a_label_has_no_alternative(
    shared_bank: ClassifierBank,
) -> None:
    assert shared_bank.log_odds(embeddings(2), "one", 0).tolist() == [88.0, 88.0]


def test_log_odds_tell_apart_what_probabilities_do_not(make: Make) -> None:
    one = make("far")
    one.head.bias[2] = 60.0
    bank = KIND.bank([one])
    texts = embeddings(2)
    assert bank.probabilities(texts, "far")[:, 2].tolist() == [1.0, 1.0]
    odds = bank.log_odds(texts, "far", 2)
    assert odds[0] != odds[1]
    assert np.all((odds > 40) & (odds < 80))
