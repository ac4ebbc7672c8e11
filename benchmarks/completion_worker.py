"""cuebox's engine in a process of its own, as a candidate of `candidates.py`: STORE:MODEL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from benchmarks.decoders import KV_CACHE_MB
from benchmarks.peers.decoder_worker import TEMPERATURE, TOP_K, TOP_P, Prompts, serve
from cuebox.app.build import local_generator
from cuebox.app.settings import Settings
from cuebox.core.generation import GenerateRequest
from cuebox.engines.settings import DecoderSettings
from cuebox.generation.process.local import LocalGenerator
from cuebox.store import open_store, resolve

if TYPE_CHECKING:
    from cuebox.core.generation import Completed

_CLIENTS = 16


class CueboxDecoder:
    """What a request goes through below the server: its tokens are known, its text is decoded."""

    def __init__(self, where: str) -> None:
        url, _, name = where.rpartition(":")
        store = open_store(url, cache_dir=f"{url}-cache")
        spec = resolve(store, name).decoder
        if spec is None:
            raise SystemExit(f"{name} is no language model")
        settings = Settings(decoder=DecoderSettings(kv_cache_mb=KV_CACHE_MB))
        files = store.fetch(spec.weights), store.fetch(spec.tokenizer)
        generator = local_generator(settings)(spec, *files)
        assert isinstance(generator, LocalGenerator)
        self._generator = generator
        self._clients = ThreadPoolExecutor(_CLIENTS)

    def remember(self, prompts: Prompts) -> None:
        """Prompts are never repeated, so that nothing has to be forgotten."""
        for prompt in prompts:
            self._complete(prompt, n=1, tokens=1, seed=0)

    def generate(self, prompts: Prompts, n: int, tokens: int, seed: int) -> list[int]:
        """Each prompt is a request of its own, as from as many clients."""

        def ask(prompt: list[int]) -> Completed:
            return self._complete(prompt, n=n, tokens=tokens, seed=seed)

        answers = [ask(prompts[0])] if len(prompts) == 1 else self._clients.map(ask, prompts)
        return [choice.tokens for answer in answers for choice in answer.choices]

    def logits(self, tokens: list[int]) -> list[float]:
        """Not asked for: `cuebox decoder import` compared them with the source's already."""
        raise SystemExit(f"cuebox has no logits to tell of {len(tokens)} tokens")

    def _complete(self, prompt: list[int], *, n: int, tokens: int, seed: int) -> Completed:
        return self._generator.complete(
            GenerateRequest(
                prompt=prompt, n=n, max_tokens=tokens, seed=seed,
                temperature=TEMPERATURE, top_k=TOP_K, top_p=TOP_P,
            )
        )  # fmt: skip


if __name__ == "__main__":
    serve(CueboxDecoder)
