"""How long the server's event loop stands still while the engine reads prompts.

Regime: one `cuebox serve` process with its engine beside it, GPT-2 small int8 with random weights;
two clients send prompts of 300 tokens that nobody saw before, one after the other, and take one
token each, so that both cores do little else than read prompts; then the same server with nothing
to do, which shows what the machine itself adds.

Method: inside, a task on the server's loop wants to wake up every millisecond and notes how late it
was (`loop_probe.py`): the stall itself. Outside, another process asks `/health/live` every two
milliseconds on its own connection (`pinger.py`): what a client notices, its own waiting for a core
included. Maxima are over all rounds, percentiles too.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.completion_servers import Clients, serving_completions
from benchmarks.decoders import Models
from benchmarks.outcome import Outcome
from benchmarks.parts import Figures, Parts, parts_options, read_options
from benchmarks.prompts import Prompts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from cuebox.core.types import FloatArray

_MODEL = "small-int8"
_LENGTH = 300
_CLIENTS = 2
_MOST_STALL_MS = 10.0
_QUIET = "nothing to do"
_BUSY = "prompts of 300 tokens"


def measure(arguments: argparse.Namespace, round_number: int) -> Figures:
    """Milliseconds of stalls and pings, in both states, and how many prompts were read."""
    models = Models(arguments.models)
    prompts = Prompts(models)
    texts = [prompts.take(_LENGTH, _LENGTH) for _ in range(round(60 * arguments.seconds))]
    with tempfile.TemporaryDirectory(prefix="cuebox-bench-") as scratch:
        folder = Path(scratch)
        lateness = folder / "lateness"
        program = [sys.executable, str(Path(__file__).parent / "loop_probe.py"), str(lateness)]
        with serving_completions(folder, models.store, [_MODEL], program=program) as served:
            with _pinging(served.port) as quiet:
                time.sleep(arguments.seconds)
            with _pinging(served.port) as busy:
                count = _load(served.port, texts, arguments.seconds)
        probed = np.fromfile(lateness).reshape(-1, 2)
    found: Figures = {"prompts": count, "round": round_number}
    for name, pings in ((_QUIET, quiet), (_BUSY, busy)):
        sent = np.array(pings).reshape(-1, 2)
        inside = probed[(probed[:, 0] >= sent[0, 0]) & (probed[:, 0] <= sent[-1, 0])]
        found[name] = {"loop": _milliseconds(inside), "ping": _milliseconds(sent)}
    return found


def _milliseconds(pairs: FloatArray) -> list[float]:
    found: list[float] = np.round(1000 * pairs[:, 1], 3).tolist()
    return found


@contextmanager
def _pinging(port: int) -> Iterator[list[tuple[float, float]]]:
    """Filled with what the pinger measured, once the block is left."""
    script = str(Path(__file__).parent / "pinger.py")
    found: list[tuple[float, float]] = []
    with subprocess.Popen(
        [sys.executable, script, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield found
        found += json.loads(process.communicate()[0])


def _load(port: int, texts: list[list[int]], seconds: float) -> int:
    """Each client sends its share of the prompts while there is time; returns how many."""
    clients = Clients(port)
    until = time.monotonic() + seconds

    def work(own: list[list[int]]) -> int:
        for sent, prompt in enumerate(own):
            if time.monotonic() >= until:
                return sent
            clients.ask({"model": _MODEL, "prompt": prompt, "max_tokens": 1})
        raise SystemExit("the prompts are used up: ask for fewer seconds")

    with ThreadPoolExecutor(_CLIENTS) as pool:
        return sum(pool.map(work, [texts[at::_CLIENTS] for at in range(_CLIENTS)]))


def _conclude(outcome: Outcome, rounds: list[Figures]) -> None:
    rows = []
    for state in (_QUIET, _BUSY):
        for what, name in (("loop", "the loop is late"), ("ping", "/health/live is answered")):
            times = np.concatenate([one[state][what] for one in rounds])
            p50, p99 = np.percentile(times, (50, 99))
            rows.append([f"{state}: {name}", f"{len(times):,}", f"{p50:.2f}", f"{p99:.2f}",
                         f"{times.max():.2f}"])  # fmt: skip
    outcome.table("Milliseconds", ["", "times", "p50", "p99", "longest"], rows)
    worst = max(max(one[_BUSY]["loop"]) for one in rounds)
    outcome.bar("Event loop while prompts of 300 tokens are read", "no stall above 10 ms",
                f"{worst:.1f} ms", met=worst <= _MOST_STALL_MS)  # fmt: skip
    outcome.figures["prompts"] = [one["prompts"] for one in rounds]


def main() -> None:
    """Run the benchmark."""
    arguments = read_options(parts_options(__doc__, rounds=3, seconds=8.0))
    regime = "one server process, its engine on both cores, prompts of 300 tokens without a pause"
    with Outcome("event_loop", regime) as outcome:
        parts = Parts(outcome, arguments)
        _conclude(
            outcome,
            [
                parts.measure(f"round {number}", partial(measure, arguments, number))
                for number in range(arguments.rounds)
            ],
        )


if __name__ == "__main__":
    main()
