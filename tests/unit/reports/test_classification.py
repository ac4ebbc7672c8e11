"""Scores against hand-computed cases and scikit-learn."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from cuebox.core.errors import DataError
from cuebox.reports.classification import OutOfScope, classification_scores
from cuebox.reports.scores import ClassificationScores

ABC = ["a", "b", "c"]


def one_hot(answers: list[int], labels: int, sure: float = 0.9) -> np.ndarray[Any, Any]:
    """Probabilities that give `answers`, each with probability `sure`."""
    rest = (1 - sure) / (labels - 1)
    return np.where(np.arange(labels) == np.array(answers)[:, None], sure, rest)


def random_single(seed: int, rows: int, labels: int) -> tuple[Any, Any, list[str]]:
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(labels, 0.3), size=rows)
    truth = np.where(
        random.random(rows) < 0.6, probabilities.argmax(1), random.integers(0, labels, rows)
    )
    return truth, probabilities, [f"label {index}" for index in range(labels)]


def random_multi(seed: int, rows: int, labels: int) -> tuple[Any, Any, list[str]]:
    random = np.random.default_rng(seed)
    probabilities = random.random((rows, labels))
    truth = (random.random((rows, labels)) < probabilities**2).astype(int)
    return truth, probabilities, [f"label {index}" for index in range(labels)]


def test_a_hand_computed_case() -> None:
    scores = classification_scores(
        [0, 0, 1, 2],
        [[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.7, 0.1], [0.5, 0.2, 0.3]],
        ABC,
        texts=["w", "x", "y", "z"],
    )
    figures = scores.flat()
    assert figures["accuracy"] == pytest.approx(2 / 4)
    # a: right 1, given 2, support 2; b: right 1, given 2, support 1; c: never given.
    assert [row.f1 for row in scores.per_label] == pytest.approx([1 / 2, 2 / 3, 0])
    assert figures["macro_f1"] == pytest.approx((1 / 2 + 2 / 3 + 0) / 3)
    assert figures["weighted_f1"] == pytest.approx((2 * 1 / 2 + 2 / 3) / 4)
    assert figures["micro_f1"] == pytest.approx(figures["accuracy"])
    assert figures["log_loss"] == pytest.approx(-np.log([0.8, 0.3, 0.7, 0.3]).mean())
    assert scores.confusion_matrix == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    assert [(pair.truth, pair.predicted, pair.share) for pair in scores.confusions] == [
        ("a", "b", 0.5),
        ("c", "a", 1.0),
    ]
    assert [(row.row, row.text, row.probability) for row in scores.mistakes] == [
        (1, "x", 0.6),
        (3, "z", 0.5),
    ]


@pytest.mark.parametrize(("rows", "labels"), [(400, 4), (300, 20), (50, 2)])
def test_single_label_agrees_with_scikit_learn(rows: int, labels: int) -> None:
    truth, probabilities, names = random_single(labels, rows, labels)
    figures = classification_scores(truth, probabilities, names, resamples=0).flat()
    answers = probabilities.argmax(1)
    every = np.arange(labels)
    assert figures["accuracy"] == pytest.approx(sk.accuracy_score(truth, answers))
    for average in ("weighted", "macro", "micro"):
        expected = sk.f1_score(truth, answers, average=average, zero_division=0)
        assert figures[f"{average}_f1"] == pytest.approx(expected)
    assert figures["log_loss"] == pytest.approx(sk.log_loss(truth, probabilities, labels=every))
    if labels > 3:
        expected = sk.top_k_accuracy_score(truth, probabilities, k=3, labels=every)
        assert figures["top_3_accuracy"] == pytest.approx(expected)
    assert ("top_5_accuracy" in figures) == (labels > 5)


def test_the_per_class_table_agrees_with_scikit_learn() -> None:
    truth, probabilities, names = random_single(1, 300, 6)
    scores = classification_scores(truth, probabilities, names, resamples=0)
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        truth, probabilities.argmax(1), labels=np.arange(6), zero_division=0
    )
    assert [row.precision for row in scores.per_label] == pytest.approx(list(precision))
    assert [row.recall for row in scores.per_label] == pytest.approx(list(recall))
    assert [row.f1 for row in scores.per_label] == pytest.approx(list(f1))
    assert [row.support for row in scores.per_label] == list(support)
    matrix = sk.confusion_matrix(truth, probabilities.argmax(1), labels=np.arange(6))
    assert scores.confusion_matrix == matrix.tolist()


@pytest.mark.parametrize("thresholds", [None, 0.3, [0.1, 0.5, 0.9, 0.7, 0.2]])
def test_multi_label_agrees_with_scikit_learn(thresholds: Any) -> None:
    truth, probabilities, names = random_multi(2, 200, 5)
    scores = classification_scores(
        truth, probabilities, names, multilabel=True, thresholds=thresholds, resamples=0
    )
    answers = (probabilities >= np.array(0.5 if thresholds is None else thresholds)).astype(int)
    figures = scores.flat()
    assert figures["subset_accuracy"] == pytest.approx(sk.accuracy_score(truth, answers))
    assert figures["hamming_loss"] == pytest.approx(sk.hamming_loss(truth, answers))
    for average in ("weighted", "macro", "micro"):
        expected = sk.f1_score(truth, answers, average=average, zero_division=0)
        assert figures[f"{average}_f1"] == pytest.approx(expected)
    expected = sk.average_precision_score(truth, probabilities, average="macro")
    assert figures["mean_average_precision"] == pytest.approx(expected)
    assert figures["label_cardinality"] == pytest.approx(truth.sum() / 200)
    assert figures["predicted_cardinality"] == pytest.approx(answers.sum() / 200)
    binary = sk.log_loss(truth.ravel(), probabilities.ravel())
    assert figures["log_loss"] == pytest.approx(binary)
    assert scores.confusion_matrix is None
    assert scores.per_label[2].threshold == pytest.approx(np.broadcast_to(
        0.5 if thresholds is None else thresholds, 5)[2])  # fmt: skip


def test_one_threshold_curve_matches_the_figures_at_one_half() -> None:
    truth, probabilities, names = random_multi(3, 150, 4)
    scores = classification_scores(truth, probabilities, names, multilabel=True, resamples=0)
    half = next(point for point in scores.threshold_curve if point.threshold == 0.5)
    assert half.f1 == pytest.approx(scores.flat()["micro_f1"])
    answers = probabilities >= 0.5
    assert half.precision == pytest.approx(sk.precision_score(truth, answers, average="micro"))
    assert half.recall == pytest.approx(sk.recall_score(truth, answers, average="micro"))


def test_multi_label_confusions_name_what_was_missed_and_what_was_given_instead() -> None:
    scores = classification_scores(
        [[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]],
        [[0.2, 0.9, 0], [0.9, 0.1, 0], [0, 0, 0.8], [0, 0, 0.7]],
        ABC,
        multilabel=True,
        texts=["swapped", "one missed", "one too many", "right"],
    )
    pairs = {(pair.truth, pair.predicted): pair for pair in scores.confusions}
    assert set(pairs) == {("a", "b"), ("b", ""), ("", "c")}
    assert pairs["b", ""].examples == ["one missed"]
    assert pairs["", "c"].share == pytest.approx(1 / 4)
    assert [row.text for row in scores.mistakes] == ["swapped", "one missed", "one too many"]


def test_a_multi_label_model_that_never_answers_scores_zero_without_a_warning() -> None:
    scores = classification_scores(
        [[1, 0], [0, 1]], [[0.1, 0.1], [0.2, 0.3]], ["a", "b"], multilabel=True
    )
    figures = scores.flat()
    assert figures["micro_f1"] == figures["macro_f1"] == figures["subset_accuracy"] == 0
    assert [row.precision for row in scores.per_label] == [0, 0]


def test_a_class_absent_from_truth_and_answer_does_not_count_in_macro_f1() -> None:
    scores = classification_scores([0, 1], one_hot([0, 1], 3), ABC)
    assert scores.flat()["macro_f1"] == 1
    absent = scores.per_label[2]
    assert (absent.support, absent.precision, absent.recall, absent.f1) == (0, None, None, None)


def test_a_class_absent_from_the_truth_but_given_counts_as_zero() -> None:
    scores = classification_scores([0, 1], one_hot([0, 2], 3), ABC)
    assert scores.flat()["macro_f1"] == pytest.approx(1 / 3)
    assert scores.per_label[2].recall is None
    assert scores.per_label[2].precision == 0


def test_of_equal_probabilities_the_first_label_is_the_answer() -> None:
    even = np.full((3, 3), 1 / 3)
    scores = classification_scores([0, 1, 2], even, ABC)
    assert scores.flat()["accuracy"] == pytest.approx(1 / 3)
    assert [row.predicted for row in scores.per_label] == [3, 0, 0]


def test_one_row_and_one_class() -> None:
    scores = classification_scores([0], [[1.0]], ["only"])
    assert scores.flat()["accuracy"] == 1
    assert scores.metrics["accuracy"].low is None
    assert scores.mistakes == []
    assert scores.confusion_matrix == [[1]]


def test_expected_calibration_error_by_hand() -> None:
    # 0.9 said, 0.5 right; 0.6 said, 1.0 right: (2 * 0.4 + 2 * 0.4) / 4.
    probabilities = [[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]]
    scores = classification_scores([0, 1, 0, 0], probabilities, ["a", "b"], calibration_bins=10)
    assert scores.calibration.ece == pytest.approx(0.4)
    assert [part.count for part in scores.calibration.bins] == [2, 2]
    assert [part.confidence for part in scores.calibration.bins] == pytest.approx([0.6, 0.9])
    assert [part.accuracy for part in scores.calibration.bins] == [1.0, 0.5]


def test_coverage_falls_and_accuracy_is_of_what_is_left() -> None:
    probabilities = [[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.5, 0.5]]
    scores = classification_scores([0, 1, 1, 0], probabilities, ["a", "b"])
    at = {point.threshold: point for point in scores.coverage}
    assert (at[0.0].coverage, at[0.0].accuracy) == (1.0, 0.75)
    assert (at[0.6].coverage, at[0.6].accuracy) == (0.75, 2 / 3)
    assert (at[0.65].coverage, at[0.65].accuracy) == (0.5, 1.0)
    assert (at[0.95].coverage, at[0.95].accuracy) == (0.0, None)


def test_intervals_are_repeatable_hold_the_value_and_shrink_with_rows() -> None:
    widths = []
    for rows in (100, 2000):
        truth, probabilities, names = random_single(5, rows, 4)
        first = classification_scores(truth, probabilities, names, resamples=300)
        again = classification_scores(truth, probabilities, names, resamples=300)
        assert first == again
        estimate = first.metrics["accuracy"]
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low <= estimate.value <= estimate.high
        widths.append(estimate.high - estimate.low)
    # About 2 * 1.96 * sqrt(p * (1 - p) / rows).
    assert widths[1] < widths[0] / 3


def scored_out_of_scope() -> ClassificationScores:
    return classification_scores(
        [0, 0, 1, 1, -1, -1],
        one_hot([0, 1, 1, 1, 0, 1], 2),
        ["a", "b"],
        out_of_scope=OutOfScope([0.1, 0.2, 0.3, 0.8, 0.9, 0.4], threshold=0.5),
        texts=["in 0", "in 1", "in 2", "in 3", "out 0", "out 1"],
    )


def test_out_of_scope_by_hand() -> None:
    scores = scored_out_of_scope()
    found = scores.out_of_scope
    assert found is not None
    assert (scores.rows, scores.in_scope_rows, found.rows) == (6, 4, 2)
    assert (found.recall, found.precision, found.f1) == (0.5, 0.5, 0.5)
    assert (found.accuracy_without_rejection, found.accuracy_with_rejection) == (0.75, 0.5)
    assert found.false_rejection == 0.25
    # Of 8 pairs, only (0.8 in, 0.4 out) is the wrong way round.
    assert found.auroc == pytest.approx(7 / 8)
    # Accepting 95 % of four rows means accepting up to 0.8, and 0.4 is under it.
    assert found.fpr_at_95 == 0.5
    assert sum(found.histogram_in_scope) == 4
    assert sum(found.histogram_out_of_scope) == 2
    assert scores.flat()["out_of_scope_recall"] == 0.5
    assert scores.flat()["accuracy"] == 0.75


def test_an_accepted_out_of_scope_row_is_a_mistake_and_a_rejected_one_is_not() -> None:
    mistakes = {row.text: row for row in scored_out_of_scope().mistakes}
    assert set(mistakes) == {"in 1", "out 1"}
    assert mistakes["out 1"].truth == []
    assert mistakes["out 1"].predicted == ["b"]


def test_out_of_scope_detection_without_such_rows_has_no_recall() -> None:
    scores = classification_scores(
        [0, 1], one_hot([0, 1], 2), ["a", "b"], out_of_scope=OutOfScope([-3.0, -3.0], 0)
    )
    found = scores.out_of_scope
    assert found is not None
    assert (found.recall, found.auroc, found.fpr_at_95, found.precision) == (None,) * 4
    assert found.false_rejection == 0
    assert "out_of_scope_recall" not in scores.flat()


def test_multi_label_rows_without_labels_are_out_of_scope_when_that_is_detected() -> None:
    truth = [[1, 0], [0, 1], [0, 0]]
    said = [[0.9, 0.1], [0.1, 0.9], [0.9, 0.2]]
    plain = classification_scores(truth, said, ["a", "b"], multilabel=True)
    assert plain.in_scope_rows == 3
    assert plain.flat()["subset_accuracy"] == pytest.approx(2 / 3)
    detecting = classification_scores(
        truth, said, ["a", "b"], multilabel=True, out_of_scope=OutOfScope([0, 0, 1], 0.5)
    )
    assert detecting.in_scope_rows == 2
    assert detecting.flat()["subset_accuracy"] == 1
    assert detecting.flat()["out_of_scope_recall"] == 1


def test_a_large_label_set_has_no_matrix() -> None:
    labels = [str(index) for index in range(201)]
    scores = classification_scores([3, 200], one_hot([3, 1], 201), labels)
    assert scores.confusion_matrix is None
    assert [(pair.truth, pair.predicted) for pair in scores.confusions] == [("200", "1")]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"probabilities": [[float("nan"), 1.0], [0, 1]]}, r"nan at \(0, 0\)"),
    ({"probabilities": [[float("inf"), 1.0], [0, 1]]}, r"inf at"),
    ({"probabilities": [[4.0, -3.0], [0, 1]]}, "not logits"),
    ({"probabilities": [[0.9, 0.9], [0, 1]]}, "multilabel=True"),
    ({"probabilities": [[0.5, 0.5]]}, r"expected \(1,\)"),
    ({"probabilities": [0.5, 0.5]}, r"expected \(rows, 2\)"),
    ({"probabilities": np.zeros((0, 2)), "truth": np.zeros(0, int)}, "no rows"),
    ({"truth": [0, 2]}, "expected -1 to 1"),
    ({"truth": [0.0, 1.0]}, "whole numbers"),
    ({"truth": [0, -1]}, "no out-of-scope detection"),
    ({"truth": [[1, 0], [0, 2]], "multilabel": True}, "of 0 and 1"),
    ({"thresholds": 0.5}, "multi-label models only"),
    (
        {"truth": [[1, 0], [0, 1]], "multilabel": True, "thresholds": [0.5, 0.5, 0.5]},
        r"thresholds have shape \(3,\)",
    ),
    ({"labels": ["a", "a"]}, "named once"),
    ({"labels": []}, "at least one"),
    ({"texts": ["only one"]}, "1 texts for 2 rows"),
    ({"out_of_scope": OutOfScope([0.1], 0.5)}, "out_of_scope.scores"),
    ({"out_of_scope": OutOfScope([0.1, float("nan")], 0.5)}, "out_of_scope.scores"),
    ({"truth": [-1, -1], "out_of_scope": OutOfScope([1, 1], 0.5)}, "no row is in scope"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_arrays_that_do_not_fit_are_refused_with_the_reason(
    change: dict[str, Any], message: str
) -> None:
    good: dict[str, Any] = {
        "truth": [0, 1],
        "probabilities": [[0.9, 0.1], [0.2, 0.8]],
        "labels": ["a", "b"],
    }
    with pytest.raises(DataError, match=message):
        classification_scores(**(good | change))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), rows=st.integers(1, 40), labels=st.integers(1, 9))
def test_scores_are_sound_and_survive_json(seed: int, rows: int, labels: int) -> None:
    for multilabel in (False, True):
        make = random_multi if multilabel else random_single
        truth, probabilities, names = make(seed, rows, labels)
        scores = classification_scores(
            truth, probabilities, names, multilabel=multilabel, resamples=20
        )
        again = msgspec.json.decode(msgspec.json.encode(scores), type=ClassificationScores)
        assert again == scores
        bounded = {name: v for name, v in scores.flat().items() if "f1" in name or "acc" in name}
        assert all(0 <= value <= 1 + 1e-9 for value in bounded.values())
        expected = truth.size if multilabel else rows
        assert sum(part.count for part in scores.calibration.bins) == expected
