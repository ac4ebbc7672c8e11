"""The pictures of a language model's report; each returns an altair chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cuebox.reports.charts import ACCENT, MUTED, WARN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cuebox.reports.language_model_report import CorpusFigures, CurvePoint

__all__ = ["suggestion_chart", "training_curve_chart"]

_WIDTH, _HEIGHT = 560, 280
_COLOURS = [ACCENT, WARN, "#6b4fa0", "#3f7d3a", "#8a6d1b", MUTED]

Chart = Any  # an altair chart


def training_curve_chart(
    curve: Sequence[CurvePoint], *, baselines: Mapping[str, float] | None = None
) -> Chart:
    """Bits per character over the tokens read, a line for each corpus.

    Args:
        curve: at least one point.
        baselines: corpus to the bits of another model, drawn as a dashed line of its colour.
    """
    import altair as alt

    names = list(curve[0].bits)
    colour = alt.Color(
        "corpus:N",
        scale=alt.Scale(domain=names, range=_COLOURS[: len(names)]),
        legend=None if len(names) == 1 else alt.Legend(title=None, orient="top"),
    )
    values = [
        {"tokens": point.tokens, "corpus": name, "bits": bits}
        for point in curve
        for name, bits in point.bits.items()
    ]
    y = alt.Y(
        "bits:Q",
        scale=alt.Scale(zero=False, nice=True),
        axis=alt.Axis(title="bits per character", tickCount=6),
    )
    base = alt.Chart(alt.Data(values=values), width=_WIDTH, height=_HEIGHT).encode(
        x=alt.X("tokens:Q", axis=alt.Axis(title="million tokens read", grid=False)),
        y=y,
        color=colour,
    )
    layers = [base.mark_line(), base.mark_point(size=14, filled=True)]
    others = [
        {"corpus": name, "bits": bits} for name, bits in (baselines or {}).items() if name in names
    ]
    if others:
        rules = alt.Chart(alt.Data(values=others)).encode(y=y, color=colour)
        layers.append(rules.mark_rule(strokeDash=[5, 4]))
    if decay := [
        point.tokens for point in curve if point.rate < 1 and point.tokens > curve[0].tokens
    ]:
        start = alt.Chart(alt.Data(values=[{"tokens": min(decay)}])).encode(x="tokens:Q")
        layers.append(start.mark_rule(color=MUTED, strokeDash=[1, 3]))
    return alt.layer(*layers)


def suggestion_chart(corpus: CorpusFigures) -> Chart:
    """ExactMatch over the number of words, for each model; one of three is dashed."""
    import altair as alt

    models = list(corpus.figures)
    values = [
        {"words": one.words, "model": model, "kind": kind, "share": share}
        for model, figures in corpus.figures.items()
        for one in figures.suggestions
        if one.at == "all" and one.places
        for kind, share in (("first suggestion", one.first), ("one of three", one.any))
    ]
    return (
        alt.Chart(alt.Data(values=values), width=_WIDTH // 2, height=_HEIGHT * 3 // 4)
        .mark_line(point=True)
        .encode(
            x=alt.X("words:O", axis=alt.Axis(title="words suggested", labelAngle=0)),
            y=alt.Y("share:Q", axis=alt.Axis(title="exactly right", format="~%", tickCount=5)),
            color=alt.Color(
                "model:N",
                scale=alt.Scale(domain=models, range=_COLOURS[: len(models)]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            strokeDash=alt.StrokeDash("kind:N", legend=alt.Legend(title=None, orient="top")),
        )
    )
