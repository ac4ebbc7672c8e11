from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from cuebox.core.errors import DataError
from cuebox.kinds.classifier.candidates import Candidate
from cuebox.kinds.classifier.scope import fit_min_logit
from cuebox.kinds.classifier.search import Trial, choose, make_pool
from cuebox.kinds.classifier.selection import best_threshold, label_thresholds, score_logits


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 999), labels=st.integers(2, 5), rows=st.integers(1, 30))
def test_scores_are_those_of_scikit_learn(seed: int, labels: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, labels, rows)
    logits = rng.normal(size=(rows, labels)).astype(np.float32)
    targets = np.eye(labels, dtype=np.float32)[truth]
    given = logits.argmax(axis=1)
    expected = {
        "accuracy": accuracy_score(truth, given),
        **{
            f"{average}_f1": f1_score(truth, given, average=average, zero_division=0)
            for average in ("micro", "macro", "weighted")
        },
    }
    for metric, value in expected.items():
        found = score_logits(logits, targets, task="single", metric=metric)
        assert found == pytest.approx(value)


def test_rows_without_a_label_do_not_count_for_a_single_label_head() -> None:
    targets = np.array([[1, 0], [0, 0]], np.float32)
    logits = np.array([[2, 1], [0, 9]], np.float32)
    assert score_logits(logits, targets, task="single", metric="accuracy") == 1.0


def test_each_label_gets_its_own_threshold_and_a_rare_one_the_common_one() -> None:
    rng = np.random.default_rng(0)
    truth = np.zeros((400, 3), np.float32)
    truth[:200, 0] = truth[:200, 1] = 1
    truth[0, 2] = 1
    scores = np.stack(
        [
            np.where(truth[:, 0] > 0, 0.9, 0.7),
            np.where(truth[:, 1] > 0, 0.4, 0.1),
            rng.random(400) * 0.05,
        ],
        axis=1,
    ).astype(np.float32)
    thresholds = label_thresholds(scores, truth)
    assert 0.7 < thresholds[0] <= 0.9
    assert 0.1 < thresholds[1] <= 0.4
    assert thresholds[2] == pytest.approx(best_threshold(scores, truth), abs=0.1)


def test_a_dearer_head_must_be_clearly_better() -> None:
    cheap = Trial(candidate=Candidate(type="linear"), score=0.900, seconds=1)
    dear = Trial(candidate=Candidate(type="mlp", hidden=512), score=0.904, seconds=1)
    assert choose([dear, cheap], simplest_within=0.005, rows=100_000) is cheap
    assert choose([dear, cheap], simplest_within=0.001, rows=100_000) is dear
    assert choose([dear, cheap], simplest_within=0.001, rows=100) is cheap
    assert choose([dear, cheap], simplest_within=0, rows=100) is dear


def test_folds_hold_every_row_out_once() -> None:
    x = np.zeros((23, 4), np.float32)
    y = np.eye(3, dtype=np.float32)[np.arange(23) % 3]
    pool = make_pool((x, y), (x[:0], y[:0]), folds=0, seed=1)
    assert len(pool.folds) == 5
    assert sorted(pool.held.tolist()) == list(range(23))
    for learnt, held in pool.folds:
        assert not set(learnt.tolist()) & set(held.tolist())
        assert pool.targets[held].any(axis=0).all()
    with pytest.raises(DataError, match="too few"):
        make_pool((x[:1], y[:1]), (x[:0], y[:0]), folds=0, seed=1)


def test_the_line_keeps_the_coverage_and_rejects_what_it_can() -> None:
    inside = np.linspace(1, 10, 1000).astype(np.float32)
    line = fit_min_logit(inside, np.empty(0, np.float32), coverage=0.95)
    assert (inside >= line).mean() == pytest.approx(0.95, abs=0.002)
    near = np.array([1.01, 1.02, 0.5], np.float32)
    line = fit_min_logit(inside, near, coverage=0.9)
    assert (inside >= line).mean() > 0.98
    assert (near < line).all()
    assert fit_min_logit(inside[:0], near, coverage=0.9) == float("-inf")
