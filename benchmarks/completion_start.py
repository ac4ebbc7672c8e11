"""From exec to the first HTTP 200 of `/v1/completions`, with one language model and nothing else.

Regime: one server process and its engine process, the starter model `agent` (`--store`, `--model`),
bytecode compiled; the first request is 3 choices of 20 tokens. "Disk warm" is a restart, "first
start" has no cache folder (goldens are replayed), "disk cold" is a restart after the page cache was
dropped (as root; else what can be evicted is). The floor is one Python process that imports
OpenVINO, opens the same model and takes one step: no server, no second process.

Method: as `cold_start.py`. Memory is that of all processes of the server at the first answer; PSS
counts a page that two of them share once, RSS twice.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.outcome import Outcome, median
from benchmarks.parts import Figures, Parts, parts_options, read_options
from benchmarks.served import ROOT, environment, memory
from benchmarks.starts import Starter, drop_page_cache
from cuebox.store import open_store, resolve

if TYPE_CHECKING:
    import argparse

_WARM, _FIRST, _COLD = "disk warm", "first start", "disk cold"
_FLOOR = "floor: OpenVINO in one process"
_POINTS = ("interpreter", "openvino imported", "model open", "one step")
_MOST_SECONDS = 1.0
_MOST_MB = 300


class Starts:
    """All kinds of starts, on one model."""

    def __init__(self, arguments: argparse.Namespace, folder: Path) -> None:
        self._folder = folder
        self._rounds: int = arguments.rounds
        self._store = str(Path(arguments.store).absolute())
        self._model: str = arguments.model
        body = {"model": self._model, "prompt": "Hello, how can I help you to", "n": 3,
                "max_tokens": 20}  # fmt: skip
        extra = {"CUEBOX_SERVING__MODELS": json.dumps([self._model])}
        self._starter = Starter(folder, self._store, "/v1/completions", body, extra)
        self._starter.start()  # writes bytecode and caches where there are none

    def measure(self, kind: str) -> Figures:
        """One kind of start, several times: `seconds`, `cpu`, `rss`, `pss`, `processes`."""
        if kind == _FLOOR:
            found = [self._floor() for _ in range(self._rounds)]
        else:
            few = self._rounds if kind == _WARM else max(1, self._rounds // 3)
            found = [self._start(kind) for _ in range(few)]
        return {key: [one[key] for one in found] for key in found[0]}

    def _start(self, kind: str) -> Figures:
        if kind == _FIRST:
            self._starter.forget()
        if kind == _COLD:
            places = [Path(sysconfig.get_paths()["purelib"]), ROOT / "src", self._folder]
            drop_page_cache([*places, Path(self._store)])
        start = self._starter.start()
        return {
            "seconds": start.seconds, "cpu": start.cpu, "rss": start.memory.rss,
            "pss": start.memory.pss, "processes": start.processes,
        }  # fmt: skip

    def _floor(self) -> Figures:
        store = open_store(self._store, cache_dir=str(self._folder / "store-cache"))
        spec = resolve(store, self._model).decoder
        if spec is None:
            raise SystemExit(f"{self._model} is no language model")
        files = [str(store.fetch(each)) for each in (spec.weights, spec.tokenizer)]
        script = str(Path(__file__).parent / "completion_floor.py")
        began = time.monotonic()
        with subprocess.Popen(
            [sys.executable, "-P", script, *files], env=environment(self._folder),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as process:  # fmt: skip
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(msgspec.json.encode(spec))
            process.stdin.close()
            points = json.loads(process.stdout.readline())
            used = memory([process.pid])
            process.kill()
        reached = {name: at - began for name, at in points.items()}
        return {"seconds": reached["one step"], "rss": used.rss, "pss": used.pss, **reached}


def _conclude(outcome: Outcome, found: dict[str, Figures]) -> None:
    rows = []
    for kind, runs in found.items():
        seconds = runs["seconds"]
        rows.append([
            kind, str(len(seconds)),
            *(f"{1000 * each:.0f}" for each in (median(seconds), min(seconds), max(seconds))),
            f"{1000 * median(runs['cpu']):.0f}" if "cpu" in runs else "-",
            f"{median(runs['rss']):.0f}", f"{median(runs['pss']):.0f}",
        ])  # fmt: skip
    outcome.table(
        "From exec to the first 200 of /v1/completions",
        ["start", "runs", "median ms", "fastest", "slowest", "CPU ms", "RSS MB", "PSS MB"],
        rows,
    )
    floor, last, phases = found[_FLOOR], 0.0, []
    for point in _POINTS:
        at = median(floor[point])
        phases.append([point, f"{1000 * (at - last):.0f}", f"{1000 * at:.0f}"])
        last = at
    outcome.table("The floor, by phase (medians)", ["phase", "ms", "reached at ms"], phases)
    warm = found[_WARM]
    outcome.bar("Cold start, completions, disk warm", "target 1 s",
                f"{median(warm['seconds']):.2f} s, floor {median(floor['seconds']):.2f} s",
                met=median(warm["seconds"]) <= _MOST_SECONDS)  # fmt: skip
    outcome.bar("Memory at the first completion, all processes", "target 300 MB",
                f"{median(warm['pss']):.0f} MB PSS, floor {median(floor['pss']):.0f} MB",
                met=median(warm["pss"]) <= _MOST_MB)  # fmt: skip
    outcome.figures["starts"] = found


def main() -> None:
    """Run the benchmark."""
    parser = parts_options(__doc__, rounds=9, models=False)
    parser.add_argument("--store", default="starter", help="where the model is")
    parser.add_argument("--model", default="agent", help="its name")
    arguments = read_options(parser)
    regime = f"one server process and its engine process, the model {arguments.model!r}"
    with (
        Outcome("completion_start", regime) as outcome,
        tempfile.TemporaryDirectory(prefix="cuebox-bench-") as scratch,
    ):
        parts = Parts(outcome, arguments)
        starts = Starts(arguments, Path(scratch))
        kinds = (_WARM, _FIRST, _COLD, _FLOOR)
        _conclude(
            outcome, {kind: parts.measure(kind, partial(starts.measure, kind)) for kind in kinds}
        )


if __name__ == "__main__":
    main()
