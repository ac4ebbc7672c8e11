"""Eight people type at once, and every key asks for what they might write next.

Regime: GPT-2 small with random weights; eight people, each in a text of their own (a novel: 150
words are there, the rest is typed at human speed, see `keystrokes.py`, the same keys at the same
times for every server). Every key sends a streamed request for 3 choices of 20 tokens, which
replaces the last one: the client closes that connection, as an editor does, and tells cuebox the
`session`. llama.cpp's server has no `n`: it is asked for one choice, a third of the work. It has
one sequence, and a new request interrupts the running one, whoever asked; it is measured so, as it
comes, and patient, with its cache in memory (`--interrupt_requests false --cache true`).
`--starter` adds starter models of a store, on the same texts.

Method: open loop, keys never wait. The time of a key is from its request to the first event with
text in it, the connection included. A key whose answer had not begun when the next key came has no
time and counts as slower than any other: percentiles are over all keys, and not given where they
fall among those. "Within 100 ms, if there was time" leaves out keys that the next one followed
sooner than that. The first two seconds are not counted. The load runs on the same cores. Servers
take turns in each round; figures are over the keys of all rounds.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import uvloop

from benchmarks.completion_servers import SAMPLING, llama_server, serving_completions
from benchmarks.decoders import QUANTIZATIONS, Models
from benchmarks.outcome import Outcome
from benchmarks.parts import Figures, Parts, parts_options, read_options
from benchmarks.typists import Body, Typist, people, type_all

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

_PEOPLE = 8
_UNCOUNTED_SECONDS = 2.0
_SOON = 0.1
_PERCENTILES = (50, 90, 99)
_MOST_P90_MS = 100
_PATIENT = ("--interrupt_requests", "false", "--cache", "true")

Server = tuple[int, "Callable[[Typist, str], Body]"]


class Servers:
    """Opens servers by the name they have in the table."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._models = Models(arguments.models)
        self._peers: Path | None = arguments.peers
        self._store: str | None = arguments.store
        self._starters: list[str] = arguments.starter

    def names(self) -> list[str]:
        """All that can be measured here."""
        found = [f"cuebox, {bits}" for bits in QUANTIZATIONS]
        found += [f"cuebox, starter {name}" for name in self._starters]
        if self._peers is not None:
            for kind in ("Q8_0", "Q4_0"):
                found += [f"llama.cpp {kind}, its server", f"llama.cpp {kind}, its server, patient"]
        return found

    @contextmanager
    def open(self, name: str) -> Iterator[Server]:
        """Port, and the body of a request."""
        with tempfile.TemporaryDirectory(prefix="cuebox-bench-") as scratch:
            folder = Path(scratch)
            if name.startswith("cuebox"):
                model = name.rsplit(maxsplit=1)[-1]
                store: str | Path = self._store or ""
                if "starter" not in name:
                    model, store = f"small-{model}", self._models.store
                with serving_completions(folder, store, [model]) as served:
                    yield served.port, partial(_session, model)
                return
            kind = name.split()[1].rstrip(",").lower()
            options = _PATIENT if "patient" in name else ()
            assert self._peers is not None
            with llama_server(
                self._models, "small", kind, self._peers, folder / "llama.log", *options
            ) as port:
                yield port, _single

    def measure(self, name: str, seconds: float, round_number: int) -> Figures:
        """One server, one round."""
        typists = people(self._models, _PEOPLE, round_number)
        with (
            self.open(name) as (port, body),
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(
                type_all(
                    typists, port, body,
                    seconds=seconds, uncounted=_UNCOUNTED_SECONDS, seed=round_number,
                )
            )  # fmt: skip
        keys = [key for typist in typists for key in typist.keys]
        return {
            "until": [min(key.until, 60.0) for key in keys],
            "answered": [key.answered for key in keys],
            "failed": sum(typist.failed for typist in typists),
        }


def _session(model: str, typist: Typist, text: str) -> Body:
    return {
        "model": model, "prompt": text, "n": 3, "max_tokens": 20, "stream": True,
        "session": f"person-{typist.number}", **SAMPLING,
    }  # fmt: skip


def _single(_typist: Typist, text: str) -> Body:
    return {"prompt": text, "max_tokens": 20, "stream": True, "min_p": 0.0, **SAMPLING}


def summary(rounds: Sequence[Figures]) -> dict[str, float]:
    """Percentiles in milliseconds (infinite where the key was not answered), and shares."""
    answered = np.array(
        [np.inf if each is None else each for one in rounds for each in one["answered"]]
    )
    until = np.array([each for one in rounds for each in one["until"]])
    soon = answered <= _SOON
    found = {
        f"p{percent}": 1000 * float(np.percentile(answered, percent, method="higher"))
        for percent in _PERCENTILES
    }
    return found | {
        "keys": len(answered),
        "failed": sum(one["failed"] for one in rounds),
        "answered": float(np.isfinite(answered).mean()),
        "soon": float(soon.mean()),
        "soon if time": float(soon[until >= _SOON].mean()),
    }


def _conclude(outcome: Outcome, found: dict[str, list[Figures]]) -> None:
    summaries = {name: summary(rounds) for name, rounds in found.items()}
    rows = [
        [
            name, f"{one['keys']:,}", *(_milliseconds(one[f"p{each}"]) for each in _PERCENTILES),
            *(f"{100 * one[key]:.1f} %" for key in ("answered", "soon", "soon if time")),
            f"{one['failed']}",
        ]
        for name, one in summaries.items()
    ]  # fmt: skip
    outcome.table(
        "8 people typing: from a key to the first suggestion's text",
        ["server", "keys", "p50 ms", "p90 ms", "p99 ms", "answered before the next key",
         "within 100 ms", "within 100 ms, if there was time", "failed"],
        rows,
    )  # fmt: skip
    outcome.figures["summaries"] = {
        name: {key: value if np.isfinite(value) else None for key, value in one.items()}
        for name, one in summaries.items()
    }
    for bits in QUANTIZATIONS:
        p90 = summaries[f"cuebox, {bits}"]["p90"]
        outcome.bar(f"First suggestion, 8 people typing, small {bits}", "p90 under 100 ms",
                    f"{_milliseconds(p90)} ms", met=p90 < _MOST_P90_MS)  # fmt: skip


def _milliseconds(value: float) -> str:
    return f"{value:.0f}" if np.isfinite(value) else "never"


def main() -> None:
    """Run the benchmark."""
    parser = parts_options(__doc__, rounds=2, seconds=20.0)
    parser.add_argument("--store", help="store with starter models")
    parser.add_argument("--starter", nargs="*", default=[], help="names of starter models in it")
    arguments = read_options(parser)
    regime = "8 people at 50 words a minute, a request a key, load on the same cores"
    servers = Servers(arguments)
    found: dict[str, list[Figures]] = {name: [] for name in servers.names()}
    with Outcome("typing_replay", regime) as outcome:
        parts = Parts(outcome, arguments)
        for number in range(arguments.rounds):
            for name, rounds in found.items():
                measure = partial(servers.measure, name, arguments.seconds, number)
                rounds.append(parts.measure(f"{name}, round {number}", measure))
        _conclude(outcome, found)


if __name__ == "__main__":
    main()
