"""A kind of reply model that ranks a short list by what is typed, for tests of who serves it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from cuebox.core.errors import InvalidRequest
from cuebox.core.manifest import Golden, Manifest
from cuebox.core.replies import RankedReply, Slot
from cuebox.core.text import TextSettings, normalize_text
from tests.fakes.models import TINY, embed_tiny, tiny_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.conversation import Turn
    from cuebox.core.ports import ModelStore, Predictor
    from cuebox.core.types import FloatArray

__all__ = ["FakeReplies", "FakeReplyKind", "publish_replies"]

ANSWERS = {
    "Could I get your name, please?": 0.5,
    "Your order is on its way.": 0.3,
    "Goodbye, {name}!": 0.1,
}


class FakeReplies:
    """`core.ports.ReplyPredictor`: answers that go on from the draft first, then by their score.

    Attributes:
        asked: conversation, draft and how many embeddings, of each `rank`.
        fail: raised by `rank`, where given.
        seconds: that `rank` takes.
    """

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.completion = str(manifest.body.get("completion", ""))
        self.text = TextSettings()
        self.labels: Sequence[str] = ()
        self.asked: list[tuple[list[Turn], str, int]] = []
        self.fail: Exception | None = None
        self.seconds = 0.0

    def prepare(self, text: str) -> str:
        return normalize_text(text, self.text)

    def check(self, golden: Golden, output: FloatArray, /) -> None:
        assert np.abs(np.asarray(golden.expected) - output).max() < 0.1

    def texts(self, turns: Sequence[Turn], draft: str) -> list[str]:
        texts = [turn.text for turn in turns[-3:]] + [draft]
        return [found for text in texts if (found := self.prepare(text))]

    def rank(
        self, turns: Sequence[Turn], draft: str, embeddings: FloatArray, k: int
    ) -> list[RankedReply]:
        self.asked.append((list(turns), draft, len(embeddings)))
        if self.fail is not None:
            raise self.fail
        time.sleep(self.seconds)
        best = sorted(ANSWERS, key=lambda text: (not text.startswith(draft), -ANSWERS[text]))
        return [_reply(text) for text in best[:k]]

    def min_score(self, coverage: float) -> float:
        if self.manifest.body.get("unmeasured"):
            raise InvalidRequest("never measured: ask for min_score", param="coverage")
        return 1 - coverage


class FakeReplyKind:
    """`core.ports.Kind`.

    Attributes:
        loaded: the predictors it made, by the model's name.
    """

    name = "reply"

    def __init__(self) -> None:
        self.loaded: dict[str, FakeReplies] = {}

    def load(self, manifest: Manifest, read_file: Callable[[str], bytes]) -> FakeReplies:
        del read_file
        found = self.loaded[manifest.name] = FakeReplies(manifest)
        return found

    def bank(self, predictors: Sequence[Predictor]) -> None:
        return


def publish_replies(store: ModelStore, name: str = "replies", **body: Any) -> Manifest:
    """Publish a fake reply model on the test encoder, in production."""
    text = "hello there"
    golden = Golden(text, [float(value) for value in embed_tiny([text])[0]])
    files = {
        "encoder/model.onnx": store.put_file(TINY / "model.onnx"),
        "encoder/tokenizer.json": store.put_file(TINY / "tokenizer.json"),
        "goldens.json": store.put_bytes(msgspec.json.encode([golden])),
    }
    manifest = store.publish(
        Manifest(kind="reply", name=name, files=files, encoder=tiny_spec(), body=body)
    )
    store.move_alias(name, "production", manifest.version)
    return manifest


def _reply(text: str) -> RankedReply:
    start = text.find("{name}")
    slots = [] if start < 0 else [Slot(name="name", start=start, end=start + 6, filled=False)]
    return RankedReply(answer=text[:8], text=text, slots=slots, score=ANSWERS[text])
