"""What a keystroke costs with 100, 1,000 and 10,000 answers to choose from.

Regime: reply models that differ in the length of their lists alone (see `reply_lists.py`), on the
starter encoder, in one server; one client types an agent's messages, with the conversations growing
as they did, and asks for the next key's replies, without a completion, as soon as it has the last.

Method: the models take turns at every keystroke, over one connection. The first two seconds are not
counted. Medians over the keys of all rounds are compared with those of the first list.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.completion_servers import serving_completions
from benchmarks.conversations import Agent, read_agents
from benchmarks.outcome import Outcome
from benchmarks.parts import Figures, Parts, parts_options, read_options
from benchmarks.reply_lists import list_name, publish_lists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UNCOUNTED_SECONDS = 2.0
_MOST_RATIO = 2.0


def measure(store: Path, models: Sequence[str], agent: Agent, seconds: float) -> Figures:
    """Milliseconds of each request, by model."""
    found: dict[str, list[float]] = {name: [] for name in models}
    with (
        tempfile.TemporaryDirectory(prefix="cuebox-bench-") as scratch,
        serving_completions(Path(scratch), store, models) as served,
    ):
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
        began = time.perf_counter()
        for typed in range(len(agent.text)):
            elapsed = time.perf_counter() - began
            if elapsed > _UNCOUNTED_SECONDS + seconds:
                break
            for name in models:
                took = _ask(connection, agent.asked(agent.text[:typed]) | {"model": name})
                if elapsed > _UNCOUNTED_SECONDS:
                    found[name].append(1e3 * took)
        connection.close()
    return found


def _ask(connection: http.client.HTTPConnection, asked: Mapping[str, object]) -> float:
    """Seconds that one request takes."""
    body = json.dumps({**asked, "completion": False, "max_time_ms": 60_000})
    headers = {"Content-Type": "application/json"}
    began = time.perf_counter()
    connection.request("POST", "/v1/suggest", body, headers)
    answer = json.loads(connection.getresponse().read())
    took = time.perf_counter() - began
    if not answer.get("replies"):
        raise SystemExit(f"no replies: {answer}")
    return took


def _conclude(outcome: Outcome, models: Mapping[int, str], rounds: Sequence[Figures]) -> None:
    times = {size: [took for one in rounds for took in one[name]] for size, name in models.items()}
    medians = {size: float(np.median(took)) for size, took in times.items()}
    few, many = min(times), max(times)
    outcome.table(
        "One keystroke by the number of answers, replies alone",
        ["answers", "keys", "p50 ms", "p90 ms", f"p50 against {few:,}"],
        [
            [f"{size:,}", f"{len(took):,}", f"{medians[size]:.2f}",
             f"{np.percentile(took, 90):.2f}", f"{medians[size] / medians[few]:.2f}x"]
            for size, took in times.items()
        ],
    )  # fmt: skip
    outcome.figures["p50 ms"] = {str(size): value for size, value in medians.items()}
    ratio = medians[many] / medians[few]
    outcome.bar(f"A keystroke with {many:,} answers against {few:,}", f"at most {_MOST_RATIO:g}x",
                f"{ratio:.2f}x", met=ratio <= _MOST_RATIO)  # fmt: skip


def main() -> None:
    """Run the benchmark."""
    parser = parts_options(__doc__, rounds=3, seconds=10.0, models=False)
    parser.add_argument("--encoder", default="starter", help="store or folder of the encoder")
    parser.add_argument("--conversations", type=Path, required=True, help="a file of turns (JSONL)")
    parser.add_argument("--sizes", nargs="+", type=int, default=[100, 1_000, 10_000])
    arguments = read_options(parser)
    models = {size: list_name(size) for size in sorted(arguments.sizes)}
    agent = read_agents(arguments.conversations, 1)[0]
    regime = "one client, the next keystroke when the last is answered, lists take turns"
    with (
        tempfile.TemporaryDirectory(prefix="cuebox-bench-") as scratch,
        Outcome("answer_lists", regime) as outcome,
    ):
        parts = Parts(outcome, arguments)
        store = publish_lists(Path(scratch), arguments.encoder, arguments.conversations, models)
        one_round = partial(measure, store, list(models.values()), agent, arguments.seconds)
        rounds = [parts.measure(f"round {number}", one_round) for number in range(arguments.rounds)]
        _conclude(outcome, models, rounds)


if __name__ == "__main__":
    main()
