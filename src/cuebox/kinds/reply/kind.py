"""The reply kind as the server sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.errors import ModelError
from cuebox.kinds.reply.arrays import ARRAYS_FILE, LISTS_FILE, load_arrays, load_lists
from cuebox.kinds.reply.body import parse_body
from cuebox.kinds.reply.predict import ReplyPredictor
from cuebox.kinds.reply.ranking.offer_list import OfferList

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import Predictor

__all__ = ["ReplyKind"]


class ReplyKind:
    """Loads rankers of replies; numpy, msgspec and safetensors only."""

    name = "reply"

    def load(self, manifest: Manifest, read_file: Callable[[str], bytes]) -> ReplyPredictor:
        """Build the predictor from the manifest, `tower.safetensors` and `answers.json`.

        Raises:
            ModelError: the manifest or a file is damaged, or they do not fit each other.
        """
        if manifest.encoder is None:
            raise ModelError(f"reply model {manifest.name!r}: its manifest names no encoder")
        body = parse_body(manifest.name, manifest.body)
        answers, ids, vocabulary = load_lists(manifest.name, read_file(LISTS_FILE))
        if len(answers) != body.answers:
            raise ModelError(
                f"reply model {manifest.name!r}: {LISTS_FILE} has {len(answers)} answers, the "
                f"manifest says {body.answers}"
            )
        tower, embeddings = load_arrays(
            manifest.name,
            read_file(ARRAYS_FILE),
            ids=ids,
            vocabulary=vocabulary,
            answers=len(answers),
            dim=manifest.encoder.dim,
            temperature=body.temperature,
        )
        return ReplyPredictor(manifest, body, OfferList(answers, embeddings, tower))

    def bank(self, predictors: Sequence[Predictor]) -> None:  # noqa: ARG002 - the port's shape
        """None: there is nothing to join."""
        return
