"""An engine that outlives its faults, and answers scores as well."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cuebox.core.errors import CueboxError, Unavailable
from cuebox.core.generation import Completed, Delta

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.generation import GenerateRequest
    from cuebox.core.ports import DecoderTokenizer, StepModel
    from cuebox.generation.engine.engine import Engine, Ticket

__all__ = ["Answer", "Flight", "GuardedEngine"]

Answer = Delta | Completed | CueboxError

_log = logging.getLogger(__name__)


class Flight:
    """One request in the engine, from submission to its end."""

    __slots__ = ("_guard", "_sink", "ticket")

    def __init__(self, guard: GuardedEngine, sink: Callable[[Answer], None]) -> None:
        self._guard = guard
        self._sink = sink
        self.ticket: Ticket | None = None

    def __call__(self, answer: Answer) -> None:
        """Pass on what the engine says."""
        if isinstance(answer, Completed | CueboxError):
            self._guard.landed(self)
        self._sink(answer)


class GuardedEngine:
    """A loaded decoder and the engine that steps it; belongs to one thread.

    When the engine raises what it should not, its requests are told so and a new engine takes
    over the same model, so that a fault costs the requests of one moment and no reload.
    """

    def __init__(
        self,
        tokenizer: DecoderTokenizer,
        model: StepModel,
        make: Callable[[DecoderTokenizer, StepModel], Engine],
    ) -> None:
        self._tokenizer = tokenizer
        self._model = model
        self._make = make
        self._engine = make(tokenizer, model)
        self._flights: set[Flight] = set()

    @property
    def spec(self) -> DecoderSpec:
        """The decoder."""
        return self._model.spec

    @property
    def busy(self) -> bool:
        """Whether `step` has anything to do."""
        return self._engine.busy

    def submit(self, request: GenerateRequest, sink: Callable[[Answer], None]) -> Flight:
        """Begin a request; `sink` is called in this thread, last with `Completed` or an error.

        Raises:
            InvalidRequest, Overloaded: it is refused, and `sink` will not be called.
        """
        flight = Flight(self, sink)
        self._flights.add(flight)
        try:
            flight.ticket = self._engine.submit(request, flight)
        except BaseException:
            self._flights.discard(flight)
            raise
        return flight

    def cancel(self, flight: Flight) -> None:
        """Forget a request; one that has ended already is none."""
        if flight in self._flights:
            self._flights.discard(flight)
            if flight.ticket is not None:
                self._engine.cancel(flight.ticket)

    def landed(self, flight: Flight) -> None:
        """A request has ended."""
        self._flights.discard(flight)

    def step(self) -> None:
        """One decoding step."""
        try:
            self._engine.step()
        except Exception as error:
            _log.exception("a decoding step failed; its requests are dropped")
            self._engine = self._make(self._tokenizer, self._model)
            self._fail(CueboxError(f"the engine failed: {type(error).__name__}: {error}"))

    def logprobs(self, prompt: str | Sequence[int]) -> list[float]:
        """See `core.ports.Generator.logprobs`."""
        tokens = self._tokenizer.encode(prompt) if isinstance(prompt, str) else prompt
        return self._engine.logprobs(tokens)

    def stats(self) -> dict[str, float]:
        """Figures of the engine; a name ending in `_total` counts."""
        return self._engine.stats()

    def close(self) -> None:
        """Give the model's memory back; what still runs fails."""
        self._fail(Unavailable("the model was closed"))
        self._model.close()

    def _fail(self, error: CueboxError) -> None:
        for flight in list(self._flights):
            flight(error)
