"""A loaded model as a suggester: what the server would answer, without a server."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.generation import Completed, GenerateRequest, StopAt
from cuebox.kinds.reply.replay.offers import InlineCompletion, Offered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.conversation import Turn
    from cuebox.core.ports import CompletionPredictor, ReplyPredictor
    from cuebox.core.types import FloatArray
    from cuebox.kinds.reply.replay.nearest import Embed

__all__ = ["Complete", "Completer", "InProcess"]

Complete = Callable[["Sequence[Turn]", str], InlineCompletion | None]

# Turns of a conversation and the drafts of one message, for as many conversations as there are
# workers, and many times over.
_REMEMBERED = 1 << 14


class Completer:
    """A completion model that continues drafts, with the server's own request."""

    def __init__(
        self,
        predictor: CompletionPredictor,
        generate: Callable[[GenerateRequest], Completed],
        *,
        stop_at: StopAt,
        max_tokens: int,
    ) -> None:
        """`generate` answers a whole request and may be called by several threads."""
        self._predictor = predictor
        self._generate = generate
        self._stop_at: StopAt = stop_at
        self._max_tokens = max_tokens

    def __call__(self, turns: Sequence[Turn], draft: str) -> InlineCompletion | None:
        """The most probable continuation, None where there is none."""
        prompt = self._predictor.prompt(turns, draft)
        if not prompt:
            return None
        completed = self._generate(
            GenerateRequest(
                prompt=prompt, max_tokens=self._max_tokens, temperature=0, stop_at=self._stop_at
            )
        )
        if not completed.choices or not completed.choices[0].text.strip():
            return None
        best = completed.choices[0]
        return InlineCompletion(best.text, best.score)


class InProcess:
    """Replies of a loaded model, and completions of another one beside them."""

    def __init__(
        self,
        predictor: ReplyPredictor,
        embed: Embed,
        complete: Complete | None = None,
        *,
        replies: int = 3,
    ) -> None:
        """`embed` reads texts as the server does, one by one; None completes nothing."""
        self._predictor = predictor
        self._complete = complete
        self._replies = replies
        self._vector = lru_cache(_REMEMBERED)(lambda text: embed([text])[0])
        self._dim = predictor.manifest.encoder.dim if predictor.manifest.encoder else 0

    def __call__(self, turns: Sequence[Turn], draft: str) -> Offered:
        """All that the models have to say, whatever the score."""
        return Offered(
            self._predictor.rank(turns, draft, self._embeddings(turns, draft), self._replies),
            None if self._complete is None else self._complete(turns, draft),
        )

    def _embeddings(self, turns: Sequence[Turn], draft: str) -> FloatArray:
        texts = self._predictor.texts(turns, draft)
        if not texts:
            return np.zeros((0, self._dim), np.float32)
        return np.stack([self._vector(text) for text in texts])
