"""What an explanation costs: with one head and with 21, against classifying as many texts.

Regime: one client, texts that never repeat, of 8, 24 and 60 words. An explanation runs the text and
the text without each word, each alone, so that the answer is the same under load; "classify" sends
the very same texts in one request of one head, where texts of like length share a run.

Method: all variants in turn within a round, on one server; medians of the rounds.
"""

from __future__ import annotations

import json
import sys
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.heads import HEADS
from benchmarks.load import Replay, replay
from benchmarks.outcome import Outcome, median, options
from benchmarks.served import prepared, serving
from cuebox.loadtest.texts import TextSource

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = [name for name, *_ in HEADS]
_LENGTHS = (8, 24, 60)
_ONE, _ALL, _CLASSIFY = "explain, one head", "explain, 21 heads", "classify, one head"
_VARIANTS = (_CLASSIFY, _ONE, _ALL)
_seeds = count(1)


def _texts(words: int) -> Iterator[list[str]]:
    """Texts of so many words, as lists of them."""
    source = TextSource(seed=next(_seeds))
    while True:
        text: list[str] = []
        while len(text) < words:
            text += source().split()
        yield text[:words]


def _body(variant: str, words: list[str]) -> bytes:
    if variant == _CLASSIFY:
        without = [words[:place] + words[place + 1 :] for place in range(len(words))]
        rows = [" ".join(each) for each in (words, *without)]
        return json.dumps({"model": _NAMES[0], "input": rows}).encode()
    model = _NAMES if variant == _ALL else _NAMES[0]
    return json.dumps({"model": model, "input": " ".join(words)}).encode()


def _scripts(variant: str, words: int, seconds: float) -> Iterator[list[bytes]]:
    until = perf_counter() + seconds
    for text in _texts(words):
        if perf_counter() >= until:
            return
        yield [_body(variant, text)]


def _measure(port: int, variant: str, words: int, seconds: float) -> Replay:
    path = "/v1/classify" if variant == _CLASSIFY else "/v1/explain"
    replay(port, path, _scripts(variant, words, min(0.5, seconds)), 1)
    result = replay(port, path, _scripts(variant, words, seconds), 1)
    if result.failed:
        raise SystemExit(f"{variant}: {result.failed} requests failed")
    sys.stderr.write(f"{words} words, {variant}: {result.percentile(50):,.1f} ms\n")
    return result


def _conclude(outcome: Outcome, found: dict[tuple[int, str], list[Replay]]) -> None:
    rows = []
    for words in _LENGTHS:
        base = median([one.percentile(50) for one in found[words, _CLASSIFY]])
        for variant in _VARIANTS:
            p50, p99 = (
                median([one.percentile(p) for one in found[words, variant]]) for p in (50, 99)
            )
            rows.append([str(words), variant, f"{p50:.1f}", f"{p99:.1f}", f"{p50 / base:.2f}x"])
    outcome.table(
        "A text explained", ["words", "asked", "p50 ms", "p99 ms", "cost to classify"], rows
    )
    outcome.figures = {
        f"{words} words, {variant}": [one.percentile(50) for one in runs]
        for (words, variant), runs in found.items()
    }


def main() -> None:
    """Run the benchmark."""
    arguments = options(__doc__, seconds=3.0, rounds=5).parse_args()
    regime = f"one client, texts of {', '.join(map(str, _LENGTHS))} words that never repeat"
    with Outcome("explain", regime) as outcome, prepared(arguments) as (folder, store):
        found: dict[tuple[int, str], list[Replay]] = {}
        with serving(folder, store) as served:
            for _ in range(arguments.rounds):
                for words in _LENGTHS:
                    for variant in _VARIANTS:
                        run = _measure(served.port, variant, words, arguments.seconds)
                        found.setdefault((words, variant), []).append(run)
        _conclude(outcome, found)


if __name__ == "__main__":
    main()
