"""The loop of one language model: requests in, one step of the model at a time, answers out."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, TypeAlias

from cuebox.core.errors import Conflict, CueboxError
from cuebox.generation.engine.counters import Counters
from cuebox.generation.engine.holdings import Keep
from cuebox.generation.engine.intake import Intake
from cuebox.generation.engine.runner import Runner
from cuebox.generation.engine.scheduler import Scheduler
from cuebox.generation.engine.scoring import score
from cuebox.generation.engine.work import Answer, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.generation import GenerateRequest
    from cuebox.core.ports import DecoderTokenizer, StepModel
    from cuebox.generation.settings import GenerationSettings

__all__ = ["Engine", "Ticket"]

Ticket: TypeAlias = Work
"""A request in the engine; means nothing to anybody else."""

_log = logging.getLogger(__name__)


class Engine:
    """Answers the requests of one model. Belongs to one thread, which calls `step` while `busy`.

    A request that was submitted gets deltas if it streams, then exactly one `Completed` or error,
    unless it is cancelled. Nothing is computed for one that is over: it is gone before the next
    step, also in the middle of its prompt.
    """

    def __init__(
        self,
        model: StepModel,
        tokenizer: DecoderTokenizer,
        settings: GenerationSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._counters = Counters()
        self._scheduler: Scheduler[Work] = Scheduler(settings, model.blocks)
        self._runner = Runner(model, settings, self._counters, clock, self._finish)
        self._intake = Intake(model, tokenizer, settings, self._runner.blocks)
        self._sessions: dict[tuple[str, str], Work] = {}
        self._timed: dict[Work, float] = {}
        # When the latest answer was given, or work began after a pause.
        self._answered = clock()
        # Whether a waiting request may be able to start that could not before.
        self._changed = False

    @property
    def busy(self) -> bool:
        """Whether `step` has anything to do."""
        return bool(self._runner) or self._scheduler.waiting > 0

    def submit(self, request: GenerateRequest, sink: Callable[[Answer], None]) -> Ticket:
        """Admit a request.

        `sink` is called by `step`, and by the `submit` of a newer request of the same session,
        which ends the older with `Conflict`. It must neither block nor raise.

        Raises:
            InvalidRequest: a field does not fit this model; `param` names it.
            Overloaded: too much waits already.
        """
        try:
            work = self._intake.work(request, sink, self._clock())
            if not self.busy:
                self._answered = work.admitted
            self._supersede(work)
            self._scheduler.admit(work)
        except CueboxError:
            self._counters.refused += 1
            raise
        if work.session:
            self._sessions[work.client, work.session] = work
        if request.max_time_ms is not None:
            self._timed[work] = work.admitted + request.max_time_ms / 1e3
        self._counters.requests += 1
        self._counters.prompt_tokens += work.prompt_tokens
        self._changed = True
        return work

    def cancel(self, ticket: Ticket) -> None:
        """Nobody waits for a request any more; its sink is not called again."""
        if not ticket.over:
            self._counters.cancelled += 1
            self._leave(ticket, Keep.PROMPT)

    def step(self) -> bool:
        """Start what may, run the model once, tell what came of it; False if there was nothing."""
        if not self.busy:
            return False
        started = self._clock()
        self._end_late(started)
        if self._changed:
            self._changed = False
            while self._scheduler.waiting and self._scheduler.next(self._runner.start):
                pass
        self._runner.step()
        self._counters.step_seconds += self._clock() - started
        return True

    def logprobs(self, tokens: Sequence[int]) -> list[float]:
        """Log-probability of each token but the first; steps whatever else runs along with it.

        Raises:
            InvalidRequest: more tokens than the model can attend to, or an unknown id.
        """
        self._intake.check_whole(len(tokens))
        if len(tokens) < 2:
            return []
        return score(tokens, self.submit, self.step)

    def stats(self) -> dict[str, float]:
        """What runs and waits now, and what was done since the start (`_total`)."""
        return {
            "waiting_requests": self._scheduler.waiting,
            "waiting_tokens": self._scheduler.waiting_tokens,
            **self._runner.stats(),
            **self._counters.totals(),
        }

    def _supersede(self, newer: Work) -> None:
        older = self._sessions.get((newer.client, newer.session)) if newer.session else None
        if older is not None:
            self._counters.superseded += 1
            self._leave(older, Keep.PROMPT)
            _tell(older, Conflict("a newer request of this session superseded this one"))

    def _end_late(self, now: float) -> None:
        """Answer with what there is where `max_time_ms` has passed."""
        for work in [work for work, deadline in self._timed.items() if deadline <= now]:
            if work.over:
                continue
            self._counters.late += 1
            work.continuation.stop()
            self._finish(work, None)

    def _finish(self, work: Work, error: CueboxError | None) -> None:
        """A request is over: it failed, or its answer is complete."""
        now = self._clock()
        if self._scheduler.waiting:
            self._scheduler.learn(now - self._answered)
        self._answered = now
        answers: list[Answer] = [error] if error else []
        if not error:
            try:
                answers += work.continuation.deltas() if work.request.stream else ()
                answers.append(work.completed(now))
            except Exception as failure:
                _log.exception("an answer could not be made")
                answers = [CueboxError(f"the request failed: {type(failure).__name__}: {failure}")]
        failed = isinstance(answers[-1], CueboxError)
        self._counters.failed += failed
        self._counters.completed += not failed
        self._leave(work, Keep.NOTHING if failed else Keep.ANSWER)
        for answer in answers:
            _tell(work, answer)

    def _leave(self, work: Work, keep: Keep) -> None:
        """Forget a request that is over, wherever it was."""
        work.over = True
        self._changed = True
        self._counters.generated_tokens += work.continuation.completion_tokens
        if work.session and self._sessions.get((work.client, work.session)) is work:
            del self._sessions[work.client, work.session]
        self._timed.pop(work, None)
        if work.started is None:
            self._scheduler.withdraw(work)
        else:
            self._runner.release(work, keep)
            self._scheduler.ended(work)


def _tell(work: Work, answer: Answer) -> None:
    try:
        work.sink(answer)
    except Exception:
        _log.exception("nobody took an answer")
