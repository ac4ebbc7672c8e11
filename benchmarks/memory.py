"""Memory of several worker processes: the weights are in it once.

Regime: `cuebox serve` with 1 and with 4 worker processes on 21 heads, after 16 clients sent
distinct phrases for a while, so that every worker has touched its weights; and 4 workers without
the cache of prepacked weights, where each has its own copy, for comparison.

Method: /proc/PID/smaps_rollup of every process; PSS counts a page that n processes share as 1/n
for each, so their sum is what the server takes from the machine. The line of the mapped weights
file in /proc/PID/smaps shows the sharing itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.load import offer
from benchmarks.machine import descendants
from benchmarks.outcome import Outcome, options
from benchmarks.served import Memory, Served, memory, prepared, serving
from cuebox.loadtest.settings import LoadSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

_WEIGHTS = "weights.bin"
_VARIANTS: tuple[tuple[str, int, Mapping[str, str]], ...] = (
    ("1 process", 1, {}),
    ("4 workers", 4, {}),
    ("4 workers, no prepacked weights", 4, {"CUEBOX_ENGINE__CACHE_DIR": ""}),
)


def mapped_weights(pid: int) -> Memory | None:
    """How much of the weights file a process has mapped, and its share of it; None if it has not."""
    sizes: dict[str, int] = {}
    inside = False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        fields = line.split()
        if not fields[0].endswith(":"):
            inside = line.endswith(_WEIGHTS)
        elif inside and fields[-1] == "kB":
            sizes[fields[0][:-1]] = sizes.get(fields[0][:-1], 0) + int(fields[1])
    if not sizes:
        return None
    private = sizes["Private_Clean"] + sizes["Private_Dirty"]
    return Memory(sizes["Rss"] / 1024, sizes["Pss"] / 1024, private / 1024)


def _processes(served: Served, seconds: float) -> list[tuple[int, Memory, Memory | None]]:
    """Of each process, after a load: memory, and the part of it that is mapped weights."""
    body = '{"model": "*", "input": {text}}'
    offer(LoadSettings(url=served.url("/v1/classify"), body=body, duration=seconds, clients=64))
    return [(pid, memory([pid]), mapped_weights(pid)) for pid in descendants(served.pid)]


def main() -> None:
    """Run the benchmark."""
    arguments = options(__doc__, seconds=5.0, rounds=1).parse_args()
    regime = "after a load of distinct phrases; megabytes of 2**20 bytes"
    totals: dict[str, float] = {}
    rows: list[list[str]] = []
    with Outcome("memory", regime) as outcome, prepared(arguments) as (folder, store):
        shares: list[Memory] = []
        for name, workers, extra in _VARIANTS:
            with serving(folder, store, "--workers", str(workers), extra=extra) as served:
                found = _processes(served, arguments.seconds)
            totals[name] = sum(used.pss for _, used, _ in found)
            for pid, used, weights in found:
                role = "parent" if workers > 1 and pid == served.pid else "worker"
                shared = "-" if weights is None else f"{weights.rss:.1f} / {weights.pss:.1f}"
                rows.append([name, role, f"{used.rss:.0f}", f"{used.pss:.0f}",
                             f"{used.private:.0f}", shared])  # fmt: skip
            if name == "4 workers":
                shares = [weights for *_, weights in found if weights is not None]
        outcome.table(
            "Processes (MB)",
            ["server", "process", "RSS", "PSS", "private", "mapped weights, RSS / PSS"],
            rows,
        )
        outcome.table(
            "All processes of a server", ["server", "PSS MB"],
            [[name, f"{total:.0f}"] for name, total in totals.items()],
        )  # fmt: skip
        outcome.figures = {"pss": totals}
        size = max((share.rss for share in shares), default=0.0)
        copies = sum(share.pss for share in shares) / size if size else float(len(shares))
        outcome.bar("Weights in four workers", "one copy",
                    f"{copies:.2f} copies of {size:.1f} MB", met=0 < copies < 1.1)  # fmt: skip


if __name__ == "__main__":
    main()
