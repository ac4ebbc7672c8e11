"""A real reply model of a few answers on the test encoder, with a context tower of random weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.core.manifest import Golden, Manifest
from cuebox.kinds.reply.answers.answer_list import Answer, answer_id
from cuebox.kinds.reply.arrays import ARRAYS_FILE, LISTS_FILE, save_arrays, save_lists
from cuebox.kinds.reply.body import CoveragePoint, ReplyBody
from cuebox.kinds.reply.kind import ReplyKind
from cuebox.kinds.reply.ranking.context import POOLS
from cuebox.kinds.reply.ranking.tower import Tower
from tests.fakes.models import TINY, embed_tiny, tiny_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.ports import ModelStore
    from cuebox.core.types import FloatArray

__all__ = ["publish_reply_model"]

ANSWERS = (
    "Could I get your name, please?",
    "Your order {order_id} is on its way.",
    "Your order {order_id} is late, I am sorry.",
    "Thank you and goodbye, {name}.",
    "One moment, please.",
)
_WIDTH = 8
_GOLDEN = "hello there"


def publish_reply_model(
    store: ModelStore,
    name: str = "replies",
    *,
    answers: Sequence[str] = ANSWERS,
    completion: str = "",
    seed: int = 0,
) -> Manifest:
    """Publish it and point `production` at it; equal arguments give an equal model."""
    spec = tiny_spec()
    listed = [Answer(id=answer_id(text), text=text) for text in answers]
    tower = _tower(spec.dim, tuple(answer.id for answer in listed), np.random.default_rng(seed))
    body = ReplyBody(
        answers=len(listed),
        completion=completion,
        coverage=[
            CoveragePoint(coverage=0.5, min_score=0.5, precision=0.9),
            CoveragePoint(coverage=1.0, min_score=0.0, precision=0.5),
        ],
    )
    contents = {
        LISTS_FILE: save_lists(listed, tower),
        ARRAYS_FILE: save_arrays(tower, embed_tiny(list(answers))),
    }
    manifest = Manifest(
        kind="reply", name=name, files={}, encoder=spec, body=msgspec.to_builtins(body)
    )
    predictor = ReplyKind().load(manifest, contents.__getitem__)
    similar = predictor.similarities(embed_tiny([_GOLDEN])[0])
    contents["goldens.json"] = msgspec.json.encode([Golden(_GOLDEN, similar.tolist())])
    files = {
        "encoder/model.onnx": store.put_file(TINY / "model.onnx"),
        "encoder/tokenizer.json": store.put_file(TINY / "tokenizer.json"),
        **{path: store.put_bytes(content) for path, content in contents.items()},
    }
    published = store.publish(msgspec.structs.replace(manifest, files=files))
    store.move_alias(name, "production", published.version)
    return published


def _tower(dim: int, ids: tuple[str, ...], rng: np.random.Generator) -> Tower:
    def array(*shape: int) -> FloatArray:
        return rng.standard_normal(shape, np.float32) * np.float32(0.25)

    vocabulary = ("said hello", "said order", "users 1")
    return Tower(
        vocabulary=vocabulary, sign_weight=array(len(vocabulary), _WIDTH),
        pool_weight=array(len(POOLS) * dim, _WIDTH), hidden_bias=array(_WIDTH),
        projection=array(dim, _WIDTH), ids=ids, own=array(len(ids), _WIDTH), bias=array(len(ids)),
        none=array(_WIDTH + 1),
    )  # fmt: skip
