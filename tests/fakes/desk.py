"""An engine over the fake model, with a clock that is set by hand and answers kept in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cuebox.core.errors import CueboxError
from cuebox.core.generation import Completed, Delta, GenerateRequest
from cuebox.generation.engine.engine import Engine
from cuebox.generation.settings import GenerationSettings
from tests.fakes.step_model import ByteTokenizer, FakeStepModel, fake_decoder_spec

if TYPE_CHECKING:
    from cuebox.generation.engine.engine import Ticket
    from cuebox.generation.engine.work import Answer

__all__ = ["LONG", "Asked", "Desk"]

LONG = [97 + place % 20 for place in range(400)]
"""A prompt of 400 tokens."""


class Asked:
    """A request that was submitted, and all it was told."""

    def __init__(self, request: GenerateRequest) -> None:
        self.request = request
        self.answers: list[Answer] = []
        self.ticket: Ticket | None = None

    @property
    def over(self) -> bool:
        return any(isinstance(answer, Completed | CueboxError) for answer in self.answers)

    @property
    def completed(self) -> Completed:
        """The end of its answer; nothing followed it."""
        last = self.answers[-1]
        assert isinstance(last, Completed), last
        assert not any(isinstance(answer, Completed | CueboxError) for answer in self.answers[:-1])
        return last

    @property
    def error(self) -> CueboxError:
        """The error it ended with; nothing followed it."""
        last = self.answers[-1]
        assert isinstance(last, CueboxError), last
        assert all(isinstance(answer, Delta) for answer in self.answers[:-1])
        return last

    @property
    def texts(self) -> list[str]:
        """The choices, best first; or joined from deltas, by index."""
        if not self.request.stream:
            return [choice.text for choice in self.completed.choices]
        texts: dict[int, str] = {}
        for answer in self.answers:
            if isinstance(answer, Delta):
                texts[answer.index] = texts.get(answer.index, "") + answer.text
        return [texts[index] for index in sorted(texts)]


class Desk:
    """Submits requests to one engine and steps it."""

    def __init__(
        self,
        *,
        blocks: int = 128,
        block_size: int = 4,
        context: int = 64,
        seconds_per_token: float = 0.0,
        **values: Any,
    ) -> None:
        spec = fake_decoder_spec(context=context)
        self.model = FakeStepModel(blocks=blocks, block_size=block_size, spec=spec)
        self.model.took = lambda tokens: self.wait(tokens * seconds_per_token)
        self.tokenizer = ByteTokenizer()
        self.now = 100.0
        self.settings = GenerationSettings(**values)
        self.engine = Engine(self.model, self.tokenizer, self.settings, clock=lambda: self.now)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def ask(self, prompt: str | list[int] = "the quick brown ", **fields: Any) -> Asked:
        fields = {"seed": 7, "heal": False, **fields}
        asked = Asked(GenerateRequest(prompt=prompt, **fields))
        asked.ticket = self.engine.submit(asked.request, asked.answers.append)
        return asked

    def cancel(self, asked: Asked) -> None:
        assert asked.ticket is not None
        self.engine.cancel(asked.ticket)

    def run(self, steps: int = 100_000) -> None:
        """Step until nothing is left to do, or so many times."""
        while steps and self.engine.step():
            steps -= 1

    def answer(self, prompt: str | list[int] = "the quick brown ", **fields: Any) -> Asked:
        """Ask and run to the end."""
        asked = self.ask(prompt, **fields)
        self.run()
        return asked

    def stat(self, name: str) -> float:
        return self.engine.stats()[name]

    def is_clean(self) -> bool:
        """Nothing waits, runs, or holds a block; all blocks are free or remembered."""
        stats = self.engine.stats()
        names = ("waiting_requests", "waiting_tokens", "running_requests", "used_blocks")
        scheduler, cache = self.engine._scheduler, self.engine._runner._cache
        return (
            not any(stats[name] for name in names)
            and stats["free_blocks"] + stats["remembered_blocks"] == stats["blocks"]
            and not (scheduler._clients or scheduler.rows)
            and not (self.engine._sessions or self.engine._timed or cache._promised)
        )
