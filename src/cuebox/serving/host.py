"""The home of completion models, made when the first one is served."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from cuebox.core.errors import Unavailable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from cuebox.core.ports import GeneratorHost
    from cuebox.serving.metrics import Labels, Metrics
    from cuebox.serving.parts import OpenHost

__all__ = ["EngineMeters", "HostOnDemand"]


class HostOnDemand:
    """Opens the host at the first request for it, from whichever thread that comes."""

    def __init__(self, open_host: OpenHost | None, metrics: Metrics) -> None:
        self._open = open_host
        self._metrics = metrics
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._host: GeneratorHost | None = None

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the event loop that the host will belong to."""
        self._loop = loop

    def get(self) -> GeneratorHost:
        """The host.

        Raises:
            ModelError: its engine is not installed.
            Unavailable: the service was not started, or is closed.
        """
        with self._lock:
            if self._host is None:
                if self._loop is None or self._open is None:
                    raise Unavailable("this service does not run, or serves no completions")
                self._host = self._open(self._loop, EngineMeters(self._metrics))
            return self._host

    @property
    def trouble(self) -> str:
        """Why nothing can be generated right now; empty when all is well."""
        return "" if self._host is None else self._host.trouble

    async def close(self) -> None:
        """Close the host, if there ever was one."""
        with self._lock:  # a loader may be making it right now
            self._loop = None
            host = self._host
        if host is not None:
            await host.close()


class EngineMeters:
    """`core.ports.GeneratorMeters` over the metrics of this process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._gauges: dict[tuple[str, str], float] = {}

    def show(self, gauges: Mapping[tuple[str, str], float]) -> None:
        """Show these gauges as `cuebox_engine_*`, and no others."""
        for name, decoder in self._gauges.keys() - gauges.keys():
            self._metrics.forget_gauge(_name(name), _labels(decoder))
        for key in gauges.keys() - self._gauges.keys():
            self._metrics.gauge(_name(key[0]), partial(self.value, key), _labels(key[1]))
        self._gauges = dict(gauges)

    def count(self, name: str, decoder: str, amount: float) -> None:
        """Add to `cuebox_engine_*`."""
        self._metrics.count(_name(name), _labels(decoder), amount)

    def value(self, key: tuple[str, str]) -> float:
        """A gauge as it was shown last."""
        return self._gauges.get(key, 0.0)


def _name(name: str) -> str:
    return f"cuebox_engine_{name}"


def _labels(decoder: str) -> Labels:
    return (("decoder", decoder[:12]),) if decoder else ()
