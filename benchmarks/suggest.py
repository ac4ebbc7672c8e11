"""Eight agents type at once, and every key asks for replies and an inline completion.

Regime: a reply model and the completion model it names, as a store has them; eight agents, each in
conversations of their own, which customers' turns and lookups come into as they did. Agents type
their messages at human speed (see `keystrokes.py`; the same keys at the same times in every round),
one message after another. Every key sends the conversation so far and the draft, and so does the
key that sends a message, with the draft empty. A key replaces the last one's request: its
connection is closed, and the `session` says so as well.

Method: open loop, keys never wait. The time of a key is from its request to the answer, the
connection included. A key whose answer had not come when the next key came has no time and counts
as slower than any other. The first two seconds are not counted. The load runs on the same cores.
`whole`: the server is given a second, so that every answer has both sources and nothing is left
out; the bars are about these. `in time`: the server's own budget, after which what is late is left
out.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import uvloop

from benchmarks.completion_servers import serving_completions
from benchmarks.conversations import read_agents
from benchmarks.outcome import Outcome
from benchmarks.parts import Figures, Parts, parts_options, read_options
from benchmarks.typists import Body, Typist, type_all

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_AGENTS = 8
_UNCOUNTED_SECONDS = 2.0
_PERCENTILES = (50, 90, 99)
_MOST_P90_MS = 60
_MOST_P99_MS = 100
_BUDGETS = {"whole": {"max_time_ms": 1_000}, "in time": {}}


class Desk:
    """The agents, and the server they ask."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._store: Path = arguments.store
        self._models: list[str] = [arguments.model, *arguments.completion]
        self._agents = read_agents(arguments.conversations, _AGENTS)

    def measure(self, budget: str, seconds: float, round_number: int) -> Figures:
        """One budget, one round."""
        typists = [Typist(agent.number, "", agent.text) for agent in self._agents]
        with (
            tempfile.TemporaryDirectory(prefix="cuebox-bench-") as scratch,
            serving_completions(Path(scratch), self._store, self._models) as served,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(
                type_all(
                    typists, served.port, partial(self._body, budget),
                    seconds=seconds, uncounted=_UNCOUNTED_SECONDS, seed=round_number,
                    path="/v1/suggest", counts=_is_answer,
                )
            )  # fmt: skip
        keys = [key for typist in typists for key in typist.keys]
        answers = [json.loads(key.line) for key in keys if key.line]
        return {
            "until": [min(key.until, 60.0) for key in keys],
            "answered": [key.answered for key in keys],
            "failed": sum(typist.failed for typist in typists)
            + sum(bool(answer["failed"]) for answer in answers),
            "late replies": sum("reply" in answer["late"] for answer in answers),
            "late completions": sum("completion" in answer["late"] for answer in answers),
            "replies": sum(bool(answer["replies"]) for answer in answers),
            "completions": sum(answer["completion"] is not None for answer in answers),
        }

    def _body(self, budget: str, typist: Typist, text: str) -> Body:
        agent = self._agents[typist.number]
        session = f"agent-{typist.number}"
        return agent.asked(text) | {"session": session, "model": self._models[0]} | _BUDGETS[budget]


def summary(rounds: Sequence[Figures]) -> dict[str, float]:
    """Percentiles in milliseconds (infinite where the key was not answered), and shares."""
    answered = np.array(
        [np.inf if each is None else each for one in rounds for each in one["answered"]]
    )
    count = int(np.isfinite(answered).sum())
    shares = ("late replies", "late completions", "replies", "completions")
    return {
        f"p{percent}": 1000 * float(np.percentile(answered, percent, method="higher"))
        for percent in _PERCENTILES
    } | {
        "keys": len(answered),
        "failed": sum(one["failed"] for one in rounds),
        "answered": float(np.isfinite(answered).mean()),
        "within 60 ms": float((answered <= 0.06).mean()),
        "within 100 ms": float((answered <= 0.1).mean()),
        **{name: sum(one[name] for one in rounds) / max(count, 1) for name in shares},
    }


def _is_answer(line: bytes) -> bool:
    return line.startswith(b'{"id"')


def _conclude(outcome: Outcome, found: dict[str, list[Figures]]) -> None:
    summaries = {name: summary(rounds) for name, rounds in found.items()}
    shares = (
        "answered", "within 60 ms", "within 100 ms", "replies", "completions", "late replies",
        "late completions",
    )  # fmt: skip
    outcome.table(
        "8 agents typing: from a key to the answer, replies and completion together",
        ["budget", "keys", "p50 ms", "p90 ms", "p99 ms", "answered before the next key",
         "within 60 ms", "within 100 ms", "with replies", "with a completion", "replies late",
         "completion late", "failed"],
        [
            [
                name, f"{one['keys']:,}", *(_milliseconds(one[f"p{each}"]) for each in _PERCENTILES),
                *(f"{100 * one[key]:.1f} %" for key in shares), f"{one['failed']}",
            ]
            for name, one in summaries.items()
        ],
    )  # fmt: skip
    outcome.figures["summaries"] = {
        name: {key: value if np.isfinite(value) else None for key, value in one.items()}
        for name, one in summaries.items()
    }
    whole = summaries["whole"]
    for percent, most in ((90, _MOST_P90_MS), (99, _MOST_P99_MS)):
        value = whole[f"p{percent}"]
        outcome.bar(f"Replies and completion, 8 agents typing, p{percent}", f"under {most} ms",
                    f"{_milliseconds(value)} ms", met=value < most)  # fmt: skip


def _milliseconds(value: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else "never"


def main() -> None:
    """Run the benchmark."""
    parser = parts_options(__doc__, rounds=2, seconds=20.0, models=False)
    parser.add_argument("--store", type=Path, required=True, help="has the models below")
    parser.add_argument("--model", required=True, help="a reply model")
    parser.add_argument("--completion", nargs="*", default=[], help="the model that it names")
    parser.add_argument("--conversations", type=Path, required=True, help="a file of turns (JSONL)")
    arguments = read_options(parser)
    desk = Desk(arguments)
    regime = "8 agents at 50 words a minute, a request a key, load on the same cores"
    found: dict[str, list[Figures]] = {name: [] for name in _BUDGETS}
    with Outcome("suggest", regime) as outcome:
        parts = Parts(outcome, arguments)
        for number in range(arguments.rounds):
            for name, rounds in found.items():
                measure = partial(desk.measure, name, arguments.seconds, number)
                rounds.append(parts.measure(f"{name}, round {number}", measure))
        _conclude(outcome, found)


if __name__ == "__main__":
    main()
