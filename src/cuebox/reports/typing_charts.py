"""The pictures of a report on typed text saved; each returns an altair chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cuebox.reports.charts import ACCENT, INK, MUTED, WARN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.reports.typing_scores import SuggesterScores, TypingScores

__all__ = ["saved_and_wrong_chart", "trade_off_chart"]

# The model, then baselines, told apart by colour and by dashes.
_COLOURS = (ACCENT, WARN, MUTED, INK, MUTED)
_DASHES = ([1, 0], [1, 0], [1, 0], [6, 3], [2, 3])
_ROW = 34
# A browser's letters may be wider than those the picture was laid out with.
_LETTER = 8

Chart = Any  # an altair chart


def trade_off_chart(suggesters: Sequence[SuggesterScores]) -> Chart:
    """Typed text saved over shows in vain, a line for each suggester and a ring as it is set.

    Args:
        suggesters: the model first; at most five.
    """
    import altair as alt

    names = [one.name for one in suggesters]
    scale = alt.Scale(domain=names, range=list(_COLOURS[: len(names)]))
    dashes = alt.Scale(domain=names, range=[list(dash) for dash in _DASHES[: len(names)]])
    legend = alt.Legend(title=None, symbolStrokeWidth=2.5, symbolSize=300)
    x = alt.X(
        "wrong:Q",
        axis=alt.Axis(title="shown in vain, per 100 keys pressed", grid=False, tickCount=6),
        scale=alt.Scale(domainMin=0),
    )
    y = alt.Y(
        "saved:Q",
        axis=alt.Axis(title="typed text saved", format="~%", tickCount=6),
        scale=alt.Scale(domain=[0, 1]),
    )
    curve = [
        {"name": one.name, "wrong": point.wrong_shown, "saved": point.saved, "order": order}
        for one in suggesters
        for order, point in enumerate(one.curve)
    ]
    lines = (
        alt.Chart(alt.Data(values=curve), width=560, height=320)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y=y,
            color=alt.Color("name:N", scale=scale, legend=legend),
            strokeDash=alt.StrokeDash("name:N", scale=dashes, legend=legend),
            order="order:Q",
        )
    )
    settled = [
        {
            "name": one.name,
            "wrong": one.at[-1].overall.figures["wrong_shown"].value,
            "saved": one.at[-1].overall.figures["saved"].value,
        }
        for one in suggesters
    ]
    rings = (
        alt.Chart(alt.Data(values=settled))
        .mark_point(size=110, filled=False, strokeWidth=2.5)
        .encode(x=x, y=y, color=alt.Color("name:N", scale=scale, legend=None))
    )
    return alt.layer(lines, rings).resolve_scale(color="shared")


def saved_and_wrong_chart(groups: Sequence[TypingScores]) -> Chart:
    """A row for each group: left what it saves, right what it shows in vain, with intervals."""
    import altair as alt

    saved = _bars(groups, "saved", "typed text saved", ACCENT, share=True, labels=True)
    wrong = _bars(groups, "wrong_shown", "shown in vain, per 100 keys", WARN, share=False)
    return alt.hconcat(saved, wrong, spacing=26)


def _bars(
    groups: Sequence[TypingScores],
    figure: str,
    title: str,
    colour: str,
    *,
    share: bool,
    labels: bool = False,
) -> Chart:
    import altair as alt

    values = []
    for group in groups:
        estimate = group.figures[figure]
        value = estimate.value
        low = value if estimate.low is None else estimate.low
        high = value if estimate.high is None else estimate.high
        text = f"{100 * value:.0f}%" if share else f"{value:.0f}"
        values.append({"name": group.name, "value": value, "low": low, "high": high, "text": text})
    names = [group.name for group in groups]
    room = _LETTER * max(map(len, names), default=0)
    y = alt.Y(
        "name:N",
        sort=names,
        axis=alt.Axis(title=None, domain=False, minExtent=room, labelLimit=room)
        if labels
        else None,
    )
    ticks = {"values": [0, 0.25, 0.5, 0.75, 1]} if share else {"tickCount": 4}
    axis = alt.Axis(title=title, format="~%" if share else "~s", **ticks)
    scale = alt.Scale(domain=[0, 1]) if share else alt.Scale(domainMin=0, nice=True)
    base = alt.Chart(alt.Data(values=values), width=230, height=_ROW * len(values))
    x = alt.X("value:Q", axis=axis, scale=scale)
    bars = base.mark_bar(color=colour, height=16).encode(x=x, y=y)
    whiskers = base.mark_rule(color=INK, strokeWidth=1.5).encode(
        x=alt.X("low:Q", axis=axis, scale=scale), x2="high:Q", y=y
    )
    texts = base.mark_text(align="left", dx=7).encode(
        x=alt.X("high:Q", axis=axis, scale=scale), y=y, text="text:N"
    )
    return alt.layer(bars, whiskers, texts)
