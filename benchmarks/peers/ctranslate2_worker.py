"""CTranslate2 on int8 weights: `python ctranslate2_worker.py FOLDER`.

What was just served of a prompt is its `static_prompt`, whose state the library keeps; it takes one
for a whole batch, so several prompts are read anew.
"""

import json
from pathlib import Path

import ctranslate2  # type: ignore[import-not-found,unused-ignore]
import numpy as np
from decoder_worker import (  # type: ignore[import-not-found,unused-ignore]
    TEMPERATURE,
    THREADS,
    TOP_K,
    TOP_P,
    Prompts,
    serve,
)


class CTranslate2Decoder:
    """One generator with both threads."""

    def __init__(self, folder: str) -> None:
        self._generator = ctranslate2.Generator(
            folder, device="cpu", compute_type="int8", inter_threads=1, intra_threads=THREADS
        )
        self._tokens: list[str] = json.loads((Path(folder) / "vocabulary.json").read_text())
        self._static: list[str] | None = None

    def remember(self, prompts: Prompts) -> None:
        """The first prompt becomes the static one; a single other token makes it current."""
        self._static = self._texts(prompts[0]) if len(prompts) == 1 else None
        if self._static is not None:
            self._generator.generate_batch(
                [self._texts([0])], static_prompt=self._static, max_length=1,
                include_prompt_in_result=False,
            )  # fmt: skip

    def generate(self, prompts: Prompts, n: int, tokens: int, seed: int) -> list[int]:
        """All prompts as one batch."""
        ctranslate2.set_random_seed(seed)
        known = len(self._static or [])
        found = self._generator.generate_batch(
            [self._texts(prompt[known:]) for prompt in prompts],
            static_prompt=self._static, num_hypotheses=n, max_length=tokens, min_length=tokens,
            sampling_topk=TOP_K, sampling_topp=TOP_P, sampling_temperature=TEMPERATURE,
            include_prompt_in_result=False,
        )  # fmt: skip
        return [len(text) for result in found for text in result.sequences_ids]

    def logits(self, tokens: list[int]) -> list[float]:
        """Of the last position."""
        found = self._generator.forward_batch([self._texts(tokens)])
        values: list[float] = np.array(found)[0, -1].tolist()
        return values

    def _texts(self, tokens: list[int]) -> list[str]:
        return [self._tokens[token] for token in tokens]


if __name__ == "__main__":
    serve(CTranslate2Decoder)
