"""The confusion heat map: the labels that are mixed up most, neighbours side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.reports.charts import ACCENT, INK, LINE, WARN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["confusion_chart", "confusion_order"]


def confusion_order(matrix: NDArray[np.int64], *, limit: int = 30) -> list[int]:
    """Indices of the labels most often mixed up, arranged so that confusions form blocks.

    Takes the `limit` labels with the most mistakes (as truth or as answer) and walks from the
    worst to whichever remaining label is mixed up most with those placed last.
    """
    mixed = matrix + matrix.T
    np.fill_diagonal(mixed, 0)
    totals = mixed.sum(axis=1)
    chosen = [int(index) for index in np.argsort(-totals, kind="stable")[:limit]]
    if len(matrix) > limit:
        chosen = [index for index in chosen if totals[index]]
    order = chosen[:1]
    rest = chosen[1:]
    while rest:
        near = mixed[order[-1]] * 4 + mixed[order[-3:]].sum(axis=0)
        best = max(rest, key=lambda index: near[index])
        order.append(best)
        rest.remove(best)
    return order


def confusion_chart(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> Any:  # noqa: ANN401
    """A heat map of `[truth][predicted]` counts over the labels that are mixed up most.

    Shade is the share of the true label's rows: the diagonal in one colour, mistakes in
    another, with their counts written in.
    """
    import altair as alt

    counts = np.array(matrix, dtype=np.int64)
    support = np.maximum(counts.sum(axis=1), 1)
    order = confusion_order(counts)
    names = [labels[index] for index in order]
    cells = [
        {
            "truth": labels[truth],
            "given": labels[given],
            "share": float(counts[truth, given] / support[truth]),
            "count": int(counts[truth, given]),
            "right": truth == given,
        }
        for truth in order
        for given in order
        if counts[truth, given]
    ]
    side = len(order) * (22 if len(order) > 12 else 44)
    axis = {"domain": False, "labelFontSize": 11, "labelLimit": 190, "tickBand": "extent"}
    base = alt.Chart(alt.Data(values=cells), width=side, height=side).encode(
        x=alt.X(
            "given:N",
            scale=alt.Scale(domain=names),
            axis=alt.Axis(title="the model said", orient="top", labelAngle=-50, **axis),
        ),
        y=alt.Y("truth:N", scale=alt.Scale(domain=names), axis=alt.Axis(title="it was", **axis)),
    )
    squares = base.mark_rect(cornerRadius=3).encode(
        color=alt.condition("datum.right", alt.value(ACCENT), alt.value(WARN)),
        # Rare mistakes must still be seen, so shade starts well over nothing.
        opacity=alt.Opacity(
            "share:Q", scale=alt.Scale(domain=[0, 0.3], range=[0.2, 0.5], clamp=True), legend=None
        ),
    )
    numbers = base.mark_text(fontSize=11, color=INK).encode(text="count:Q")
    return (
        alt.layer(squares, numbers)
        .properties(padding={"right": 40})
        .configure_axis(grid=True, gridColor=LINE, gridOpacity=0.5)
    )
