"""The embedding cache: what a hit costs beside a miss, and what it does for a repetitive stream.

Regime of the first table: the server alone on core 0, the load alone on core 1, 16 closed-loop
clients, one text per request. Hits come from 1,000 texts that were all sent before, misses never
repeat. `wrk`, where it is installed, sends the same hits as a check of our own load generator.

Regime of the second table: both cores for both programs, the cache bounded to 50,000 entries
against no cache, on the same stream of real phrases of at most 12 words, after a warm-up of the
same stream. Streams: customer turns of multidogo in the order of its files, and 60,000 distinct
phrases of five data sets drawn by Zipf's law with exponent 1.1 (examples/prepare.py makes the
tables; without them phrases are made of random words).

Method: variants in turn within a round; medians of the rounds.
"""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from benchmarks.heads import HEADS
from benchmarks.load import latency, offer, replay
from benchmarks.machine import cpu_seconds
from benchmarks.outcome import Outcome, median, options
from benchmarks.served import ROOT, Served, pin, prepared, serving
from cuebox.loadtest.settings import LoadSettings
from cuebox.loadtest.texts import TextSource

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_TABLES = ("multidogo", "banking77", "clinc150", "snips", "star")
_ENTRIES = 50_000
_DISTINCT = 60_000
_EXPONENT = 1.1
_WARM_UP_ROWS = 100_000
_LONGEST = 12
_HOT = 1_000

_ONE = '{"model": "banking77", "input": {text}}'
_ALL = json.dumps({"model": [name for name, *_ in HEADS], "input": "TEXT"}).replace(
    '"TEXT"', "{text}"
)
_QUESTIONS = {"one head": _ONE, "21 heads": _ALL}


class HitOrMiss:
    """The first table: rates, latencies and CPU time by question and kind of text."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.seconds: float = arguments.seconds
        self.rates: dict[tuple[str, str], list[float]] = {}
        self.p50: dict[tuple[str, str], list[float]] = {}
        self.p99: dict[tuple[str, str], list[float]] = {}
        self.cpu: dict[tuple[str, str], list[float]] = {}
        self._seed = 0

    def round(self, served: Served, folder: Path) -> None:
        """Every question, hit and miss, then wrk."""
        for question, body in _QUESTIONS.items():
            for kind in ("hit", "miss"):
                self._offer(served, question, body, kind)
        if shutil.which("wrk"):
            self._wrk(served, folder)

    def _offer(self, served: Served, question: str, body: str, kind: str) -> None:
        self._seed += 1
        settings = LoadSettings(
            url=served.url("/v1/classify"), body=body, clients=16, duration=self.seconds,
            warmup=2.0, repeat=1.0 if kind == "hit" else 0.0, hot_texts=_HOT,
            seed=self._seed,
        )  # fmt: skip
        if kind == "hit":
            _fill(served, TextSource(seed=self._seed), _HOT)
        before = cpu_seconds(served.pid)
        with pin({1}):
            report = offer(settings)
        used = cpu_seconds(served.pid) - before
        times = latency(report)
        self._note(question, kind, report.requests_per_second, times.p50, times.p99)
        answers = report.requests_per_second * (settings.warmup + report.seconds)
        self.cpu.setdefault((question, kind), []).append(1e6 * used / answers)

    def _wrk(self, served: Served, folder: Path) -> None:
        script = folder / "hits.lua"
        script.write_text(_lua(_texts(_HOT)))
        asked = ["wrk", "-t1", "-c16", f"-d{max(1, round(self.seconds))}s", "--latency",
                 "-s", str(script), served.url("/v1/classify")]  # fmt: skip
        with pin({1}):
            subprocess.run([*asked[:3], "-d1s", *asked[4:]], capture_output=True, check=True)
            said = subprocess.run(asked, capture_output=True, check=True, text=True).stdout
        if "Non-2xx" in said:
            raise SystemExit(said)
        rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0])
        p50, p99 = (_milliseconds(said, percent) for percent in ("50%", "99%"))
        self._note("one head", "hit (wrk)", rate, p50, p99)

    def _note(self, question: str, kind: str, rate: float, p50: float, p99: float) -> None:
        self.rates.setdefault((question, kind), []).append(rate)
        self.p50.setdefault((question, kind), []).append(p50)
        self.p99.setdefault((question, kind), []).append(p99)
        sys.stderr.write(f"{question}, {kind}: {rate:,.0f}/s, p99 {p99:.2f} ms\n")

    def conclude(self, outcome: Outcome) -> None:
        """Add the table and the bar."""
        rows = []
        for (question, kind), rates in self.rates.items():
            against = median(rates) / median(self.rates[question, "miss"])
            rows.append([
                question, kind, f"{median(rates):,.0f}", f"{against:.1f}x",
                f"{median(self.p50[question, kind]):.2f}",
                f"{median(self.p99[question, kind]):.2f}",
                f"{median(self.cpu.get((question, kind), [float('nan')])):,.0f}",
            ])  # fmt: skip
        outcome.table(
            "Server on one core, load on the other",
            ["asked", "text", "requests/s", "to a miss", "p50 ms", "p99 ms", "CPU us a request"],
            rows,
        )
        rate = median(self.rates["one head", "hit"])
        outcome.bar("Cache hits on one core", "at least 10,000 requests/s",
                    f"{rate:,.0f} requests/s", met=rate >= 10_000)  # fmt: skip
        outcome.figures["hit_or_miss"] = {
            f"{question}, {kind}": rates for (question, kind), rates in self.rates.items()
        }


def _texts(number: int) -> list[str]:
    source = TextSource(seed=77)
    return [source() for _ in range(number)]


def _lua(texts: Sequence[str]) -> str:
    """A wrk script that posts the texts in turn."""
    bodies = ",\n".join(f"[==[{_ONE.replace('{text}', json.dumps(text))}]==]" for text in texts)
    return (
        f"local bodies = {{{bodies}}}\nlocal next = 0\n"
        'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
        "request = function()\n  next = next % #bodies + 1\n"
        "  return wrk.format(nil, nil, nil, bodies[next])\nend\n"
    )


def _milliseconds(said: str, percent: str) -> float:
    value, unit = re.findall(rf"{percent}\s+([\d.]+)(us|ms|s)", said)[0]
    return float(value) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]


def _phrases(table: str) -> list[str]:
    """Texts of a table in order, repeats included."""
    path = ROOT / "examples" / "data" / f"{table}.tsv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["text"] for row in rows if 0 < len(row["text"].split()) <= _LONGEST]


def _zipf(seed: int) -> Iterator[str]:
    distinct = list(dict.fromkeys(text for table in _TABLES for text in _phrases(table)))
    distinct = distinct or _texts(_DISTINCT)
    dice = random.Random(seed)
    dice.shuffle(distinct)
    distinct = distinct[:_DISTINCT]
    weights = list(accumulate(rank**-_EXPONENT for rank in range(1, len(distinct) + 1)))
    while True:
        yield from dice.choices(distinct, cum_weights=weights, k=1_000)


def _turns() -> Iterator[str]:
    while True:
        yield from _phrases("multidogo")


def _streams() -> dict[str, Iterator[str]]:
    streams = {"Zipf 1.1 over 60,000 real phrases": _zipf(1)}
    if _phrases("multidogo"):
        streams["multidogo turns, in order"] = _turns()
    return streams


def _stream_rates(
    arguments: argparse.Namespace, folder: Path, store: str, name: str
) -> tuple[dict[str, list[float]], float]:
    """Requests a second with and without the cache on the same texts, and the share of hits."""
    rates: dict[str, list[float]] = {"on": [], "off": []}
    stream = _streams()[name]
    with ExitStack() as stack:
        servers = {
            setting: stack.enter_context(
                serving(folder, store, extra={"CUEBOX_CACHE__ENTRIES": entries})
            )
            for setting, entries in (("on", str(_ENTRIES)), ("off", "0"))
        }
        _fill(servers["on"], partial(next, stream), _WARM_UP_ROWS)
        hits = servers["on"].counter("cuebox_cache_hits_total")
        rows = 0
        for _ in range(arguments.rounds):
            texts = list(islice(stream, int(400 * arguments.seconds)))
            rows += len(texts)
            for setting, served in servers.items():
                scripts = ([_ONE.replace("{text}", json.dumps(text)).encode()] for text in texts)
                result = replay(served.port, "/v1/classify", scripts, clients=16)
                rates[setting].append(result.per_second)
                sys.stderr.write(f"{name}, cache {setting}: {result.per_second:,.0f}/s\n")
        share = (servers["on"].counter("cuebox_cache_hits_total") - hits) / rows
    return rates, share


def _fill(served: Served, texts: Callable[[], str], rows: int) -> None:
    """Send the first texts of a source in bulk requests."""
    for start in range(0, rows, 10_000):
        size = min(10_000, rows - start)
        body = {"model": "banking77", "input": [texts() for _ in range(size)]}
        status, answer = served.ask("POST", "/v1/classify", body)
        if status != 200:
            raise SystemExit(f"{status}: {answer}")


def _repetitive(outcome: Outcome, arguments: argparse.Namespace, folder: Path, store: str) -> None:
    rows = []
    for name in _streams():
        rates, share = _stream_rates(arguments, folder, store, name)
        on, off = median(rates["on"]), median(rates["off"])
        rows.append([name, f"{100 * share:.1f} %", f"{on:,.0f}", f"{off:,.0f}", f"{on / off:.1f}x"])
        outcome.figures[name] = {"on": rates["on"], "off": rates["off"], "hits": share}
    outcome.table(
        "A repetitive stream, cache of 50,000 entries",
        ["stream", "hits", "requests/s, cache on", "off", "on to off"],
        rows,
    )


def main() -> None:
    """Run the benchmark."""
    arguments = options(__doc__, seconds=5.0).parse_args()
    regime = "hits and misses on one core; a repetitive stream on all"
    with Outcome("cache", regime) as outcome, prepared(arguments) as (folder, store):
        compared = HitOrMiss(arguments)
        with serving(folder, store, cores={0}) as served:
            for _ in range(arguments.rounds):
                compared.round(served, folder)
        compared.conclude(outcome)
        _repetitive(outcome, arguments, folder, store)


if __name__ == "__main__":
    main()
