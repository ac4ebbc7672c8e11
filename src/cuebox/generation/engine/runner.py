"""The requests that run: their keys and values, one batch a step, and where its logits go."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cuebox.core.errors import CueboxError, Unavailable
from cuebox.generation.choices.sampling import choose
from cuebox.generation.engine.gathering import gather
from cuebox.generation.engine.holdings import Keep, branch, release
from cuebox.generation.engine.kv_cache import KvCache
from cuebox.generation.engine.logits_memory import LogitsMemory
from cuebox.generation.engine.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.ports import StepModel
    from cuebox.core.types import FloatArray, StepBatch
    from cuebox.generation.choices.row import Row
    from cuebox.generation.engine.counters import Counters
    from cuebox.generation.engine.work import Work
    from cuebox.generation.settings import GenerationSettings

__all__ = ["Runner"]

_log = logging.getLogger(__name__)


class Runner:
    """Reads prompts and continues answers, all in one batch a step.

    `finish` is called with each request that comes to its end in a step, and with the error if it
    failed; it has to `release` the request.
    """

    def __init__(
        self,
        model: StepModel,
        settings: GenerationSettings,
        counters: Counters,
        clock: Callable[[], float],
        finish: Callable[[Work, CueboxError | None], None],
    ) -> None:
        self._model = model
        self._counters = counters
        self._clock = clock
        self._finish = finish
        self._cache = KvCache(model)
        self._known = LogitsMemory(settings.remembered_logits)
        self._pace = Pace(settings.step_ms / 1e3)
        self._works: list[Work] = []
        self._instant: dict[Work, FloatArray] = {}

    def __len__(self) -> int:
        return len(self._works)

    def blocks(self, prompt: int, room: int, rows: int) -> int:
        """Most blocks that a request of this size needs."""
        return self._cache.need(prompt, room, rows)

    def start(self, work: Work) -> bool:
        """Begin with a request if there are blocks for it."""
        tokens = work.prompt.tokens
        logits, most = None, 0
        if not work.continuation.wants_prompt_logits:
            # Without the logits of the last token, that one has to be computed again.
            logits = self._known.get(tokens)
            most = len(tokens) - (logits is None)
        sequence = self._cache.open(tokens, most, room=work.prompt.room, rows=work.rows)
        if sequence is None:
            return False
        work.sequence = sequence
        work.started = self._clock()
        work.cached = len(sequence.tokens)
        self._counters.cached_tokens += work.cached
        self._works.append(work)
        if logits is not None and work.cached == len(tokens):
            self._counters.instant += 1
            self._instant[work] = logits
        return True

    def step(self) -> None:
        """Run the model once over all that runs, and hand its logits to the requests."""
        while self._instant:
            self._begin(*self._instant.popitem())
        if not self._works:
            return
        gathered = gather(self._works, self._cache, self._pace.prompt_tokens)
        rows = gathered.rows
        try:
            logits = self._run(gathered.batch, gathered.prompt_tokens)
            if rows:
                choose(rows, logits[: len(rows)])
        except Exception as error:
            self._fail_all(error)
            return
        for work in self._works.copy():
            if work.live:
                self._follow(work, work.continuation.settle)
        at = len(rows)
        for work, sampled in gathered.reads:
            if not work.over:
                self._read(work, logits[at : at + sampled])
            at += sampled

    def release(self, work: Work, keep: Keep) -> None:
        """Give back all that a started request holds."""
        self._works.remove(work)
        self._instant.pop(work, None)
        release(self._cache, work, keep)

    def stats(self) -> dict[str, float]:
        """Blocks, and what runs."""
        return self._cache.stats() | {
            "running_requests": len(self._works),
            "running_rows": sum(len(work.live) for work in self._works),
            "step_prompt_tokens": self._pace.prompt_tokens,
            "block_bytes": _block_bytes(self._model),
        }

    def _run(self, batch: StepBatch, prompt_tokens: int) -> FloatArray:
        started = self._clock()
        logits = self._model.step(batch)
        seconds = self._clock() - started
        self._pace.learn(seconds, prompt_tokens)
        self._counters.steps += 1
        self._counters.model_seconds += seconds
        self._counters.read_tokens += prompt_tokens
        return logits

    def _read(self, work: Work, logits: FloatArray) -> None:
        """A piece of a prompt was read; `logits` float32 `[sampled, vocab]`."""
        if work.continuation.wants_prompt_logits:
            try:
                work.continuation.read_prompt(logits)
            except Exception as error:
                self._fail(work, error)
                return
        if len(work.prompt_sequence.tokens) == len(work.prompt.tokens):
            self._known.put(work.prompt.tokens, logits[-1])
            self._begin(work, logits[-1])
        else:
            self._cache.publish(work.prompt_sequence, tail=False)

    def _begin(self, work: Work, logits: FloatArray) -> None:
        """The prompt is read; `logits` float32 `[vocab]` choose the first tokens."""
        # The only row of a request goes on in the prompt's own blocks, so it must not share
        # the last one; else every row copies it.
        self._cache.publish(work.prompt_sequence, tail=work.rows > 1)
        work.begun = True
        work.first = self._clock()
        self._follow(work, lambda: work.continuation.begin(logits))

    def _follow(self, work: Work, decide: Callable[[], list[Row]]) -> None:
        """Let a request decide which rows go on; new ones share their parent's blocks."""
        try:
            rows = decide()
            if len(rows) != len(work.live) or any(row.fresh for row in rows):
                branch(self._cache, work, rows)
            if work.request.stream:
                for delta in work.continuation.deltas():
                    work.sink(delta)
            done = work.continuation.done or not work.live
        except Exception as error:
            self._fail(work, error)
            return
        if done:
            self._finish(work, None)

    def _fail_all(self, error: Exception) -> None:
        _log.exception("a step of the model failed, and all requests in it with it")
        self._counters.failed_steps += 1
        told = f"the model failed, try again: {type(error).__name__}: {error}"
        for work in self._works.copy():
            if not work.over:
                self._finish(work, Unavailable(told, retry_after=1.0))

    def _fail(self, work: Work, error: Exception) -> None:
        _log.exception("a request failed")
        self._finish(work, CueboxError(f"the request failed: {type(error).__name__}: {error}"))


def _block_bytes(model: StepModel) -> int:
    """Keys and values of one block in all layers, float16 each."""
    spec = model.spec
    return 2 * spec.layers * spec.kv_heads * spec.head_dim * model.block_size * 2
