"""Language models of several libraries, each in a process that works when told to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from benchmarks.served import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import ExitStack

    from benchmarks.decoders import Models

__all__ = ["Asked", "Candidate", "Local", "Timed", "check", "local_candidates"]

_PEERS = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True)
class Asked:
    """A job, as `peers/decoder_worker.py` tells it."""

    prompts: list[list[int]]
    known: int
    n: int
    tokens: int = 20
    seed: int = 1


@dataclass(frozen=True)
class Timed:
    """What a job took.

    Attributes:
        milliseconds: from all prompts being sent to the last token of the last choice.
        lengths: tokens of each choice of each prompt, in order of prompts.
        engine_ms: of it, what the engine took by its own account; None where it does not tell.
    """

    milliseconds: float
    lengths: list[int]
    engine_ms: float | None = None


class Candidate(Protocol):
    """Something that continues prompts."""

    name: str

    def run(self, asked: Asked) -> Timed:
        """Do a job; what is known of its prompts is made known first, outside the time."""
        ...


@dataclass
class Local:
    """A library in a process of its own, without a server.

    Attributes:
        key: short, for `--only`.
    """

    key: str
    name: str
    command: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)

    def open(self, stack: ExitStack) -> None:
        """Start the process; it ends with the stack."""
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false",
                 **self.variables},
        )  # fmt: skip
        stack.callback(self._process.wait)
        stack.callback(self._process.terminate)

    def run(self, asked: Asked) -> Timed:
        """See `Candidate`."""
        found = self._ask(vars(asked))
        return Timed(found["ms"], found["lengths"])

    def logits(self, tokens: list[int]) -> list[float]:
        """Of the token that follows."""
        values: list[float] = self._ask({"logits": tokens})["logits"]
        return values

    def _ask(self, job: Mapping[str, object]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise SystemExit(f"{self.name} has no pipes")
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended with {self._process.wait()}: see above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def check(candidate: Candidate, asked: Asked, timed: Timed) -> None:
    """Refuse an answer that is not what was asked: it would be compared with ones that are."""
    if timed.lengths != [asked.tokens] * (asked.n * len(asked.prompts)):
        raise SystemExit(
            f"{candidate.name} answered {timed.lengths} tokens, asked were "
            f"{len(asked.prompts)} prompts x {asked.n} choices x {asked.tokens}"
        )


def local_candidates(models: Models, size: str, peers: Path | None) -> list[Local]:
    """All libraries on one size of model; only cuebox without a folder of peers."""
    ours = [
        Local(
            f"cuebox-{bits}", f"cuebox, {bits}",
            [sys.executable, str(ROOT / "benchmarks" / "completion_worker.py"),
             f"{models.store}:{size}-{bits}"],
            {"PYTHONPATH": str(ROOT)},
        )
        for bits in ("int8", "int4")
    ]  # fmt: skip
    if peers is None:
        return ours
    return ours + [peer for peer in _peers(models, size, peers) if _installed(peer)]


def _peers(models: Models, size: str, peers: Path) -> list[Local]:
    llama, torch = (str(peers / venv / "bin" / "python") for venv in ("llama", "ct2"))
    forked, hf = str(_PEERS / "llama_cpp_worker.py"), str(_PEERS / "hf_generate_worker.py")
    gguf = {kind: str(models.gguf(size, kind)) for kind in ("q8_0", "q4_0")}
    ctranslate2 = [str(_PEERS / "ctranslate2_worker.py"), str(models.ctranslate2(size))]
    return [
        Local("llama-q8", "llama.cpp Q8_0, forked sequences", [llama, forked, gguf["q8_0"]]),
        Local("llama-q4", "llama.cpp Q4_0, forked sequences", [llama, forked, gguf["q4_0"]]),
        Local("hf-bf16", "transformers generate, bfloat16", [torch, hf, f"{models.hf(size)}:bfloat16"]),
        Local("hf-fp32", "transformers generate, float32", [torch, hf, f"{models.hf(size)}:float32"]),
        Local("ctranslate2", "CTranslate2, int8", [torch, *ctranslate2]),
    ]  # fmt: skip


def _installed(peer: Local) -> bool:
    found = Path(peer.command[0]).exists()
    if not found:
        sys.stderr.write(f"warning: {peer.command[0]} is not installed\n")
    return found
