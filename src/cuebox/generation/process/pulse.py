"""Once a second while there is work: that the engine lives, and its figures."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from cuebox.core.processes import resident_bytes
from cuebox.generation.process.wire import Pulse

if TYPE_CHECKING:
    from collections.abc import Collection

    from cuebox.generation.process.decoders import Decoders
    from cuebox.generation.process.peer import Peer

__all__ = ["Heart"]

_SECONDS = 1.0
_NOTHING = Pulse()


class Heart:
    """Tells every connection that waits for an answer that the engine is not stuck.

    The figures go to one connection, the oldest: several server processes of one server add
    their metrics up. Counters go as increments, so that a change of that connection, or of the
    engine process, counts nothing twice.
    """

    def __init__(self, decoders: Decoders, *, restarted: bool) -> None:
        self._decoders = decoders
        self._next = 0.0
        self._stale = False
        self._counted: dict[tuple[str, str], float] = {}
        self._restarts = int(restarted)

    def patience(self) -> float | None:
        """Seconds until `beat` has something to do; None when nothing is going on."""
        return max(0.0, self._next - monotonic()) if self._stale else None

    def beat(self, peers: Collection[Peer]) -> None:
        """Send the pulse when it is due; called between steps."""
        waits = any(peer.waits for peer in peers)
        self._stale = self._stale or waits
        if not self._stale:
            return
        now = monotonic()
        if now < self._next:
            return
        self._next = now + _SECONDS
        # Once more after the last answer, so that the figures come to rest.
        self._stale = waits
        for index, peer in enumerate(peers):
            if index == 0:
                peer.send(self._figures())
            elif peer.waits:
                peer.send(_NOTHING)

    def _figures(self) -> Pulse:
        gauges: list[tuple[str, str, float]] = [("resident_bytes", "", resident_bytes())]
        counts: list[tuple[str, str, float]] = []
        if self._restarts:
            counts.append(("restarts_total", "", float(self._restarts)))
            self._restarts = 0
        counted: dict[tuple[str, str], float] = {}
        for digest, stats in self._decoders.stats().items():
            for name, value in stats.items():
                if not name.endswith("_total"):
                    gauges.append((name, digest, value))
                    continue
                counted[name, digest] = value
                added = value - self._counted.get((name, digest), 0.0)
                # A fresh engine over the same model counts from zero again.
                counts.append((name, digest, added if added >= 0 else value))
        self._counted = counted
        return Pulse(gauges, counts)
