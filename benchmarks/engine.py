"""Text to embedding in one process on one core: cuebox's engine against sentence-transformers.

Regime: no server, one thread on core 0, one text at a time, texts of exactly 8, 32 and 128 tokens
that never repeat; tokenisation is part of the time. Candidates hold the same all-MiniLM-L6-v2
weights: cuebox (int8, prepacked), onnxruntime with a float32 and with a plain dynamic int8 graph,
and sentence-transformers on torch float32, the last three in the environments that
`peers/install.sh FOLDER` made.

Method: every candidate is a process that waits while another one works; within a round all of
them embed the same texts in turn. The median time of a text in a round, and the median of rounds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.heads import find_encoder
from benchmarks.outcome import Outcome, median, options
from benchmarks.served import ROOT
from cuebox.core.text import TextSettings, normalize_text
from cuebox.engines.tokenizer import open_tokenizer
from cuebox.loadtest.texts import words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

_LENGTHS = (8, 32, 128)
_OURS = "cuebox, int8"
_REFERENCE = "sentence-transformers, torch float32"
# Name, engine and environment of peers/install.sh.
_PEERS = (
    ("onnxruntime, dynamic int8", "int8", "litserve"),
    ("onnxruntime, float32", "fp32", "litserve"),
    (_REFERENCE, "torch", "litserve"),
)


@dataclass(frozen=True)
class Worker:
    """A process that embeds texts when told to."""

    name: str
    process: subprocess.Popen[str]

    def times(self, texts: Sequence[str]) -> list[float]:
        """Milliseconds of each text."""
        if self.process.stdin is None or self.process.stdout is None:
            raise SystemExit(f"{self.name} has no pipes")
        self.process.stdin.write(json.dumps(texts) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended; see its messages above")
        measured: list[float] = json.loads(line)
        return measured


def _start(name: str, python: Path, arguments: list[str], extra: Mapping[str, str]) -> Worker:
    script = str(Path(__file__).parent / "engine_worker.py")
    process = subprocess.Popen(
        [str(python), script, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1",
             "TOKENIZERS_PARALLELISM": "false", **extra},
    )  # fmt: skip
    return Worker(name, process)


def _workers(arguments: argparse.Namespace, stack: ExitStack) -> list[Worker]:
    python = Path(sys.executable)
    started = [_start(_OURS, python, ["cuebox", arguments.encoder], {"PYTHONPATH": str(ROOT)})]
    for name, engine, venv in _PEERS if arguments.peers else ():
        root = arguments.peers.resolve()
        interpreter = root / venv / "bin" / "python"
        if not interpreter.exists():
            sys.stderr.write(f"warning: {interpreter} is not installed\n")
            continue
        variables = {
            "PYTHONPATH": str(ROOT / "benchmarks" / "peers"),
            "PEER_MODEL": str(root / "weights"), "PEER_ENGINE": engine, "HF_HOME": str(root / "hub"),
        }  # fmt: skip
        started.append(_start(name, interpreter, ["peer"], variables))
    for worker in started:
        stack.callback(worker.process.wait)
        stack.callback(worker.process.terminate)
    return started


class _Texts:
    """Texts of an exact number of tokens, special tokens included."""

    def __init__(self, encoder: str) -> None:
        spec, _, tokenizer = find_encoder(encoder)
        self._tokenizer = open_tokenizer(tokenizer, spec.max_tokens)
        self._single = [word for word in words() if self._tokens(word) == 3]
        self._next = 0

    def take(self, tokens: int, number: int) -> list[str]:
        """The next ones."""
        return [self._one(tokens) for _ in range(number)]

    def _one(self, tokens: int) -> str:
        size = len(self._single)
        self._next += 1
        picked = [
            self._single[(self._next * (7 * place + 1)) % size] for place in range(tokens - 2)
        ]
        text = " ".join(picked)
        if self._tokens(text) != tokens:
            raise SystemExit(f"{text!r} has {self._tokens(text)} tokens, expected {tokens}")
        return text

    def _tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(normalize_text(text, TextSettings())).ids)


def _conclude(outcome: Outcome, found: dict[str, dict[int, list[float]]]) -> None:
    reference = _REFERENCE if _REFERENCE in found else _OURS
    rows = []
    for name, by_length in found.items():
        cells = [name]
        for length in _LENGTHS:
            time = median(by_length[length])
            ratio = median(found[reference][length]) / time
            cells += [f"{time:.2f}", f"{ratio:.1f}x"]
        rows.append(cells)
    columns = ["engine"]
    for length in _LENGTHS:
        columns += [f"{length} tokens, ms", "speed"]
    outcome.table("One text on one core", columns, rows)
    outcome.figures = {
        name: {str(length): times for length, times in by_length.items()}
        for name, by_length in found.items()
    }


def main() -> None:
    """Run the benchmark."""
    parser = options(__doc__, rounds=7)
    parser.add_argument("--peers", type=Path, help="folder made by peers/install.sh")
    parser.add_argument("--texts", type=int, default=60, help="per length and round")
    arguments = parser.parse_args()
    texts = _Texts(arguments.encoder)
    regime = "one process, one thread, one core, one text at a time, tokenisation included"
    with Outcome("engine", regime) as outcome, ExitStack() as stack:
        workers = _workers(arguments, stack)
        found: dict[str, dict[int, list[float]]] = {
            worker.name: {length: [] for length in _LENGTHS} for worker in workers
        }
        for worker in workers:
            worker.times(texts.take(8, 5))
        for _ in range(arguments.rounds):
            for length in _LENGTHS:
                batch = texts.take(length, arguments.texts)
                for worker in workers:
                    found[worker.name][length].append(median(worker.times(batch)))
        _conclude(outcome, found)


if __name__ == "__main__":
    main()
