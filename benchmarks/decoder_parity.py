"""Whether the candidates of `completions.py` are one model: their next-token logits, side by side.

`python -m benchmarks.decoder_parity --models MODELS --peers PEERS` sends the same 100 tokens to
every library and compares with transformers at float32. Quantisation moves logits, a wrong export
makes noise of them: correlation tells the two apart. cuebox is not in it: `cuebox decoder import`
compares with the source and refuses what is too far off.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from benchmarks.candidates import local_candidates
from benchmarks.decoders import Models, add_sizes
from benchmarks.outcome import Outcome
from benchmarks.prompts import Prompts

_REFERENCE = "hf-fp32"
_LENGTH = 100
_PROMPTS = 3
_LEAST = 0.97


def compare(models: Models, size: str, peers: Path) -> list[list[str]]:
    """Rows of the table: name, correlation, root mean square error in standard deviations."""
    prompts = Prompts(models)
    tokens = [prompts.take(_LENGTH, _LENGTH) for _ in range(_PROMPTS)]
    rows = []
    with ExitStack() as stack:
        candidates = {each.key: each for each in local_candidates(models, size, peers)}
        reference = candidates.pop(_REFERENCE)
        reference.open(stack)
        # The last is the end of text, which is made impossible and would rule the correlation.
        wanted = np.array([reference.logits(each) for each in tokens])[:, :-1]
        for candidate in candidates.values():
            if candidate.key.startswith("cuebox"):
                continue
            candidate.open(stack)
            found = np.array([candidate.logits(each) for each in tokens])[:, : wanted.shape[1]]
            same = float(np.corrcoef(found.ravel(), wanted.ravel())[0, 1])
            error = float(np.sqrt(np.mean((found - wanted) ** 2)) / wanted.std())
            if same < _LEAST:
                raise SystemExit(f"{candidate.name}, {size}: correlation {same:.3f}")
            rows.append([f"{size}: {candidate.name}", f"{same:.5f}", f"{error:.4f}"])
    return rows


def main() -> None:
    """Compare all sizes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--peers", type=Path, required=True)
    add_sizes(parser)
    arguments = parser.parse_args()
    models, peers = Models(arguments.models.absolute()), arguments.peers.absolute()
    with Outcome("decoder_parity", "100 tokens, logits of the next, without its end") as outcome:
        rows = [row for size in arguments.sizes for row in compare(models, size, peers)]
        outcome.table(
            "To transformers float32", ["candidate", "correlation", "error, deviations"], rows
        )


if __name__ == "__main__":
    main()
