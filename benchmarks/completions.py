"""Three continuations of 20 tokens each, as a person types: cuebox against what else runs on a CPU.

Regime: GPT-2 small and medium shapes with random weights, the same in every candidate
(`decoders.py`); a prompt of 100 tokens whose first 95 were just served; 3 choices of 20 new tokens,
sampled with temperature 0.8, top_k 40, top_p 0.95; two threads, one request at a time. Every
prompt is new, and every answer is checked to be 3 x 20 tokens.

Method: candidates are processes that wait while one works. In each round all of them get the same
prompt for n=1, and then another for n=3; the median of rounds counts, and so does the median of
the ratios within rounds. In one process: cuebox's engine; llama.cpp through its C interface with
sequences forked off the prompt's, which is more than its Python bindings or server offer;
transformers with a cache of the prompt copied for each call; CTranslate2 with a static prompt.
Over HTTP: cuebox, whose `Server-Timing` tells the engine's share; llama.cpp's Python server, which
has no `n`, so that three choices are three requests (the second finds the prompt in its cache).
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.candidates import Asked, check
from benchmarks.completion_servers import open_candidates
from benchmarks.decoders import QUANTIZATIONS, SHAPES, Models, add_sizes
from benchmarks.outcome import Outcome, median, median_ratio
from benchmarks.parts import Parts, parts_options, read_options
from benchmarks.prompts import Prompts

if TYPE_CHECKING:
    import argparse

    from benchmarks.candidates import Timed

_PROMPT = 100
_KNOWN = 95
_CHOICES = (1, 3)
# Size, ours, theirs, what the quotient of the times must be, and what that is called.
_RATIOS = (
    ("small", "cuebox, int4", "llama.cpp Q4_0, forked sequences", 0.8),
    ("small", "cuebox, int8", "llama.cpp Q8_0, forked sequences", 0.6),
)
_MOST_FOR_THREE = 1.2
_LEAST_FASTER_THAN_HF = 4.5
_MOST_OVERHEAD = 0.05

Times = dict[str, dict[str, list[float]]]


def measure(arguments: argparse.Namespace, size: str) -> Times:
    """By candidate: `n=1`, `n=3` and `engine n=3`, milliseconds of each round."""
    models = Models(arguments.models)
    prompts = Prompts(models)
    found: Times = {}
    with ExitStack() as stack:
        candidates = open_candidates(stack, models, size, arguments.peers, prompts)
        for number in range(arguments.rounds + 1):  # the first warms up
            for n in _CHOICES:
                asked = Asked([prompts.take(_PROMPT, _KNOWN)], _KNOWN, n, seed=number)
                for candidate in candidates:
                    timed = candidate.run(asked)
                    check(candidate, asked, timed)
                    if number:
                        _note(found.setdefault(candidate.name, {}), n, timed)
            sys.stderr.write(f"{size}: round {number} of {arguments.rounds}\n")
    return found


def _note(taken: dict[str, list[float]], n: int, timed: Timed) -> None:
    taken.setdefault(f"n={n}", []).append(timed.milliseconds)
    if timed.engine_ms is not None:
        taken.setdefault(f"engine n={n}", []).append(timed.engine_ms)


def _rows(times: Times) -> list[list[str]]:
    rows = []
    for name, taken in sorted(times.items(), key=lambda item: median(item[1]["n=3"])):
        one, three = median(taken["n=1"]), median(taken["n=3"])
        more = median_ratio(taken["n=3"], taken["n=1"])
        same = "cuebox, int4" if "int4" in name or "Q4_0" in name else "cuebox, int8"
        rows.append([
            name, f"{one:.0f}", f"{three:.0f}", f"{more:.2f}x",
            f"{1 / median_ratio(times[same]['n=3'], taken['n=3']):.2f}x",
        ])  # fmt: skip
    return rows


def _overhead(taken: dict[str, list[float]]) -> float:
    return median_ratio(taken["n=3"], taken["engine n=3"]) - 1


def _conclude(outcome: Outcome, found: dict[str, Times]) -> None:
    for size, times in found.items():
        outcome.table(
            f"GPT-2 {size}, {SHAPES[size].parameters}M: 20 tokens a choice, milliseconds",
            ["candidate", "n=1", "n=3", "n=3 to n=1", "to cuebox of as many bits"],
            _rows(times),
        )
    rows = []
    for size, times in found.items():
        for name in (name for name in times if name.startswith("cuebox") and "HTTP" in name):
            whole, engine = median(times[name]["n=3"]), median(times[name]["engine n=3"])
            rows.append([f"{size}, {name}", f"{whole:.1f}", f"{engine:.1f}",
                         f"{100 * _overhead(times[name]):.1f} %"])  # fmt: skip
    outcome.table(
        "HTTP and the process border, n=3, milliseconds",
        ["server", "client's time", "engine's time", "overhead"],
        rows,
    )
    for size, times in found.items():
        _bars(outcome, size, times)
    outcome.figures["times"] = found


def _bars(outcome: Outcome, size: str, times: Times) -> None:
    for bits in QUANTIZATIONS:
        taken = times[f"cuebox, {bits}"]
        more = median_ratio(taken["n=3"], taken["n=1"])
        outcome.bar(f"Three choices, {size} {bits}", "at most 1.2x the time of one",
                    f"{more:.2f}x", met=more <= _MOST_FOR_THREE)  # fmt: skip
        over = _overhead(times[f"cuebox, {bits}, HTTP"])
        outcome.bar(f"HTTP above the engine, {size} {bits}", "at most 5 %",
                    f"{100 * over:.1f} %", met=over <= _MOST_OVERHEAD)  # fmt: skip
    for at, ours, theirs, most in _RATIOS:
        if at == size and theirs in times:
            found = median_ratio(times[ours]["n=3"], times[theirs]["n=3"])
            outcome.bar(f"3 x 20 tokens, {size}, {ours.split()[-1]}",
                        f"at most {most}x {theirs.split(',')[0]}'s time", f"{found:.2f}x",
                        met=found <= most)  # fmt: skip
    hf = "transformers generate, bfloat16"
    if size == "small" and hf in times:
        slower = median_ratio(times[hf]["n=3"], times["cuebox, int8"]["n=3"])
        outcome.bar("transformers bfloat16, small, 3 x 20 tokens", "at least 4.5x cuebox's time",
                    f"{slower:.1f}x", met=slower >= _LEAST_FASTER_THAN_HF)  # fmt: skip


def main() -> None:
    """Run the benchmark."""
    parser = parts_options(__doc__, rounds=5)
    add_sizes(parser)
    arguments = read_options(parser)
    regime = "100-token prompts of which 95 were just served, 20 tokens a choice, two threads"
    with Outcome("completions", regime) as outcome:
        parts = Parts(outcome, arguments)
        found: dict[str, Any] = {}
        for size in arguments.sizes:
            found[size] = parts.measure(size, partial(measure, arguments, size))
        _conclude(outcome, found)


if __name__ == "__main__":
    main()
