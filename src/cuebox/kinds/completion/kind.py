"""The completion kind as the server sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.kinds.completion.predict import CompletionPredictor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import Predictor

__all__ = ["CompletionKind"]


class CompletionKind:
    """Loads published language models; they continue text and have no heads."""

    name = "completion"

    def load(
        self,
        manifest: Manifest,
        read_file: Callable[[str], bytes],  # noqa: ARG002 - all it needs is in the manifest
    ) -> CompletionPredictor:
        """Build the predictor from the manifest.

        Raises:
            ModelError: the manifest names no decoder, or its body is damaged.
        """
        return CompletionPredictor(manifest)

    def bank(self, predictors: Sequence[Predictor]) -> None:  # noqa: ARG002 - the port's shape
        """None: there is nothing to join."""
        return
