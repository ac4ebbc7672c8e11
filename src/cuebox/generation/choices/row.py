"""One continuation of a prompt while it grows."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.generation import FinishReason, GenerateRequest
    from cuebox.core.types import FloatArray, IntArray
    from cuebox.generation.choices.gains import Gains
    from cuebox.generation.choices.vocabulary import Allowed, Vocabulary

__all__ = ["Pick", "Row", "Sampling"]

_GREEDY_BELOW = 1e-5
_Decoder = codecs.getincrementaldecoder("utf-8")


class Pick(NamedTuple):
    """A token that was chosen and its natural log-probability, before temperature and edits."""

    token: int
    logprob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How a request wants its tokens chosen, shared by its rows.

    Attributes:
        prompt_ids: int64, the different tokens of the prompt; empty without a repetition penalty.
        bias_ids, bias: int64 and float32, what is added to which logits.
        alternatives: most probable tokens reported at each step.
    """

    temperature: float
    top_k: int
    top_p: float
    repetition_penalty: float
    presence_penalty: float
    frequency_penalty: float
    prompt_ids: IntArray
    bias_ids: IntArray
    bias: FloatArray
    alternatives: int

    @classmethod
    def of(cls, request: GenerateRequest, prompt: Sequence[int]) -> Sampling:
        """The part of a request that decides its tokens."""
        repeated = prompt if request.repetition_penalty != 1 else ()
        return cls(
            temperature=request.temperature,
            top_k=request.top_k,
            top_p=request.top_p,
            repetition_penalty=request.repetition_penalty,
            presence_penalty=request.presence_penalty,
            frequency_penalty=request.frequency_penalty,
            prompt_ids=np.unique(np.array(repeated, dtype=np.int64)),
            bias_ids=np.array(list(request.logit_bias), dtype=np.int64),
            bias=np.array(list(request.logit_bias.values()), dtype=np.float32),
            alternatives=request.logprobs or 0,
        )

    @property
    def greedy(self) -> bool:
        """Whether the most probable token is taken; next to 0 a division would overflow."""
        return self.temperature < _GREEDY_BELOW

    @property
    def edits(self) -> bool:
        """Whether logits are changed before a token is chosen."""
        return bool(
            self.repetition_penalty != 1
            or self.presence_penalty
            or self.frequency_penalty
            or len(self.bias_ids)
        )


class Row:
    """Tokens of one continuation, their text, and what its next step is to obey.

    Attributes:
        number: counts the rows of a request in the order of their making; part of every draw.
        tokens, logprobs, tops: new tokens, each with its log-probability and, when asked for,
            the most probable ones at its place.
        text: what they add to what was typed, whole characters only.
        ends: length of `text` after each token.
        rest: bytes of the stem still to be reproduced.
        spelled: tokens that were needed to reproduce the stem, the covering one included.
        added: tokens that add something, the covering one included where it goes on.
        allowed: tokens the next step may choose from; None for all.
        draws: how many different tokens the next step chooses, for the rows that branch off.
        picks: what it chose, the row's own first; emptied when they are taken.
        top: the most probable tokens of that step.
        mass, cover: of that step, where it was not free: log-probability of all allowed tokens
            by their priors, and of those which cover the rest of the stem.
        fresh: not fed yet; its keys and values are the prompt's and those of the first
            `inherits` new tokens of `parent`.
        branched: how many of its first tokens another row took as well, before it branched off.
        gains: what it would be worth to end where, once asked.
        finish: why it ended; None while it goes on.
        cut: length of the answer within `text`.
    """

    __slots__ = (
        "_decoder",
        "_vocabulary",
        "added",
        "allowed",
        "branched",
        "cover",
        "cut",
        "draws",
        "ends",
        "finish",
        "fresh",
        "gains",
        "inherits",
        "logprobs",
        "mass",
        "number",
        "parent",
        "picks",
        "rest",
        "sampling",
        "seed",
        "spelled",
        "stem",
        "text",
        "tokens",
        "top",
        "tops",
    )

    def __init__(
        self, vocabulary: Vocabulary, sampling: Sampling, *, seed: int, number: int, stem: bytes
    ) -> None:
        self._vocabulary = vocabulary
        self._decoder = _Decoder("replace")
        self.sampling = sampling
        self.seed = seed
        self.number = number
        self.stem = stem
        self.rest = stem
        self.spelled = 0
        self.added = 0
        self.tokens: list[int] = []
        self.logprobs: list[float] = []
        self.tops: list[list[Pick]] = []
        self.text = ""
        self.ends: list[int] = []
        self.allowed: Allowed | None = vocabulary.allowed(stem) if stem else None
        self.draws = 1
        self.picks: list[Pick] = []
        self.top: list[Pick] = []
        self.mass = 0.0
        self.cover = 0.0
        self.fresh = True
        self.parent: Row | None = None
        self.inherits = 0
        self.branched = 0
        self.gains: Gains | None = None
        self.finish: FinishReason | None = None
        self.cut = 0

    @property
    def token(self) -> int:
        """The newest token, to be fed next."""
        return self.tokens[-1]

    @property
    def feed(self) -> list[int]:
        """All that is to be fed next: one token, or more in a fresh row that inherits less."""
        return self.tokens[self.inherits :] if self.fresh else self.tokens[-1:]

    def take(self, pick: Pick, top: list[Pick]) -> None:
        """Append the chosen token and what it adds to the text."""
        data = self._vocabulary.token_bytes[pick.token]
        if self.rest:
            data = self._spell(data)
        else:
            self.added += 1
        self.tokens.append(pick.token)
        self.logprobs.append(pick.logprob)
        self.tops.append(top)
        self.text += self._decoder.decode(data)
        self.ends.append(len(self.text))

    def fork(self, position: int, number: int) -> Row:
        """A new row with the first `position` tokens of this one, to be continued otherwise."""
        child = Row(self._vocabulary, self.sampling, seed=self.seed, number=number, stem=self.stem)
        for index in range(position):
            child.take(Pick(self.tokens[index], self.logprobs[index]), self.tops[index])
        child.parent = self
        child.inherits = child.branched = position
        return child

    def _spell(self, data: bytes) -> bytes:
        """Use up what is left of the stem; returns what goes beyond it."""
        self.spelled += 1
        beyond = data[len(self.rest) :]
        self.rest = self.rest[len(data) :]
        self.allowed = self._vocabulary.allowed(self.rest) if self.rest else None
        self.added += bool(beyond)
        return beyond
