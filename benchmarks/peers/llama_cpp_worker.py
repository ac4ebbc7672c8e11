"""llama.cpp in one process, through its C interface: `python llama_cpp_worker.py FILE.gguf`.

The quickest way to several choices that the library has: a prompt is a sequence that stays in
memory; its choices are sequences forked from it, which share its cells (`kv_unified`) and are
decoded as rows of one batch. llama-cpp-python's own `Llama` and its server have one sequence.
"""

import ctypes
from typing import Any

import llama_cpp  # type: ignore[import-not-found,unused-ignore]
import numpy as np
from decoder_worker import (  # type: ignore[import-not-found,unused-ignore]
    TEMPERATURE,
    THREADS,
    TOP_K,
    TOP_P,
    Prompts,
    serve,
)

_CELLS = 4_096
_SEQUENCES = 64
_BATCH = 1_024
_WITH_DATA = True


class ForkingDecoder:
    """Sequence `p` is prompt `p`; sequence `prompts + p * n + c` is its choice `c`."""

    def __init__(self, path: str) -> None:
        llama_cpp.llama_backend_init()
        model = llama_cpp.llama_model_load_from_file(
            path.encode(), llama_cpp.llama_model_default_params()
        )
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = _CELLS
        settings.n_seq_max = _SEQUENCES
        settings.n_batch = settings.n_ubatch = _BATCH
        settings.n_threads = settings.n_threads_batch = THREADS
        settings.kv_unified = True
        self._context = llama_cpp.llama_init_from_model(model, settings)
        if not self._context:
            raise SystemExit(f"llama.cpp cannot open {path}")
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._vocab = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
        self._batch = llama_cpp.llama_batch_init(_BATCH, 0, 1)
        self._known: Prompts = []

    def remember(self, prompts: Prompts) -> None:
        """Keep the sequences."""
        llama_cpp.llama_memory_clear(self._memory, _WITH_DATA)
        self._known = []
        if prompts:
            self._read(prompts)

    def generate(self, prompts: Prompts, n: int, tokens: int, seed: int) -> list[int]:
        """Read what is new of the prompts, fork, and decode all choices as one batch."""
        known = self._known
        rows = self._read(prompts)
        first = len(prompts)
        samplers = [_sampler(seed + fork) for fork in range(first * n)]
        for fork in range(first * n):
            llama_cpp.llama_memory_seq_cp(self._memory, fork // n, first + fork, -1, -1)
        written = [
            [llama_cpp.llama_sampler_sample(samplers[fork], self._context, rows[fork // n])]
            for fork in range(first * n)
        ]
        start = len(prompts[0])
        for step in range(tokens - 1):
            self._begin()
            for fork, text in enumerate(written):
                self._add(text[-1], start + step, first + fork, wanted=True)
            self._decode()
            for fork, text in enumerate(written):
                sampler = samplers[fork]
                text.append(llama_cpp.llama_sampler_sample(sampler, self._context, fork))
        for fork, sampler in enumerate(samplers):
            llama_cpp.llama_memory_seq_rm(self._memory, first + fork, -1, -1)
            llama_cpp.llama_sampler_free(sampler)
        self._known = known
        return [len(text) for text in written]

    def logits(self, tokens: list[int]) -> list[float]:
        """Of the last position."""
        self.remember([])
        row = self._read([tokens])[0]
        found = llama_cpp.llama_get_logits_ith(self._context, row)
        values: list[float] = np.ctypeslib.as_array(found, shape=(self._vocab,)).tolist()
        self.remember([])
        return values

    def _read(self, prompts: Prompts) -> list[int]:
        """Process what is not known yet; returns where in the batch each prompt's last token is."""
        self._begin()
        rows = []
        for sequence, prompt in enumerate(prompts):
            known = len(self._known[sequence]) if self._known else 0
            for position in range(known, len(prompt)):
                last = position == len(prompt) - 1
                self._add(prompt[position], position, sequence, wanted=last)
            rows.append(self._batch.n_tokens - 1)
        self._decode()
        self._known = prompts
        return rows

    def _begin(self) -> None:
        self._batch.n_tokens = 0

    def _add(self, token: int, position: int, sequence: int, *, wanted: bool) -> None:
        batch, at = self._batch, self._batch.n_tokens
        batch.token[at] = token
        batch.pos[at] = position
        batch.n_seq_id[at] = 1
        batch.seq_id[at][0] = sequence
        batch.logits[at] = wanted
        batch.n_tokens = at + 1

    def _decode(self) -> None:
        if llama_cpp.llama_decode(self._context, self._batch):
            raise SystemExit("llama.cpp refused a batch")


def _sampler(seed: int) -> Any:  # noqa: ANN401 - a C pointer
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    for each in (
        llama_cpp.llama_sampler_init_top_k(TOP_K),
        llama_cpp.llama_sampler_init_top_p(TOP_P, 1),
        llama_cpp.llama_sampler_init_temp(TEMPERATURE),
        llama_cpp.llama_sampler_init_dist(seed),
    ):
        llama_cpp.llama_sampler_chain_add(chain, each)
    return chain


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator,unused-ignore]
def _quiet(_level: int, _text: bytes, _data: ctypes.c_void_p) -> None:
    """Its loader writes hundreds of lines."""


if __name__ == "__main__":
    llama_cpp.llama_log_set(_quiet, ctypes.c_void_p(0))
    serve(ForkingDecoder)
