"""What a classifier's manifest says of it: the facts that serving needs."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from cuebox.core.errors import ModelError
from cuebox.core.text import TextSettings

__all__ = ["ClassifierBody", "OutOfScope", "Task", "parse_body"]

Task = Literal["single", "multi"]


class OutOfScope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a classifier tells a text that belongs to none of its labels.

    Attributes:
        label: what such rows are called in the data; empty when the data has none.
        min_logit: a single-label text is out of scope when its highest logit is lower. The
            highest logit separates better than the highest probability, which a softmax
            pushes up for texts far from every label (Hendrycks et al., 2022, "Scaling
            out-of-distribution detection"). None for a multi-label head, where a text over no
            label's threshold is out of scope.
    """

    label: str = ""
    min_logit: float | None = None


class ClassifierBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The body of a classifier's manifest.

    Attributes:
        labels: in the order of the head's outputs.
        task: `single` is a softmax over the labels, `multi` a sigmoid per label.
        text: normalisation that the head was trained with.
        head: `linear`, `mlp` or `centroid`.
        calibration: `temperature`, `platt` or `none`; already folded into the head's weights.
        thresholds: multi-label only, the probability from which each label is given.
        out_of_scope: None for a model that does not detect it.
        golden_tolerance: how far a probability may be from its golden example. Dynamic int8
            gives slightly different embeddings on CPUs with and without VNNI, so this is
            wide; a wrong head or encoder misses by far more.
    """

    labels: list[str]
    task: Task
    text: TextSettings
    head: str
    calibration: str = "none"
    thresholds: list[float] = []
    out_of_scope: OutOfScope | None = None
    golden_tolerance: float = 0.15


def parse_body(name: str, body: dict[str, Any]) -> ClassifierBody:
    """Decode and check the body of the manifest of the classifier `name`.

    Raises:
        ModelError: a field is missing or of the wrong type, or counts do not agree.
    """
    try:
        parsed = msgspec.convert(body, ClassifierBody)
    except msgspec.ValidationError as error:
        raise ModelError(f"classifier {name!r}: bad manifest body: {error}") from error
    if len(set(parsed.labels)) != len(parsed.labels) or not parsed.labels:
        raise ModelError(f"classifier {name!r}: labels must be one or more different names")
    wanted = len(parsed.labels) if parsed.task == "multi" else 0
    if len(parsed.thresholds) != wanted:
        raise ModelError(
            f"classifier {name!r}: {len(parsed.thresholds)} thresholds, expected {wanted}"
        )
    return parsed
