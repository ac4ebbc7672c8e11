"""Requests a second against the servers people would otherwise use, on the same weights.

Regime: 16 closed-loop clients on keep-alive connections, each request one phrase of 5 to 12 words
that never repeats (so no cache helps), all-MiniLM-L6-v2, the load generator on the same cores.
Peers return the embedding and nothing else; cuebox is asked for the embedding too, and for a
classification, which is the embedding and a head.

Method: in every round each candidate is started, warmed up, measured and stopped, one after the
other; the median of the rounds counts. Peers run in the best of several settings (see
peers/README.md) and install with `peers/install.sh FOLDER`. Memory is PSS over all processes of a
server after the load; CPU is what they used in a run, warm-up included, by the answers they gave,
which other programs on the machine disturb less than they do rates.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.heads import ENCODER, HEADS
from benchmarks.load import latency, offer
from benchmarks.machine import cpu_seconds, descendants
from benchmarks.outcome import Outcome, median, options
from benchmarks.peers.peers import PEERS, Peer, PeerError, free_port, start, stop
from benchmarks.served import memory, prepared, serving
from cuebox.loadtest.settings import LoadSettings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

_WORD = "cuebox-benchmark-text"
_EVERYTHING = {"CUEBOX_SERVING__MODELS": json.dumps([ENCODER, *(name for name, *_ in HEADS)])}
_CLASSIFY = ("/v1/classify", '{"model": "banking77", "input": {text}}')
_EMBED = (
    "/v1/embeddings",
    f'{{"model": "{ENCODER}", "input": {{text}}, "encoding_format": "base64"}}',
)


@dataclass
class Candidate:
    """A server, a question, and what was measured of them, one value per round."""

    name: str
    engine: str
    per_second: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    pss: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    failed: int = 0

    def cells(self, best: float) -> list[str]:
        """A row of the table."""
        rate = median(self.per_second)
        return [
            self.name, self.engine, f"{rate:,.0f}", f"{rate / best:.2f}x",
            f"{median(self.p50):.1f}", f"{median(self.p99):.1f}", f"{median(self.cpu):.2f}",
            f"{median(self.pss):,.0f}", f"{self.failed:,}",
        ]  # fmt: skip


class Rounds:
    """Measures candidates round by round; every run sends texts that no run sent before."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.found: dict[str, Candidate] = {}
        self._seeds: Iterator[int] = iter(range(1, 10_000))

    def cuebox(self, folder: Path, store: str, workers: int) -> None:
        """One server with so many processes, the cores shared among them; two questions."""
        named = f"cuebox, {workers} process{'es' if workers > 1 else ''}"
        with serving(folder, store, "--workers", str(workers), extra=_EVERYTHING) as served:
            for asked, (path, body) in (("embedding", _EMBED), ("classify", _CLASSIFY)):
                candidate = self._candidate(f"{named}, {asked}", "onnxruntime, int8")
                self._measure(candidate, served.url(path), body, served.pid)

    def peer(self, peer: Peer) -> None:
        """One peer, which returns embeddings."""
        root = self.arguments.peers
        port = free_port()
        try:
            process = start(peer, root, port)
        except PeerError as error:
            sys.stderr.write(f"warning: left out this round: {error}\n")
            return
        try:
            body = peer.body(_WORD).decode().replace(json.dumps(_WORD), "{text}")
            candidate = self._candidate(f"{peer.name} ({peer.version})", peer.engine)
            self._measure(candidate, peer.url(port), body, process.pid)
        finally:
            stop(process)

    def _candidate(self, name: str, engine: str) -> Candidate:
        return self.found.setdefault(name, Candidate(name, engine))

    def _measure(self, candidate: Candidate, url: str, body: str, pid: int) -> None:
        settings = LoadSettings(
            url=url, body=body, clients=16, duration=self.arguments.seconds, warmup=3.0,
            seed=next(self._seeds),
        )  # fmt: skip
        before = cpu_seconds(pid)
        report = offer(settings)
        used = cpu_seconds(pid) - before
        times = latency(report)
        candidate.per_second.append(report.requests_per_second)
        candidate.p50.append(times.p50)
        candidate.p99.append(times.p99)
        answers = report.requests_per_second * (settings.warmup + report.seconds)
        candidate.cpu.append(1000 * used / answers)
        candidate.pss.append(memory(descendants(pid)).pss)
        candidate.failed += sum(report.failed.values())
        sys.stderr.write(
            f"{candidate.name}: {report.requests_per_second:,.0f}/s, p99 {times.p99:.1f} ms\n"
        )


def _installed(arguments: argparse.Namespace) -> list[Peer]:
    if arguments.peers is None:
        sys.stderr.write("warning: no --peers folder: only cuebox is measured\n")
        return []
    wanted = set(arguments.only or (peer.name for peer in PEERS))
    root: Path = arguments.peers
    chosen = [peer for peer in PEERS if peer.name in wanted]
    for peer in chosen:
        if not (root / peer.venv / "bin").exists():
            sys.stderr.write(f"warning: {peer.name} is not installed in {root}\n")
    return [peer for peer in chosen if (root / peer.venv / "bin").exists()]


def _conclude(outcome: Outcome, rounds: Rounds) -> None:
    ours = [one for one in rounds.found.values() if one.name.startswith("cuebox")]
    peers = [one for one in rounds.found.values() if not one.name.startswith("cuebox")]
    best = max(peers or ours, key=lambda one: median(one.per_second))
    ordered = sorted(rounds.found.values(), key=lambda one: -median(one.per_second))
    outcome.table(
        "16 clients, distinct phrases",
        [
            "server",
            "engine",
            "requests/s",
            "to best peer",
            "p50 ms",
            "p99 ms",
            "CPU ms a request",
            "PSS MB",
            "failed",
        ],
        [one.cells(median(best.per_second)) for one in ordered],
    )
    outcome.figures = {
        one.name: {
            "per_second": one.per_second,
            "p50": one.p50,
            "p99": one.p99,
            "pss": one.pss,
            "cpu_ms": one.cpu,
        }
        for one in ordered
    }
    if not peers:
        return
    champion = max(ours, key=lambda one: median(one.per_second))
    ratio = median(champion.per_second) / median(best.per_second)
    outcome.bar("Throughput, 16 clients", "at least 3x the best peer",
                f"{ratio:.2f}x {best.name}", met=ratio >= 3)  # fmt: skip
    mine, theirs = median(champion.p99), min(median(one.p99) for one in peers)
    outcome.bar("p99, 16 clients", "lower than any peer's",
                f"{mine:.1f} ms against {theirs:.1f} ms", met=mine < theirs)  # fmt: skip


def main() -> None:
    """Run the benchmark."""
    parser = options(__doc__)
    parser.add_argument("--peers", type=Path, help="folder made by peers/install.sh")
    parser.add_argument("--only", nargs="*", help="names of peers; all that are installed")
    arguments = parser.parse_args()
    if arguments.peers is not None:
        arguments.peers = arguments.peers.resolve()
    regime = "16 closed-loop clients, distinct phrases of 5 to 12 words, load on the same cores"
    with Outcome("throughput", regime) as outcome, prepared(arguments) as (folder, store):
        rounds = Rounds(arguments)
        peers = _installed(arguments)
        for _ in range(arguments.rounds):
            rounds.cuebox(folder, store, 1)
            rounds.cuebox(folder, store, 2)
            for peer in peers:
                rounds.peer(peer)
        _conclude(outcome, rounds)


if __name__ == "__main__":
    main()
