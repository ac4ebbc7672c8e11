"""All choices of one request, from the prompt's last logits to the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.generation.choices.answers import Answers
from cuebox.generation.choices.branches import HORIZON, Branch, Branches, kin
from cuebox.generation.choices.distinct import alike, same_start
from cuebox.generation.choices.endings import Ending
from cuebox.generation.choices.healing import StemOdds
from cuebox.generation.choices.logprobs import PromptLogprobs
from cuebox.generation.choices.row import Row, Sampling
from cuebox.generation.choices.sampling import choose
from cuebox.generation.choices.streaming import Streaming

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cuebox.core.generation import Choice, Delta, GenerateRequest
    from cuebox.core.types import FloatArray
    from cuebox.generation.choices.prompt import PreparedPrompt
    from cuebox.generation.choices.vocabulary import Vocabulary

__all__ = ["Continuation"]

# Branches remembered beside those taken, to replace choices which turn out to repeat another.
_SPARE = 4
# Most rows replaced, per choice: an answer that is long in coming is not worth being different.
_REPLACED = 2


class Continuation:
    """The rows of one request, and what is made of them.

    The caller feeds the rows to the model; `begin` and `settle` say which. A row that is `fresh`
    goes on from the prompt and the first `inherits` new tokens of its `parent`, which was fed
    them and may be gone from the list: its keys and values are copied first, freed then.
    All rows of a request are fed in the same step, so what replaces what does not depend on the
    load.

    Args:
        request: its ranges were checked.
        prompt: what the model reads and the stem it is to reproduce.
        seed: decides every draw.
        ends: tokens that end a text; special tokens do so too.
    """

    def __init__(
        self,
        request: GenerateRequest,
        vocabulary: Vocabulary,
        prompt: PreparedPrompt,
        seed: int,
        ends: Collection[int],
    ) -> None:
        self._request = request
        self._vocabulary = vocabulary
        self._prompt = prompt
        self._seed = seed
        self._sampling = Sampling.of(request, prompt.tokens)
        self._wanted = max(request.n, request.best_of or 0)
        self._branching = request.distinct and self._wanted > 1 and request.max_tokens > 0
        self._typed = self._typed_text()
        self._ending = Ending(request, self._typed, {*ends, *vocabulary.special}, prompt.room)
        self._odds = StemOdds()
        self._branches = Branches()
        self._read = PromptLogprobs(prompt.tokens, self._sampling.alternatives)
        self._answers = Answers(request, vocabulary, self._odds, self._typed)
        self._streaming = Streaming(
            self._answers,
            self._ending,
            distinct=self._branching,
            whole=request.min_score is not None,
        )
        self._rows: list[Row] = []
        self._replaced: list[Row] = []
        self._made = self._starting - 1
        self.done = False

    @property
    def wants_prompt_logits(self) -> bool:
        """Whether `read_prompt` is to be called before `begin`."""
        return self._request.echo and self._request.logprobs is not None

    @property
    def completion_tokens(self) -> int:
        """Tokens generated for all choices, those of replaced rows included."""
        rows = [*self._rows, *self._replaced]
        return sum(min(row.added, self._request.max_tokens) for row in rows)

    def read_prompt(self, logits: FloatArray) -> None:
        """Logits `[k, vocab]` after the next `k` tokens of the prompt, in order."""
        self._read.read(logits)

    def begin(self, logits: FloatArray) -> list[Row]:
        """Choose the first tokens from the logits `[vocab]` after the prompt.

        Returns the rows to feed; none when all have ended already.
        """
        if self.wants_prompt_logits:
            self._answers.read(self._read.entries(self._vocabulary, self._prompt.hidden))
        self._rows = [self._new_row(number) for number in range(self._starting)]
        if self._request.max_tokens == 0:
            self.stop()
            return []
        self._ask()
        choose(self._rows, np.broadcast_to(logits, (len(self._rows), len(logits))))
        return self._advance()

    def settle(self) -> list[Row]:
        """Take what `choose` has chosen; returns the rows to go on with, new ones included."""
        for row in self._live():
            row.fresh = False
        return self._advance()

    def deltas(self) -> list[Delta]:
        """What is new of each choice since last asked; for a request that streams."""
        if self._wanted == self._request.n:
            return self._streaming.deltas(self._rows)
        return self._streaming.deltas(self._ranked()) if self.done else []

    def stop(self) -> None:
        """The time is over: what there is becomes the answer."""
        self._rows = self._rows or [self._new_row(0)]
        for row in self._live():
            self._ending.stop(row)
        self.done = True

    def choices(self) -> list[Choice]:
        """The answers, best first; fewer than `n` if no more are different or sure enough."""
        sure = [row for row in self._ranked() if self._answers.sure(row)]
        return [self._answers.choice(row, index) for index, row in enumerate(sure)]

    def _typed_text(self) -> str:
        if self._prompt.text is not None:
            return self._prompt.text
        return self._vocabulary.decode(self._prompt.tokens[self._prompt.hidden :])

    @property
    def _starting(self) -> int:
        return 1 if self._branching else self._wanted

    def _new_row(self, number: int) -> Row:
        return Row(
            self._vocabulary,
            self._sampling,
            seed=self._seed,
            number=number,
            stem=self._prompt.stem,
        )

    def _live(self) -> list[Row]:
        return [row for row in self._rows if row.finish is None]

    def _advance(self) -> list[Row]:
        fed = self._live()
        for row in fed:
            if row.picks:
                self._grow(row)
        if self._branching:
            self._branch(fed)
            self._replace(fed)
            self._ask()
        live = self._live()
        self.done = not live
        return live

    def _grow(self, row: Row) -> None:
        """Let a row take its token."""
        if row.allowed is not None:
            self._odds.record(row.tokens, row.logprobs, row.cover)
        picks, row.picks = row.picks, []
        others = [pick for pick in picks[1:] if row.text or not self._ending.ends(pick.token)]
        if others:
            self._branches.offer(row, picks[:1] + others)
        row.take(picks[0], row.top)
        self._ending.check(row)

    def _branch(self, fed: Sequence[Row]) -> None:
        """Add rows where the step just taken had other plausible tokens."""
        while len(self._rows) < self._wanted and (branch := self._branches.plausible()):
            self._add(self._row_of(branch, fed))
        self._branches.keep()
        first = self._rows[0]
        if first.finish is None and len(first.tokens) - first.spelled < HORIZON:
            return
        while len(self._rows) < self._wanted and (branch := self._branches.next()):
            self._add(self._row_of(branch, fed))

    def _replace(self, fed: Sequence[Row]) -> None:
        """Put other rows in the place of those which repeat an earlier one."""
        for index in range(1, len(self._rows)):
            while self._repeats(index) and len(self._replaced) < _REPLACED * self._wanted:
                branch = self._branches.next()
                if branch is None:
                    return
                self._replaced.append(self._rows[index])
                self._rows[index] = self._row_of(branch, fed)

    def _add(self, row: Row) -> None:
        if not any(same_start(row.text, other.text) for other in self._rows):
            self._rows.append(row)

    def _repeats(self, index: int) -> bool:
        if self._streaming.committed(index):
            return False
        row = self._rows[index]
        return any(_same(other, row) for other in self._rows[:index])

    def _row_of(self, branch: Branch, fed: Sequence[Row]) -> Row:
        """A new row that takes a branch, and the fed row whose keys and values it shares."""
        self._made += 1
        row = branch.row.fork(branch.position, self._made)
        row.take(branch.pick, branch.top)
        if branch.row not in fed:
            row.parent, row.inherits = kin(row.tokens, fed)
        self._ending.check(row)
        return row

    def _ask(self) -> None:
        """Have the next step choose spare tokens while rows are missing."""
        missing = self._wanted - len(self._rows) if self._branching else 0
        for row in self._live():
            row.draws = 1 + missing + _SPARE if missing else 1

    def _ranked(self) -> list[Row]:
        """The rows to answer with, best first."""
        rows = sorted(self._rows, key=self._answers.rank, reverse=True)
        if self._branching:
            texts = [row.text[: row.cut] for row in rows]
            rows = [
                row
                for place, row in enumerate(rows)
                if not any(alike(text, texts[place]) for text in texts[:place])
            ]
        return rows[: self._request.n]


def _same(early: Row, late: Row) -> bool:
    if early.finish is not None and late.finish is not None:
        return alike(early.text[: early.cut], late.text[: late.cut])
    growing = early.finish is None and late.finish is None
    return growing and same_start(early.text, late.text)
