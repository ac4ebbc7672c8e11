"""What 21 classifiers cost: in one request, against one classifier, against 21 requests.

Regime: distinct phrases of 5 to 12 words, 21 heads with the label counts of examples/heads on one
encoder. With one client the time of a phrase counts; with 16 clients phrases a second. "21
requests" ask one head each, one after the other, for the same phrase: with the cache on, the
encoder runs once and 20 requests find its embedding; with the cache off every request encodes,
which is what 21 separate services do.

Method: all variants in turn within a round, against servers that run side by side and are idle
when another is asked; medians of the rounds.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.heads import HEADS
from benchmarks.load import Replay, replay
from benchmarks.outcome import Outcome, median, options
from benchmarks.served import prepared, serving
from cuebox.loadtest.texts import TextSource

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = [name for name, *_ in HEADS]
_ONE, _ALL, _EACH, _EACH_UNCACHED = (
    "one head", "21 heads, one request", "21 requests, cache on", "21 requests, cache off",
)  # fmt: skip
_VARIANTS = (_ONE, _ALL, _EACH, _EACH_UNCACHED)
_NO_CACHE = {"CUEBOX_CACHE__ENTRIES": "0"}
_seeds = count(1)


def _bodies(variant: str, text: str) -> list[bytes]:
    """The requests for one phrase."""
    if variant == _ALL:
        asked: list[object] = [_NAMES]
    else:
        asked = [*_NAMES[:1]] if variant == _ONE else [*_NAMES]
    return [json.dumps({"model": model, "input": text}).encode() for model in asked]


def _scripts(variant: str, seconds: float) -> Iterator[list[bytes]]:
    texts = TextSource(seed=next(_seeds))
    until = perf_counter() + seconds
    while perf_counter() < until:
        yield _bodies(variant, texts())


def _measure(ports: dict[str, int], variant: str, clients: int, seconds: float) -> Replay:
    replay(ports[variant], "/v1/classify", _scripts(variant, min(1.0, seconds)), clients)
    result = replay(ports[variant], "/v1/classify", _scripts(variant, seconds), clients)
    if result.failed:
        raise SystemExit(f"{variant}: {result.failed} requests failed")
    sys.stderr.write(f"{clients:2} clients, {variant}: {result.per_second:,.0f} phrases/s\n")
    return result


def _conclude(outcome: Outcome, found: dict[tuple[int, str], list[Replay]]) -> None:
    rows = []
    for clients in (1, 16):
        base = median([one.per_second for one in found[clients, _ONE]])
        for variant in _VARIANTS:
            runs = found[clients, variant]
            rate = median([one.per_second for one in runs])
            p50, p99 = (median([one.percentile(p) for one in runs]) for p in (50, 99))
            rows.append([str(clients), variant, f"{rate:,.0f}", f"{base / rate:.2f}x",
                         f"{p50:.2f}", f"{p99:.2f}"])  # fmt: skip
    outcome.table(
        "Phrases classified",
        ["clients", "asked", "phrases/s", "cost to one head", "p50 ms", "p99 ms"],
        rows,
    )
    outcome.figures = {
        f"{clients} clients, {variant}": {
            "per_second": [one.per_second for one in runs],
            "p50": [one.percentile(50) for one in runs],
        }
        for (clients, variant), runs in found.items()
    }
    one, several = (
        median([run.percentile(50) for run in found[1, variant]]) for variant in (_ONE, _ALL)
    )
    outcome.bar("21 heads in one request, one client", "at most 1.15x of one head",
                f"{several / one:.2f}x", met=several / one <= 1.15)  # fmt: skip
    rates = [median([run.per_second for run in found[16, name]]) for name in (_ONE, _ALL)]
    outcome.bar("21 heads in one request, 16 clients", "at most 1.15x of one head",
                f"{rates[0] / rates[1]:.2f}x", met=rates[0] / rates[1] <= 1.15)  # fmt: skip


def main() -> None:
    """Run the benchmark."""
    arguments = options(__doc__, seconds=5.0, rounds=5).parse_args()
    regime = f"{len(HEADS)} heads, {sum(head[1] for head in HEADS)} labels, distinct phrases"
    with Outcome("many_heads", regime) as outcome, ExitStack() as stack:
        folder, store = stack.enter_context(prepared(arguments))
        cached = stack.enter_context(serving(folder, store)).port
        uncached = stack.enter_context(serving(folder, store, extra=_NO_CACHE)).port
        ports = {_ONE: cached, _ALL: cached, _EACH: cached, _EACH_UNCACHED: uncached}
        found: dict[tuple[int, str], list[Replay]] = {}
        for _ in range(arguments.rounds):
            for clients in (1, 16):
                for variant in _VARIANTS:
                    run = _measure(ports, variant, clients, arguments.seconds)
                    found.setdefault((clients, variant), []).append(run)
        _conclude(outcome, found)


if __name__ == "__main__":
    main()
