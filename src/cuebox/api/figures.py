"""What the figures of versions are called, and which of them says most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FigureName", "figure_names"]

Unit = Literal["percent", "number", "milliseconds"]


class FigureName(msgspec.Struct, frozen=True):
    """How a figure is called and written.

    Attributes:
        name: its key in `metrics`.
        meaning: in a few words; empty where the title says it all.
        unit: a `percent` figure is a share in [0, 1].
        better: which way is better.
    """

    name: str
    title: str
    meaning: str
    unit: Unit
    better: Literal["higher", "lower", "neither"]


_OTHERS: dict[str, tuple[str, str, Unit, Literal["higher", "lower", "neither"]]] = {
    "exact_at_1": ("Right reply first", "of replies picked from the list", "percent", "higher"),
    "exact_at_3": ("Right reply among three", "of those picked from the list", "percent", "higher"),
    "exact_match_1": ("Next word right", "first suggestion, one word", "percent", "higher"),
    "exact_match_1_of_3": (
        "Next word among three",
        "any of three suggestions",
        "percent",
        "higher",
    ),
    "perplexity": ("Perplexity", "choices left open at each token", "number", "lower"),
    "bits_per_character": ("Bits per character", "on held-out text", "number", "lower"),
    "bits_per_byte": ("Bits per byte", "on held-out text", "number", "lower"),
    "parity_mean": ("Parity, mean", "cosine with the model it was made from", "number", "higher"),
    "parity_min": ("Parity, least", "cosine with the model it was made from", "number", "higher"),
    "divergence": ("Divergence", "from the unquantised model", "number", "lower"),
    "perplexity_growth": ("Perplexity added", "by quantisation", "percent", "lower"),
}

# The first of these that a version has stands for it.
_FIRST = (
    "accuracy", "subset_accuracy", "exact_at_1", "exact_match_1", "exact_at_3",
    "exact_match_1_of_3", "milliseconds_8_tokens", "macro_f1", "top_3_accuracy", "ece",
    "perplexity",
)  # fmt: skip


def figure_names(metrics: Iterable[str]) -> list[FigureName]:
    """Each figure once, the one that says most first, then in the order of the reports."""
    from cuebox.reports.metric_names import METRICS

    order = {name: at for at, name in enumerate((*_FIRST, *METRICS, *_OTHERS))}
    names = sorted(set(metrics), key=lambda name: (order.get(name, len(order)), name))
    return [_name(name) for name in names]


def _name(name: str) -> FigureName:
    from cuebox.reports.metric_names import METRICS

    if name in _OTHERS:
        return FigureName(name, *_OTHERS[name])
    known = METRICS.get(name)
    if known is not None:
        ways: dict[bool | None, Literal["higher", "lower", "neither"]]
        ways = {False: "higher", True: "lower", None: "neither"}
        unit: Unit = "percent" if known.percent else "number"
        return FigureName(name, known.title, known.meaning, unit, ways[known.lower_is_better])
    if name.startswith("milliseconds_"):
        title = f"Time for {name.removeprefix('milliseconds_').replace('_', ' ')}"
        return FigureName(name, title, "one text alone", "milliseconds", "lower")
    return FigureName(name, name.replace("_", " ").replace(".", ", "), "", "number", "neither")
