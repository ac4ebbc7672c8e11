"""The encoder kind as the server sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.kinds.encoder.predict import EncoderPredictor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import Predictor

__all__ = ["EncoderKind"]


class EncoderKind:
    """Loads published encoders; they answer embeddings and have no heads."""

    name = "encoder"

    def load(
        self,
        manifest: Manifest,
        read_file: Callable[[str], bytes],  # noqa: ARG002 - all it needs is in the manifest
    ) -> EncoderPredictor:
        """Build the predictor from the manifest.

        Raises:
            ModelError: the manifest names no encoder.
        """
        return EncoderPredictor(manifest)

    def bank(self, predictors: Sequence[Predictor]) -> None:  # noqa: ARG002 - the port's shape
        """None: there is nothing to join."""
        return
