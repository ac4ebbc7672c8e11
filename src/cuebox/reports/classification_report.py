"""What a classifier's training hands to its report page; also written as JSON beside the model."""

from __future__ import annotations

import msgspec

from cuebox.core.errors import DataError
from cuebox.reports.scores import ClassificationScores

__all__ = [
    "ClassificationReport",
    "DataSummary",
    "LearningCurve",
    "LearningPoint",
    "ModelFacts",
    "SearchTable",
    "SearchTrial",
]


class ModelFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the model is and where it came from.

    Attributes:
        version: empty before the model is published.
        created: RFC 3339 UTC.
        description: a sentence or two in the owner's words, from the settings.
        head: how the head works, in words: "logistic regression, C=4, isotonic calibration".
        command: the command line that made it.
        config: the settings as they were used, as TOML text.
        environment: package name to version, and the machine.
        sizes: named sizes and speeds worth showing: `{"head": "57 KiB"}`.
    """

    name: str
    version: str = ""
    created: str = ""
    description: str = ""
    multilabel: bool = False
    encoder: str = ""
    encoder_digest: str = ""
    head: str = ""
    command: str = ""
    config: str = ""
    code_revision: str = ""
    environment: dict[str, str] = {}
    sizes: dict[str, str] = {}


class LearningPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The metric on held-out rows of a model trained on `rows` rows.

    Attributes:
        low, high: an interval over repeats, or the bootstrap's.
        train: the same metric on the rows it was trained on, where it was measured.
    """

    rows: int
    value: float
    low: float | None = None
    high: float | None = None
    train: float | None = None


class LearningCurve(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a metric grows with the amount of training data.

    Attributes:
        metric: a key of `ClassificationScores.metrics` that is better when higher.
        points: any order; two or more rows are needed for a picture.
    """

    metric: str
    points: list[LearningPoint]


class SearchTrial(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One combination that was tried."""

    settings: dict[str, str]
    score: float
    seconds: float | None = None
    chosen: bool = False


class SearchTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The search over head types and their settings.

    Attributes:
        metric: what was compared, on the validation rows (or by cross-validation).
        lower_is_better: true for losses.
    """

    metric: str
    trials: list[SearchTrial]
    lower_is_better: bool = False


class DataSummary(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the data looks like.

    Attributes:
        sources: files or queries, as the owner named them.
        rows: rows per split: `{"train": 8002, "validation": 2001, "test": 3080}`.
        label_rows: label to split to rows; a row with several labels counts for each.
        out_of_scope_rows: out-of-scope rows per split.
        duplicates: rows whose normalised text occurs earlier.
        conflicts: texts that occur with different labels.
        leaked: held-out rows whose text is also in the training rows.
        words: named quantiles of the words in a text: `{"median": 11, "p95": 30, "max": 79}`.
        dropped: rows left out, by reason: `{"empty text": 3}`.
        notes: anything else worth saying, one sentence each.
    """

    sources: list[str] = []
    rows: dict[str, int]
    label_rows: dict[str, dict[str, int]]
    out_of_scope_rows: dict[str, int] = {}
    duplicates: int | None = None
    conflicts: int | None = None
    leaked: int | None = None
    words: dict[str, float] = {}
    dropped: dict[str, int] = {}
    notes: list[str] = []


class ClassificationReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything on the page of one classifier.

    Attributes:
        scores: by split. The page is about `test`, else `validation`, else whatever there is;
            the other splits stand beside it for comparison.
        baseline: the same figures of the model in production, where there is one, measured on
            the same rows: shown as the change.
        baseline_name: how to call it: `banking@2026-11-20.1`.
    """

    model: ModelFacts
    scores: dict[str, ClassificationScores]
    data: DataSummary | None = None
    learning_curve: LearningCurve | None = None
    search: SearchTable | None = None
    baseline: dict[str, float] = {}
    baseline_name: str = ""
    schema_version: int = 1

    @property
    def main_split(self) -> str:
        """The split that the page is about.

        Raises:
            DataError: the report has no scores.
        """
        if not self.scores:
            raise DataError(f"the report of {self.model.name!r} has no scores", param="scores")
        for split in ("test", "validation"):
            if split in self.scores:
                return split
        return next(iter(self.scores))
