"""What evaluation asks of a language model, be it trained, exported, served or a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import FloatArray

__all__ = ["ContinueTokens", "ScoreTokens"]


class ScoreTokens(Protocol):
    """How likely texts are."""

    context: int

    def __call__(self, texts: Sequence[Sequence[int]]) -> list[FloatArray]:
        """Natural log-probability of each token but the first, given those before it.

        Args:
            texts: token ids, each at most `context` of them.

        Returns:
            Float32 `[tokens - 1]` for each text.
        """
        ...


class ContinueTokens(Protocol):
    """How a text may go on, token by token."""

    context: int

    def begin(self, tokens: Sequence[int]) -> FloatArray:
        """Read a prompt; log-probabilities of the next token, `[vocabulary]`."""
        ...

    def extend(self, parents: Sequence[int], tokens: Sequence[int]) -> FloatArray:
        """Add one token to some of the branches.

        Args:
            parents: for each new branch, its row of the call before; all 0 after `begin`.
            tokens: the token that each new branch adds.

        Returns:
            Log-probabilities of the token after that, `[branches, vocabulary]`.
        """
        ...
