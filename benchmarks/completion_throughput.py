"""Eight prompts at once, three continuations of 20 tokens each: tokens a second.

Regime: GPT-2 small and medium shapes with random weights, the same in every candidate
(`decoders.py`); eight prompts of 100 tokens that nobody saw before, three choices of 20 new tokens
each, two threads. Sampling, candidates and their settings are those of `completions.py`. What a
candidate cannot batch runs one after the other: llama.cpp's server has one sequence.

Method: candidates are processes that wait while one works; in each round all get the same eight
prompts in turn. Tokens a second are the 480 new tokens by the time until the last of them, reading
the prompts included; the median of rounds counts, and of the ratios within rounds. Every answer is
checked to be 8 x 3 x 20 tokens.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.candidates import Asked, check
from benchmarks.completion_servers import open_candidates
from benchmarks.decoders import SHAPES, Models, add_sizes
from benchmarks.outcome import Outcome, median, median_ratio
from benchmarks.parts import Parts, parts_options, read_options
from benchmarks.prompts import Prompts

if TYPE_CHECKING:
    import argparse

_PROMPTS = 8
_CHOICES = 3
_TOKENS = 20
_LENGTH = 100

Rates = dict[str, list[float]]


def measure(arguments: argparse.Namespace, size: str) -> Rates:
    """Tokens a second of each round, by candidate."""
    models = Models(arguments.models)
    prompts = Prompts(models)
    found: Rates = {}
    with ExitStack() as stack:
        candidates = open_candidates(stack, models, size, arguments.peers, prompts)
        for number in range(arguments.rounds + 1):  # the first warms up
            texts = [prompts.take(_LENGTH, _LENGTH) for _ in range(_PROMPTS)]
            asked = Asked(texts, 0, _CHOICES, _TOKENS, seed=number)
            for candidate in candidates:
                timed = candidate.run(asked)
                check(candidate, asked, timed)
                if number:
                    rate = 1000 * sum(timed.lengths) / timed.milliseconds
                    found.setdefault(candidate.name, []).append(rate)
            sys.stderr.write(f"{size}: round {number} of {arguments.rounds}\n")
    return found


def _conclude(outcome: Outcome, found: dict[str, Rates]) -> None:
    for size, rates in found.items():
        best = max(rates, key=lambda name: median(rates[name]))
        rows = [
            [name, f"{median(each):,.0f}", f"{median_ratio(each, rates[best]):.2f}x"]
            for name, each in sorted(rates.items(), key=lambda item: -median(item[1]))
        ]
        outcome.table(
            f"GPT-2 {size}, {SHAPES[size].parameters}M: 8 prompts x 3 choices x 20 tokens",
            ["candidate", "tokens/s", "to the best"],
            rows,
        )
    outcome.figures["tokens_per_second"] = found


def main() -> None:
    """Run the benchmark."""
    parser = parts_options(__doc__, rounds=2)
    add_sizes(parser)
    arguments = read_options(parser)
    regime = "8 cold prompts of 100 tokens at once, 3 choices of 20 tokens each, two threads"
    with Outcome("completion_throughput", regime) as outcome:
        parts = Parts(outcome, arguments)
        found: dict[str, Any] = {}
        for size in arguments.sizes:
            found[size] = parts.measure(size, partial(measure, arguments, size))
        _conclude(outcome, found)


if __name__ == "__main__":
    main()
