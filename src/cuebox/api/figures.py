"""What the figures of versions are called, and which of them says most."""

from __future__ import annotations

import re
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
    "perplexity": ("Perplexity", "choices left open at each token", "number", "lower"),
    "bits_per_character": ("Bits per character", "on held-out text", "number", "lower"),
    "bits_per_byte": ("Bits per byte", "on held-out text", "number", "lower"),
    "parity_mean": ("Parity, mean", "cosine with the model it was made from", "number", "higher"),
    "parity_min": ("Parity, least", "cosine with the model it was made from", "number", "higher"),
    "divergence": ("Divergence", "from the unquantised model", "number", "lower"),
    "perplexity_growth": ("Perplexity added", "by quantisation", "percent", "lower"),
}

_WORDS = re.compile(r"exact_match_(\d+)(?:_of_(\d+))?")
_REPLIES = re.compile(r"exact_at_(\d+)(?:\.(all|free))?(?:\.draft_(\d+))?")

# The first of these that a version has stands for it.
_FIRST = (
    "accuracy", "subset_accuracy", "exact_at_1", "exact_match_1", "exact_at_3", "exact_at_1.draft_3", "exact_at_3.draft_3",
    "exact_match_1_of_3", "milliseconds_8_tokens", "macro_f1", "top_3_accuracy", "ece",
    "perplexity",
)  # fmt: skip


def figure_names(metrics: Iterable[str]) -> list[FigureName]:
    """Each figure once, the one that says most first, then in the order of the reports."""
    from cuebox.reports.metric_names import METRICS

    order = {name: at for at, name in enumerate(dict.fromkeys((*_FIRST, *METRICS, *_OTHERS)))}
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
    if (words := _WORDS.fullmatch(name)) is not None:
        title = "Next word" if words[1] == "1" else f"Next {words[1]} words"
        among = f"among {words[2]} suggestions" if words[2] else "first suggestion"
        return FigureName(name, f"{title} right", among, "percent", "higher")
    if (reply := _REPLIES.fullmatch(name)) is not None:
        title = "Right reply first" if reply[1] == "1" else f"Right reply among {reply[1]}"
        of = {"all": "of all messages", "free": "of those not in the list"}
        typed = f", {reply[3]} letter{'' if reply[3] == '1' else 's'} typed" if reply[3] else ""
        meaning = f"{of.get(reply[2] or '', 'of those picked from the list')}{typed}"
        return FigureName(name, title, meaning, "percent", "higher")
    if name.startswith("milliseconds_"):
        title = f"Time for {name.removeprefix('milliseconds_').replace('_', ' ')}"
        return FigureName(name, title, "one text alone", "milliseconds", "lower")
    return FigureName(name, name.replace("_", " ").replace(".", ", "), "", "number", "neither")
