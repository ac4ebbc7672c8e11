"""`generate` of transformers: `python hf_generate_worker.py FOLDER:float32` (or `:bfloat16`).

Prompts that were just served are a `DynamicCache`, copied for each call because `generate` grows
it, with one row per choice. Without one, `num_return_sequences` reads the prompt once per choice.
"""

import copy

import torch  # type: ignore[import-not-found,unused-ignore]
from decoder_worker import (  # type: ignore[import-not-found,unused-ignore]
    TEMPERATURE,
    THREADS,
    TOP_K,
    TOP_P,
    Prompts,
    serve,
)
from transformers import (  # type: ignore[import-not-found,unused-ignore]
    AutoModelForCausalLM,
    DynamicCache,
)


class HfDecoder:
    """A model on torch."""

    def __init__(self, where: str) -> None:
        folder, _, kind = where.rpartition(":")
        torch.set_num_threads(THREADS)
        self._model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, kind))
        self._model.eval()
        self._cache: DynamicCache | None = None

    def remember(self, prompts: Prompts) -> None:
        """Keep keys and values of all prompts, one row each."""
        self._cache = None
        if prompts:
            cache = DynamicCache(config=self._model.config)
            with torch.inference_mode():
                self._model(torch.tensor(prompts), past_key_values=cache, use_cache=True)
            self._cache = cache

    def generate(self, prompts: Prompts, n: int, tokens: int, seed: int) -> list[int]:
        """All choices of all prompts as one batch."""
        torch.manual_seed(seed)
        ids = torch.tensor(prompts)
        returned = n
        cache = None
        if self._cache is not None:
            cache = copy.deepcopy(self._cache)
            cache.batch_repeat_interleave(n)
            ids, returned = ids.repeat_interleave(n, dim=0), 1
        with torch.inference_mode():
            found = self._model.generate(
                ids, attention_mask=torch.ones_like(ids), past_key_values=cache,
                num_return_sequences=returned, max_new_tokens=tokens, min_new_tokens=tokens,
                do_sample=True, temperature=TEMPERATURE, top_k=TOP_K, top_p=TOP_P, pad_token_id=0,
            )  # fmt: skip
        return [len(text) for text in found[:, ids.shape[1] :].tolist()]

    def logits(self, tokens: list[int]) -> list[float]:
        """Of the last position."""
        with torch.inference_mode():
            values: list[float] = self._model(torch.tensor([tokens])).logits[0, -1].tolist()
        return values


if __name__ == "__main__":
    serve(HfDecoder)
