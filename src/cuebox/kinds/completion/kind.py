"""The completion kind as the server sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.decoder import DECODER_TOKENIZER_FILE
from cuebox.kinds.completion.conversation import read_special_tokens
from cuebox.kinds.completion.predict import CompletionPredictor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import Predictor

__all__ = ["CompletionKind"]


class CompletionKind:
    """Loads published language models; they continue text and have no heads."""

    name = "completion"

    def load(self, manifest: Manifest, read_file: Callable[[str], bytes]) -> CompletionPredictor:
        """Build the predictor from the manifest and what the tokenizer calls its special tokens.

        Raises:
            ModelError: the manifest names no decoder, or a part of it is damaged.
        """
        special = read_special_tokens(read_file(DECODER_TOKENIZER_FILE))
        return CompletionPredictor(manifest, special)

    def bank(self, predictors: Sequence[Predictor]) -> None:  # noqa: ARG002 - the port's shape
        """None: there is nothing to join."""
        return
