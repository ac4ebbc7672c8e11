"""What a decoder of `completions.py` is: a process that continues prompts when told to.

A job is one line of JSON: `prompts` (token ids, all of one length), `known` (that many first
tokens of each were just served: reading them is not timed; 0 forgets everything), `n` choices a
prompt, `tokens` a choice, `seed`. The answer is `ms` and `lengths`, the tokens of each choice of
each prompt. A job with `logits` instead asks for the logits that follow these ids.

Standard library only: every peer's own environment runs this.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

TEMPERATURE = 0.8
TOP_K = 40
TOP_P = 0.95
THREADS = 2

Prompts = list[list[int]]


class Decoder(Protocol):
    """A language model as a good user of its library would call it."""

    def remember(self, prompts: Prompts) -> None:
        """Forget everything, then process these prompts and keep what helps to continue them."""
        ...

    def generate(self, prompts: Prompts, n: int, tokens: int, seed: int) -> list[int]:
        """Continue each prompt `n` times by sampling as `TEMPERATURE`, `TOP_K`, `TOP_P` say.

        Returns the number of new tokens of each choice, in order of prompts.
        """
        ...

    def logits(self, tokens: list[int]) -> list[float]:
        """Of the token that follows."""
        ...


def serve(open_decoder: Callable[[str], Decoder]) -> None:
    """Open the decoder that the command line names, and answer until the input ends."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # libraries may print
    decoder = open_decoder(sys.argv[1])
    for line in sys.stdin:
        job = json.loads(line)
        found = {"logits": decoder.logits(job["logits"])} if "logits" in job else _run(decoder, job)
        answers.write(json.dumps(found) + "\n")
        answers.flush()


def _run(decoder: Decoder, job: dict[str, Any]) -> dict[str, Any]:
    decoder.remember([prompt[: job["known"]] for prompt in job["prompts"] if job["known"]])
    began = time.perf_counter()
    lengths = decoder.generate(job["prompts"], job["n"], job["tokens"], job["seed"])
    return {"ms": 1000 * (time.perf_counter() - began), "lengths": lengths}
