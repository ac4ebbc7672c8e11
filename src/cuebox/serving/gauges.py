"""What a service holds and waits for, read whenever somebody looks at its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.processes import resident_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.ports import InferenceLog
    from cuebox.serving.leases import Leases
    from cuebox.serving.metrics import Metrics
    from cuebox.serving.parts import Parts

__all__ = ["register_gauges"]


def register_gauges(metrics: Metrics, parts: Parts, leases: Leases) -> None:
    """Show cache, log, queue, models and memory of this process."""
    gauge = metrics.gauge
    for name in ("entries", "bytes"):
        gauge(f"cuebox_cache_{name}", _stat(parts, name))
    for name in ("hits", "misses", "evictions"):
        gauge(f"cuebox_cache_{name}_total", _stat(parts, name))
    if (log := parts.inference_log) is not None:
        gauge("cuebox_inference_log_waiting", _log_stat(log, "waiting"))
        for name in ("written", "lost"):
            gauge(f"cuebox_inference_log_{name}_total", _log_stat(log, name))
    gauge("cuebox_pending_rows", lambda: float(leases.pending_rows))
    gauge("cuebox_models", lambda: float(len(leases.current.models)))
    gauge("cuebox_model_failures", lambda: float(len(leases.current.failures)))
    gauge("cuebox_resident_bytes", resident_bytes)


def _stat(parts: Parts, name: str) -> Callable[[], float]:
    return lambda: float(parts.cache.stats()[name])


def _log_stat(log: InferenceLog, name: str) -> Callable[[], float]:
    return lambda: float(log.stats()[name])
