"""A metrics snapshot in Prometheus's text format, version 0.0.4.

Written here because it is forty lines; `prometheus_client` reads the result back in the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cuebox.serving.metrics import LATENCY_BUCKETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cuebox.serving.metrics import Snapshot

__all__ = ["CONTENT_TYPE", "exposition"]

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


def exposition(snapshot: Snapshot) -> bytes:
    """The snapshot as text; a gauge whose name ends in `_total` is shown as a counter."""
    families: dict[str, tuple[str, list[str]]] = {}
    for group in ("counters", "gauges", "histograms"):
        for name, labels, value in snapshot.get(group, ()):
            kind = _kind(group, name)
            lines = families.setdefault(name, (kind, []))[1]
            lines.extend(
                _histogram(name, labels, value)
                if kind == "histogram"
                else [f"{name}{_labels(labels)} {value:.17g}"]
            )
    text: list[str] = []
    for name, (kind, lines) in sorted(families.items()):
        text.append(f"# TYPE {name} {kind}")
        text.extend(lines)
    return ("\n".join(text) + "\n").encode("utf-8", "replace")


def _kind(group: str, name: str) -> str:
    if group == "histograms":
        return "histogram"
    return "counter" if name.endswith("_total") else "gauge"


def _histogram(name: str, labels: Sequence[Sequence[str]], row: Sequence[float]) -> Iterable[str]:
    count = 0
    bounds = [f"{bound:g}" for bound in LATENCY_BUCKETS] + ["+Inf"]
    for bound, amount in zip(bounds, row, strict=False):
        count += round(amount)
        yield f"{name}_bucket{_labels([*labels, ('le', bound)])} {count}"
    yield f"{name}_sum{_labels(labels)} {row[-1]:.17g}"
    yield f"{name}_count{_labels(labels)} {count}"


def _labels(labels: Sequence[Any]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{key}="{_escaped(value)}"' for key, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
