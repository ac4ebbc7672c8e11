"""How good a classifier is on one set of rows: plain values that survive JSON."""

from __future__ import annotations

import msgspec

__all__ = [
    "Calibration",
    "ClassificationScores",
    "Confusion",
    "CoveragePoint",
    "Estimate",
    "LabelScores",
    "Mistake",
    "OutOfScopeScores",
    "ReliabilityBin",
    "ThresholdPoint",
]


class Estimate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure and, where it was computed, its 95 % bootstrap interval."""

    value: float
    low: float | None = None
    high: float | None = None


class LabelScores(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One label's row in the per-class table.

    Attributes:
        support: rows that truly carry the label.
        predicted: rows that the model gave the label.
        precision: None when the label was never predicted and never true; 0 when it was
            never predicted but true somewhere.
        average_precision: area under the precision-recall curve; None without support.
        threshold: the probability from which a multi-label model gives the label.
    """

    label: str
    support: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None
    average_precision: float | None = None
    threshold: float | None = None


class Confusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A pair that is mixed up: rows of `truth` that were given `predicted`.

    In a multi-label task: rows where `truth` was missed and `predicted` was wrongly given;
    an empty string stands for "no label".

    Attributes:
        share: `count` over the rows that truly are `truth` (over all rows where that is empty).
        examples: a few of the texts, most confident mistake first.
    """

    truth: str
    predicted: str
    count: int
    share: float
    examples: list[str] = []


class ReliabilityBin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Predictions with a confidence in `(low, high]` (the first bin includes 0).

    Attributes:
        confidence: mean confidence in the bin.
        accuracy: how many of them were right, in [0, 1].
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whether probabilities mean what they say (Guo et al. 2017, equal-width bins).

    Single label: the confidence of the first answer against whether it was right.
    Multi-label: every label of every row, pooled, against whether it was true.

    Attributes:
        ece: expected calibration error, in [0, 1]; 0 is perfect.
        bins: the bins that hold at least one prediction, in order.
    """

    ece: float
    bins: list[ReliabilityBin]


class CoveragePoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens if only answers with `threshold` or more confidence are shown.

    Attributes:
        coverage: share of rows that still get an answer.
        accuracy: share of those answers that are right; None when none is left.
    """

    threshold: float
    coverage: float
    accuracy: float | None


class ThresholdPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Micro-averaged figures of a multi-label model with one threshold for every label."""

    threshold: float
    precision: float
    recall: float
    f1: float


class OutOfScopeScores(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How well texts that belong to no label are told from the rest.

    Rows are rejected when their score is over `threshold`. Recall, precision and F1 are of the
    class "out of scope".

    Attributes:
        rows: rows that truly are out of scope.
        accuracy_without_rejection: of in-scope rows, answered rightly when nothing is rejected;
            for a multi-label model, the exact set.
        accuracy_with_rejection: the same, where a rejected in-scope row counts as wrong.
        false_rejection: share of in-scope rows that are rejected.
        auroc: chance that an out-of-scope row scores over an in-scope one; None when either
            kind is missing.
        fpr_at_95: share of out-of-scope rows still accepted when the threshold is set to accept
            95 % of in-scope rows; None when either kind is missing.
        histogram_edges: `bins + 1` score edges of the two histograms.
    """

    rows: int
    threshold: float
    recall: float | None
    precision: float | None
    f1: float | None
    accuracy_without_rejection: float | None
    accuracy_with_rejection: float | None
    false_rejection: float | None
    auroc: float | None
    fpr_at_95: float | None
    histogram_edges: list[float]
    histogram_in_scope: list[int]
    histogram_out_of_scope: list[int]


class Mistake(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A row that the model got wrong, and how sure it was.

    Attributes:
        row: position in the arrays that were scored.
        truth: true labels; empty when the row is out of scope or has none.
        predicted: given labels; empty when none reached its threshold.
        probability: of the label wrongly given; where none was, 1 minus that of the label
            withheld.
    """

    row: int
    text: str = ""
    truth: list[str]
    predicted: list[str]
    probability: float


class ClassificationScores(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything measured on one set of rows.

    Attributes:
        rows: rows scored, out-of-scope ones included.
        in_scope_rows: rows behind `metrics` and all that follows; only `out_of_scope` and
            `mistakes` also look at the others.
        metrics: figures by name. Single label: `accuracy`, `weighted_f1`, `macro_f1`,
            `micro_f1`, `top_3_accuracy`, `top_5_accuracy` (where there are more labels than
            that), `log_loss`, `ece`. Multi-label: `subset_accuracy`, `weighted_f1`, `macro_f1`,
            `micro_f1`, `mean_average_precision`, `hamming_loss`, `label_cardinality`,
            `predicted_cardinality`, `log_loss` (per label), `ece`.
        confusions: the most frequent pairs, worst first.
        confusion_matrix: `[truth][predicted]` counts; single label, at most 200 labels.
        coverage: single label only, by rising threshold.
        threshold_curve: multi-label only, by rising threshold.
        mistakes: the most confident ones, worst first.
    """

    multilabel: bool
    labels: list[str]
    rows: int
    in_scope_rows: int
    metrics: dict[str, Estimate]
    per_label: list[LabelScores]
    calibration: Calibration
    confusions: list[Confusion]
    confusion_matrix: list[list[int]] | None = None
    coverage: list[CoveragePoint] = []
    threshold_curve: list[ThresholdPoint] = []
    out_of_scope: OutOfScopeScores | None = None
    mistakes: list[Mistake] = []

    def flat(self) -> dict[str, float]:
        """Every headline figure by name, for manifests and gates.

        Out-of-scope figures are `out_of_scope_recall`, `out_of_scope_auroc`, and so on; those
        that could not be computed are left out.
        """
        figures = {name: estimate.value for name, estimate in self.metrics.items()}
        if self.out_of_scope is not None:
            for name in _OUT_OF_SCOPE_FIGURES:
                value = getattr(self.out_of_scope, name)
                if value is not None:
                    figures[f"out_of_scope_{name}"] = value
        return figures


_OUT_OF_SCOPE_FIGURES = (
    "recall",
    "precision",
    "f1",
    "auroc",
    "fpr_at_95",
    "accuracy_with_rejection",
    "false_rejection",
)
