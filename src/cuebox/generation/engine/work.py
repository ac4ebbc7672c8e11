"""One request from its admission to its answer: what it waits for, holds and has cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.errors import CueboxError
from cuebox.core.generation import Completed, Delta, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.generation import GenerateRequest
    from cuebox.generation.choices.continuation import Continuation
    from cuebox.generation.choices.prompt import PreparedPrompt
    from cuebox.generation.choices.row import Row
    from cuebox.generation.engine.kv_sequence import KvSequence

__all__ = ["Answer", "Work", "most_rows"]

Answer = Delta | Completed | CueboxError


class Work:
    """A request in the engine. Times are seconds on the engine's clock.

    Attributes:
        rows: most choices it generates at a time.
        blocks: most blocks it can need.
        sequence: the prompt's keys and values, from its start to its end.
        live: the choices that go on, each with its sequence. A single choice goes on in the
            prompt's own.
        begun: the prompt is read and first tokens are chosen.
        over: its last answer was given, or nobody waits for one.
    """

    __slots__ = (
        "admitted", "begun", "blocks", "cached", "client", "continuation", "first",
        "live", "over", "prompt", "prompt_tokens", "request", "rows", "sequence", "session",
        "sink", "started", "steps",
    )  # fmt: skip

    def __init__(
        self,
        request: GenerateRequest,
        prompt: PreparedPrompt,
        continuation: Continuation,
        sink: Callable[[Answer], None],
        *,
        blocks: int,
        now: float,
    ) -> None:
        self.request = request
        self.prompt = prompt
        self.continuation = continuation
        self.sink = sink
        self.client = request.client
        self.session = request.session
        self.rows = most_rows(request)
        self.blocks = blocks
        self.prompt_tokens = len(prompt.tokens)
        self.admitted = now
        self.started: float | None = None
        self.first: float | None = None
        self.steps = 0
        self.cached = 0
        self.sequence: KvSequence | None = None
        self.live: dict[Row, KvSequence] = {}
        self.begun = False
        self.over = False

    @property
    def prompt_sequence(self) -> KvSequence:
        """The prompt's keys and values of a request that was started."""
        assert self.sequence is not None
        return self.sequence

    def completed(self, now: float) -> Completed:
        """The end of the answer; its choices were sent already if it was streamed."""
        return Completed(
            choices=[] if self.request.stream else self.continuation.choices(),
            usage=Usage(
                prompt_tokens=self.prompt_tokens,
                completion_tokens=self.continuation.completion_tokens,
                cached_tokens=self.cached,
                dropped_tokens=self.prompt.dropped,
            ),
            queue_ms=self._ms(self.started, now),
            first_token_ms=self._ms(self.first, now),
            total_ms=self._ms(now, now),
            steps=self.steps,
        )

    def _ms(self, at: float | None, now: float) -> float:
        """Milliseconds from admission to a moment, or to now where it never came."""
        return ((now if at is None else at) - self.admitted) * 1e3


def most_rows(request: GenerateRequest) -> int:
    """Choices that a request generates at a time."""
    return max(request.n, request.best_of or 0)
