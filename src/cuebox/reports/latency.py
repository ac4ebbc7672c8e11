"""The picture of a load test: how long answers took, and how many came when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.core.errors import DataError
from cuebox.reports.charts import INK, MUTED, WARN, render_png, render_svg

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Seconds = NDArray[np.float64]

__all__ = ["load_test_png", "load_test_svg"]

_WIDTH = 640
_MARKS = (("p50", 50.0), ("p95", 95.0), ("p99", 99.0), ("p99.9", 99.9))

Chart = Any  # an altair chart


def load_test_svg(latencies: ArrayLike, finished: ArrayLike, *, title: str) -> str:
    """Draw latency histogram, percentiles and throughput as an inline `<svg>`.

    Args:
        latencies: float `[answers]`, seconds from when each request was due to its answer.
        finished: float `[answers]`, seconds on any clock at which each answer came; any order.
        title: stands over the picture and is read out by screen readers.

    Raises:
        DataError: the arrays are empty, differ in length, or hold what is not a time.
        ConfigError: the extra `cuebox[reports]` is not installed.
    """
    return render_svg(_load_test_chart(latencies, finished, title), title=title)


def load_test_png(
    latencies: ArrayLike, finished: ArrayLike, *, title: str, scale: float = 2
) -> bytes:
    """The same picture as a PNG, `scale` pixels a unit; arguments as for `load_test_svg`."""
    return render_png(_load_test_chart(latencies, finished, title), scale=scale)


def _load_test_chart(latencies: ArrayLike, finished: ArrayLike, title: str) -> Chart:
    took = _check(latencies, "latencies")
    came = _check(finished, "finished")
    if took.shape != came.shape:
        raise DataError(f"there are {len(took)} latencies but {len(came)} finish times")
    if took.min() < 0:
        raise DataError(f"latencies reach down to {took.min():.6g} s: check the clock")
    milliseconds = np.maximum(took * 1000, 1e-3)
    came = came - came.min()

    import altair as alt

    parts = [_histogram(milliseconds), _percentiles(milliseconds), _throughput(came)]
    return alt.vconcat(*parts, spacing=24, title=alt.Title(title, fontSize=16, offset=14))


def _check(values: ArrayLike, param: str) -> Seconds:
    seconds = np.asarray(values, dtype=np.float64)
    if seconds.ndim != 1 or not len(seconds) or not np.isfinite(seconds).all():
        raise DataError(
            f"{param} have shape {seconds.shape}, expected at least one finite number of seconds",
            param=param,
        )
    return seconds


def _histogram(milliseconds: Seconds) -> Chart:
    """Bars on a logarithmic scale, with the common percentiles marked."""
    import altair as alt

    low, high = milliseconds.min() / 1.02, milliseconds.max() * 1.02
    edges = np.geomspace(low, high, 81)
    counts, _ = np.histogram(milliseconds, edges)
    bars = [
        {"low": float(edges[index]), "high": float(edges[index + 1]), "answers": int(count)}
        for index, count in enumerate(counts)
        if count
    ]
    scale = alt.Scale(type="log", domain=[float(low), float(high)], nice=False)
    axis = alt.Axis(title="latency, milliseconds (log scale)", grid=False, tickCount=8, format="~g")
    drawn = (
        alt.Chart(alt.Data(values=bars), width=_WIDTH, height=190)
        .mark_bar(opacity=0.75)
        .encode(
            x=alt.X("low:Q", scale=scale, axis=axis),
            x2="high:Q",
            y=alt.Y("answers:Q", axis=alt.Axis(title="answers", tickCount=5, format=",")),
            y2=alt.datum(0),
        )
    )
    marks = [
        {"at": float(np.percentile(milliseconds, q)), "text": f"{name} {_short(milliseconds, q)}",
         "row": row * 14 + 6}
        for row, (name, q) in enumerate(_MARKS)
    ]  # fmt: skip
    base = alt.Chart(alt.Data(values=marks)).encode(x=alt.X("at:Q", scale=scale))
    rules = base.mark_rule(color=INK, strokeDash=[3, 3], opacity=0.6)
    # A name that would leave the picture on the right stands on the left of its line.
    middle = float(low**0.2 * high**0.8)
    rows = {"y": alt.Y("row:Q", scale=alt.Scale(domain=[190, 0]), axis=None), "text": "text:N"}
    left = base.transform_filter(f"datum.at <= {middle}").mark_text(align="left", dx=5, fontSize=11)
    right = base.transform_filter(f"datum.at > {middle}").mark_text(
        align="right", dx=-5, fontSize=11
    )
    return alt.layer(drawn, rules, left.encode(**rows), right.encode(**rows)).resolve_scale(
        y="independent"
    )


def _short(milliseconds: Seconds, quantile: float) -> str:
    value = float(np.percentile(milliseconds, quantile))
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.3g} ms"


def _percentiles(milliseconds: Seconds) -> Chart:
    """Latency by percentile, spread out towards the tail as in an HDR histogram plot."""
    import altair as alt

    ticks = [share for share in (1, 2, 10, 100, 1000, 10_000) if share <= len(milliseconds)]
    most = max(len(milliseconds), 2)
    inverse = np.unique(np.append(np.geomspace(1, most, 200), ticks))
    values = np.quantile(milliseconds, 1 - 1 / inverse)
    points = [
        {"inverse": float(x), "latency": float(y)} for x, y in zip(inverse, values, strict=True)
    ]
    # 1 / (1 - q), so that each factor of ten on the axis is one more nine.
    label = "format(1 - 1 / datum.value, '~%')"
    return (
        alt.Chart(alt.Data(values=points), width=_WIDTH, height=150)
        .mark_line()
        .encode(
            x=alt.X(
                "inverse:Q",
                scale=alt.Scale(type="log", domain=[1, most], nice=False),
                axis=alt.Axis(title="percentile", values=ticks, labelExpr=label, grid=True),
            ),
            y=alt.Y("latency:Q", axis=alt.Axis(title="milliseconds", tickCount=5, format=",")),
        )
    )


def _throughput(came: Seconds) -> Chart:
    """Answers a second over the time of the test, in at most 60 intervals."""
    import altair as alt

    length = max(float(came.max()), 1e-3)
    width = _interval(length / 60)
    whole = max(int(np.ceil(length / width - 1e-9)), 1)
    counts = np.bincount(np.minimum((came / width).astype(int), whole - 1), minlength=whole)
    ends = np.minimum(np.arange(1, whole + 1) * width, length)
    starts = np.arange(whole) * width
    rates = counts / np.maximum(ends - starts, 1e-9)
    # A sliver of an interval at the end would show a rate out of nothing.
    if whole > 1 and ends[-1] - starts[-1] < width / 2:
        starts, rates = starts[:-1], rates[:-1]
    steps = [
        {"second": float(second), "rate": float(rate)}
        for second, rate in zip(starts, rates, strict=True)
    ]
    steps.append({"second": float(ends[len(starts) - 1]), "rate": float(rates[-1])})
    mean = len(came) / length
    base = alt.Chart(alt.Data(values=steps), width=_WIDTH, height=110)
    x = alt.X("second:Q", scale=alt.Scale(nice=False), axis=alt.Axis(title="second", grid=False))
    y = alt.Y("rate:Q", axis=alt.Axis(title="answers a second", tickCount=4, format=","))
    rule = alt.Chart(alt.Data(values=[{"rate": mean, "text": f"mean {mean:,.0f}/s"}])).encode(y=y)
    return alt.layer(
        base.mark_area(interpolate="step-after", opacity=0.35).encode(x=x, y=y),
        rule.mark_rule(color=WARN, strokeDash=[4, 4]),
        rule.mark_text(align="right", dy=-8, fontSize=11, color=MUTED).encode(
            x=alt.value(_WIDTH - 4), text="text:N"
        ),
    )


def _interval(least: float) -> float:
    """The next length up among 1, 2 and 5 times a power of ten, in seconds."""
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(power * step for step in (1, 2, 5, 10) if power * step >= least * 0.999999))
