"""The classifier kind as the server sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.errors import ModelError
from cuebox.kinds.classifier.bank import ClassifierBank
from cuebox.kinds.classifier.body import parse_body
from cuebox.kinds.classifier.head import load_head
from cuebox.kinds.classifier.predict import ClassifierPredictor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import Predictor

__all__ = ["HEAD_FILE", "ClassifierKind"]

HEAD_FILE = "head.safetensors"


class ClassifierKind:
    """Loads heads and joins them; numpy, msgspec and safetensors only."""

    name = "classifier"

    def load(self, manifest: Manifest, read_file: Callable[[str], bytes]) -> ClassifierPredictor:
        """Build the predictor from the manifest and `head.safetensors`.

        Raises:
            ModelError: the manifest or the head is damaged, or they do not fit each other.
        """
        if manifest.encoder is None:
            raise ModelError(f"classifier {manifest.name!r}: its manifest names no encoder")
        body = parse_body(manifest.name, manifest.body)
        head = load_head(
            read_file(HEAD_FILE),
            name=manifest.name,
            labels=len(body.labels),
            dim=manifest.encoder.dim,
        )
        return ClassifierPredictor(manifest, body, head)

    def bank(self, predictors: Sequence[Predictor]) -> ClassifierBank:
        """Join classifiers on the same encoder."""
        heads = [one for one in predictors if isinstance(one, ClassifierPredictor)]
        if len(heads) != len(predictors):
            raise ModelError("only classifiers can be joined in a bank of classifiers")
        return ClassifierBank(heads)
