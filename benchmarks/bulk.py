"""Ten thousand rows in one request, and what single requests notice of it.

Regime: one server, all cores; rows of 5 to 12 words that never repeat, one head and 21 heads.
Meanwhile an open loop sends 20 single requests a second, latency counted from when each was due;
before, the same loop runs alone.

Method: bulk requests one after the other while the open loop runs; peak RSS is sampled every 20
ms from the second bulk request of a server on, since the first one fills the embedding cache.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.heads import HEADS
from benchmarks.load import latency, offer
from benchmarks.outcome import Outcome, median, options
from benchmarks.served import Served, prepared, serving
from cuebox.loadtest.settings import LoadSettings
from cuebox.loadtest.texts import TextSource

if TYPE_CHECKING:
    from cuebox.loadtest.recorder import Percentiles

_ROWS = 10_000
_NAMES = [name for name, *_ in HEADS]
_PATIENT = {"CUEBOX_SERVING__REQUEST_TIMEOUT": "600"}
_ALONE_SECONDS = 5.0


class PeakRss(threading.Thread):
    """Samples a process's RSS until told to stop; megabytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._statm = Path(f"/proc/{pid}/statm")
        self._over = threading.Event()
        self.before = self.peak = self._read()

    def run(self) -> None:
        while not self._over.wait(0.02):
            self.peak = max(self.peak, self._read())

    def stop(self) -> float:
        """The growth since the start."""
        self._over.set()
        self.join()
        return self.peak - self.before

    def _read(self) -> float:
        return int(self._statm.read_text().split()[1]) * 4096 / 1024**2


class Bulk(threading.Thread):
    """Sends bulk requests until told to stop; at least one is answered."""

    def __init__(self, served: Served, models: list[str], source: TextSource) -> None:
        super().__init__(daemon=True)
        self._served = served
        self._models = models
        self._source = source
        self.over = threading.Event()
        self.seconds: list[float] = []

    def run(self) -> None:
        while not self.over.is_set() or not self.seconds:
            self.send()

    def send(self) -> None:
        """One request of `_ROWS` rows."""
        body = {"model": self._models, "input": [self._source() for _ in range(_ROWS)]}
        began = time.perf_counter()
        status, answer = self._served.ask("POST", "/v1/classify", body)
        self.seconds.append(time.perf_counter() - began)
        if status != 200 or len(answer["data"]) != _ROWS:
            raise SystemExit(f"bulk request: {status}")


def _singles(served: Served, seconds: float, seed: int) -> Percentiles:
    settings = LoadSettings(
        url=served.url("/v1/classify"), body='{"model": "banking77", "input": {text}}',
        loop="open", rate=20.0, arrivals="constant", clients=64, duration=seconds, warmup=0.5,
        seed=seed,
    )  # fmt: skip
    return latency(offer(settings))


def _measure(served: Served, models: list[str], seconds: float, seed: int) -> dict[str, float]:
    alone = _singles(served, _ALONE_SECONDS, seed)
    bulk = Bulk(served, models, TextSource(seed=seed + 1))
    bulk.send()
    bulk.seconds.clear()
    peak = PeakRss(served.pid)
    peak.start()
    bulk.start()
    during = _singles(served, seconds, seed + 2)
    bulk.over.set()
    bulk.join()
    sys.stderr.write(f"{len(models)} heads: {_ROWS / median(bulk.seconds):,.0f} rows/s\n")
    return {
        "rows_per_second": _ROWS / median(bulk.seconds),
        "growth": peak.stop(),
        "alone_p50": alone.p50, "alone_p99": alone.p99,
        "during_p50": during.p50, "during_p99": during.p99,
    }  # fmt: skip


def main() -> None:
    """Run the benchmark."""
    arguments = options(__doc__, seconds=20.0).parse_args()
    regime = "10,000 rows a request beside 20 single requests a second"
    questions = {"one head": _NAMES[:1], "21 heads": _NAMES}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in questions}
    with Outcome("bulk", regime) as outcome, prepared(arguments) as (folder, store):
        with serving(folder, store, extra=_PATIENT) as served:
            for turn in range(arguments.rounds):
                for number, (name, models) in enumerate(questions.items()):
                    seed = 100 * turn + 10 * number
                    found[name].append(_measure(served, models, arguments.seconds, seed))
        keys = found["one head"][0].keys()
        medians = {name: {key: median([run[key] for run in runs]) for key in keys}
                   for name, runs in found.items()}  # fmt: skip
        outcome.table(
            "10,000 rows in one request",
            ["asked", "rows/s", "RSS growth MB", "single p50 / p99 ms", "alone p50 / p99 ms"],
            [
                [name, f"{run['rows_per_second']:,.0f}", f"{run['growth']:.0f}",
                 f"{run['during_p50']:.1f} / {run['during_p99']:.1f}",
                 f"{run['alone_p50']:.1f} / {run['alone_p99']:.1f}"]
                for name, run in medians.items()
            ],
        )  # fmt: skip
        outcome.figures = dict(found)


if __name__ == "__main__":
    main()
