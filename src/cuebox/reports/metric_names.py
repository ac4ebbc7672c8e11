"""What each figure is called on a page, what it means, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["METRICS", "NONE", "MetricName", "count", "figure", "metric_name", "percent", "points"]


NONE = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class MetricName:
    """A figure's title and its meaning in a few words.

    Attributes:
        percent: written as a percentage rather than a plain number.
        lower_is_better: a loss or an error; None where neither is better.
    """

    title: str
    meaning: str
    percent: bool = True
    lower_is_better: bool | None = False


METRICS: dict[str, MetricName] = {
    "accuracy": MetricName("Accuracy", "texts given the right label"),
    "subset_accuracy": MetricName("Exact match", "texts given exactly their set of labels"),
    "weighted_f1": MetricName("Weighted F1", "mean F1, frequent labels count for more"),
    "macro_f1": MetricName("Macro F1", "mean F1, every label counts the same"),
    "micro_f1": MetricName("Micro F1", "F1 over all decisions together"),
    "top_3_accuracy": MetricName("Top 3", "right label among the first three"),
    "top_5_accuracy": MetricName("Top 5", "right label among the first five"),
    "mean_average_precision": MetricName("Mean average precision", "ranking, without thresholds"),
    "hamming_loss": MetricName("Hamming loss", "wrong yes-or-no decisions", lower_is_better=True),
    "label_cardinality": MetricName(
        "Labels a text has", "on average", percent=False, lower_is_better=None
    ),
    "predicted_cardinality": MetricName(
        "Labels the model gives", "on average", percent=False, lower_is_better=None
    ),
    "log_loss": MetricName(
        "Log loss",
        "0 is perfect; confident mistakes cost most",
        percent=False,
        lower_is_better=True,
    ),
    "ece": MetricName(
        "Calibration error", "mean distance of confidence from the truth", lower_is_better=True
    ),
    "out_of_scope_recall": MetricName("Out-of-scope recall", "strange texts that are noticed"),
    "out_of_scope_precision": MetricName(
        "Out-of-scope precision", "rejected texts that deserved it"
    ),
    "out_of_scope_f1": MetricName("Out-of-scope F1", "recall and precision together"),
    "out_of_scope_auroc": MetricName("AUROC", "separation, without a threshold; 50% is chance"),
    "out_of_scope_fpr_at_95": MetricName(
        "FPR@95",
        "strange texts let in when 95% of good ones are",
        lower_is_better=True,
    ),
    "out_of_scope_accuracy_with_rejection": MetricName(
        "In-scope accuracy, rejecting", "a rejected good text counts as wrong"
    ),
    "out_of_scope_false_rejection": MetricName(
        "False rejection", "good texts turned away", lower_is_better=True
    ),
}


def metric_name(metric: str) -> MetricName:
    """The entry in `METRICS`, or the metric's own name as a title."""
    return METRICS.get(metric) or MetricName(metric.replace("_", " "), "", percent=False)


def figure(metric: str, value: float | None) -> str:
    """A value as it is written: `92.4%`, `0.451`, or a dash for none."""
    if value is None:
        return NONE
    return percent(value) if metric_name(metric).percent else f"{value:.3f}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share in [0, 1] as a percentage; a share just short of 1 is never written as 100%."""
    if share is None:
        return NONE
    text = f"{100 * share:.{digits}f}"
    if share < 1 and float(text) == 100:
        text = f"{100 - 10**-digits:.{digits}f}"
    return f"{text}%"


def points(change: float) -> str:
    """A difference of two shares in percentage points, with its sign."""
    return f"{100 * change:+.1f} points".replace("-", "\N{MINUS SIGN}")


def count(number: int, singular: str, plural: str | None = None) -> str:
    """`1 row`, `3,080 rows`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
