"""From a request to work that can be queued: checked, tokenised, its choices set up."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from cuebox.core.errors import InvalidRequest
from cuebox.generation.choices.continuation import Continuation
from cuebox.generation.choices.vocabulary import Vocabulary
from cuebox.generation.engine.limits import Limits
from cuebox.generation.engine.preparation import Preparation
from cuebox.generation.engine.work import Work, most_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.generation import GenerateRequest
    from cuebox.core.ports import DecoderTokenizer, StepModel
    from cuebox.generation.engine.work import Answer
    from cuebox.generation.settings import GenerationSettings

__all__ = ["Intake"]


class Intake:
    """Takes the requests of one model in. `need` tells the blocks for a prompt's tokens, the room
    for new ones, and rows.
    """

    def __init__(
        self,
        model: StepModel,
        tokenizer: DecoderTokenizer,
        settings: GenerationSettings,
        need: Callable[[int, int, int], int],
    ) -> None:
        spec = model.spec
        self._need = need
        self._blocks = model.blocks
        self._ends = frozenset(spec.ends)
        self._vocabulary = Vocabulary(tokenizer)
        # One block more than a sequence holds: the shared end of its prompt, until it is copied.
        self._limits = Limits(spec, settings, (model.blocks - 1) * model.block_size)
        self._preparation = Preparation(
            tokenizer, self._vocabulary, self._limits, bos=spec.bos, stride=settings.window_stride
        )
        self.check_whole = self._limits.check_whole

    def work(self, request: GenerateRequest, sink: Callable[[Answer], None], now: float) -> Work:
        """Check and tokenise a request.

        Raises:
            InvalidRequest: a field does not fit the model; `param` names it.
        """
        self._limits.check(request)
        prompt = self._preparation.prepare(request)
        rows = most_rows(request)
        blocks = self._need(len(prompt.tokens), prompt.room, rows)
        if blocks > self._blocks:
            raise InvalidRequest(
                f"{rows} choices of this prompt and max_tokens need {blocks} blocks of memory, "
                f"the model has {self._blocks}: ask for fewer choices or tokens",
                param="best_of" if request.best_of else "n",
            )
        seed = secrets.randbits(63) if request.seed is None else request.seed
        continuation = Continuation(request, self._vocabulary, prompt, seed, self._ends)
        return Work(request, prompt, continuation, sink, blocks=blocks, now=now)
