"""From exec to the first HTTP 200 of `/v1/classify`, with the starter encoder and 21 heads.

Regime: one process, all 21 heads asked in the first request, bytecode compiled. "Disk warm" is a
restart: weights prepacked for this CPU and goldens replayed by an earlier start. "First start" has
neither. "Disk cold" is a restart after the page cache was dropped (as root; without that right the
files of the environment, the store and the cache are evicted one by one, and what other programs
have mapped stays).

Method: the clock starts just before the process is made. A client tries to connect every
millisecond, and asks again on that connection until the answer is 200; RSS and PSS are read at
that moment. Then the server is stopped and the next start begins. The split by phase comes from
extra starts, in which `phases.py` notes when the program reaches certain points; each figure is a
median.
"""

from __future__ import annotations

import sysconfig
from pathlib import Path

from benchmarks.heads import HEADS
from benchmarks.outcome import Outcome, median, options
from benchmarks.served import ROOT, prepared
from benchmarks.starts import Start, Starter, drop_page_cache

# Names of phases and the points of `phases.py` they end at.
_PHASES = (
    ("interpreter", "interpreter"),
    ("imports of the command and the HTTP server, settings", "imported"),
    ("socket open", "listening"),
    ("rest of the imports, service composed, store read", "composed"),
    ("onnxruntime and tokenizers imported", "engine imported"),
    ("session and tokenizer open", "encoder open"),
    ("21 heads loaded, goldens replayed", "loaded"),
    ("first answer", "answered"),
)


def _phase_rows(starts: list[Start]) -> list[list[str]]:
    rows, last = [], 0.0
    for name, point in _PHASES:
        at = median([start.points[point] for start in starts])
        rows.append([name, f"{1000 * (at - last):.0f}", f"{1000 * at:.0f}"])
        last = at
    return rows


def _conclude(outcome: Outcome, starts: dict[str, list[Start]], split: list[Start]) -> None:
    rows = []
    for name, runs in starts.items():
        seconds = [run.seconds for run in runs]
        rows.append([
            name, str(len(runs)), f"{1000 * median(seconds):.0f}", f"{1000 * min(seconds):.0f}",
            f"{1000 * max(seconds):.0f}", f"{1000 * median([run.cpu for run in runs]):.0f}",
            f"{median([run.memory.rss for run in runs]):.0f}",
            f"{median([run.memory.pss for run in runs]):.0f}",
        ])  # fmt: skip
    outcome.table(
        "From exec to the first 200 of /v1/classify",
        ["start", "runs", "median ms", "fastest", "slowest", "CPU ms", "RSS MB", "PSS MB"],
        rows,
    )
    outcome.table(
        "Disk warm, by phase (medians)", ["phase", "ms", "reached at ms"], _phase_rows(split)
    )
    warm = starts["disk warm"]
    time_taken = median([run.seconds for run in warm])
    rss = median([run.memory.rss for run in warm])
    outcome.bar("Cold start, 21 heads, disk warm", "at most 0.5 s",
                f"{time_taken:.3f} s", met=time_taken <= 0.5)  # fmt: skip
    outcome.bar("Memory at the first answer", "at most 150 MB RSS",
                f"{rss:.0f} MB", met=rss <= 150)  # fmt: skip
    outcome.figures = {
        name: {"seconds": [run.seconds for run in runs], "rss": [run.memory.rss for run in runs]}
        for name, runs in starts.items()
    }


def main() -> None:
    """Run the benchmark."""
    arguments = options(__doc__, rounds=15).parse_args()
    regime = "one process, 21 heads, restart with prepacked weights unless said otherwise"
    with Outcome("cold_start", regime) as outcome, prepared(arguments) as (folder, store):
        body = {"model": [name for name, *_ in HEADS], "input": "where is my card"}
        starter = Starter(folder, store, "/v1/classify", body, None)
        starter.start()  # writes bytecode where there is none
        few = max(1, arguments.rounds // 3)
        first, warm, split, cold = [], [], [], []
        for _ in range(few):
            starter.forget()
            first.append(starter.start())
        starter.start(phases=True)
        for _ in range(arguments.rounds):
            warm.append(starter.start())
            split.append(starter.start(phases=True))
        places = [Path(sysconfig.get_paths()["purelib"]), ROOT / "src", folder]
        for _ in range(few):
            outcome.figures["cold_by"] = drop_page_cache(places)
            cold.append(starter.start())
        starts = {"disk warm": warm, "first start": first, "disk cold": cold}
        _conclude(outcome, starts, split)


if __name__ == "__main__":
    main()
