"""A small shop: conversations that follow a script, an embedder of words, a trained ranker."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec
import numpy as np

from cuebox.core.conversation import Turn
from cuebox.core.file_ref import FileRef
from cuebox.core.manifest import EncoderSpec
from cuebox.core.text import TextSettings, normalize_text
from cuebox.kinds.reply.settings import parse_reply_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cuebox.core.replies import RankedReply
    from cuebox.core.types import FloatArray
    from cuebox.kinds.reply.predict import ReplyPredictor
    from cuebox.kinds.reply.settings import ReplySettings

DIM = 64
NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hana")
ITEMS = ("Lumo lamp", "Kvik chair", "Skriv desk", "Ro sofa")


class WordEmbedder:
    """Texts that share words are near one another."""

    spec = EncoderSpec(
        architecture="words",
        dim=DIM,
        max_tokens=512,
        pooling="mean",
        normalize=True,
        quantization="float32",
        model=FileRef(sha256="1" * 64, size=1),
        tokenizer=FileRef(sha256="2" * 64, size=1),
    )

    def __call__(
        self,
        texts: Sequence[str],
        text: TextSettings,
        progress: Callable[[int], None] | None = None,
    ) -> FloatArray:
        if progress is not None:
            progress(len(texts))
        rows = [_embedding(normalize_text(one, text)) for one in texts]
        return np.asarray(rows, np.float32).reshape(len(rows), DIM)


@cache
def _embedding(text: str) -> FloatArray:
    total = np.zeros(DIM, np.float32)
    for word in text.lower().replace("?", " ?").replace(".", " .").split():
        rng = np.random.default_rng(crc32(word.encode("utf-8", "replace")))
        total += rng.standard_normal(DIM, dtype=np.float32)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-6), np.float32)


def script(number: int) -> list[dict[str, object]]:
    """One conversation: name, lookup, price, goodbye."""
    name, item = NAMES[number % len(NAMES)], ITEMS[number % len(ITEMS)]
    price = 10 + number
    free = f"Oh {name}, I was just number {number} in the queue myself"
    small_talk = [
        {"role": "agent", "text": free, "turn_kind": "free"},
        {"role": "user", "text": "haha, what does it cost?"},
    ]
    return [
        {"role": "user", "text": f"hello, I want to buy a {item}"},
        {"role": "agent", "text": "May I have your name, please?"},
        {"role": "user", "text": f"it is {name}"},
        {"role": "tool", "text": "find_item", "facts": {"Item": item, "Price": price}},
        *(small_talk if number % 4 == 0 else ()),
        {"role": "agent", "text": f"The {item} costs {price} credits. Shall I order it?"},
        {"role": "user", "text": "yes please" if number % 3 else "no thank you"},
        {"role": "agent", "text": "It is ordered." if number % 3 else "What else can I show you?"},
        {"role": "user", "text": "thanks, bye"},
        {"role": "agent", "text": "Thank you and goodbye."},
    ]


def write_conversations(path: Path, count: int = 60) -> None:
    """Every fifth conversation is for testing, every fifth for validation."""
    splits = ("train", "train", "train", "validation", "test")
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            for turn in script(number):
                kind = {"turn_kind": "picked"} if turn["role"] == "agent" else {}
                row = {"conversation": str(number), "split": splits[number % 5], **kind, **turn}
                file.write(json.dumps(row) + "\n")


def turns_of(number: int, count: int) -> list[Turn]:
    """The first `count` turns of a script."""
    turns = [{**turn} for turn in script(number)[:count]]
    for turn in turns:
        turn.pop("turn_kind", None)
    return [msgspec.convert(turn, Turn) for turn in turns]


def settings(**changes: object) -> ReplySettings:
    """Of a small, quick model of the conversations in `turns.jsonl`."""
    document: dict[str, object] = {
        "name": "shop",
        "kind": "reply",
        "encoder": "words",
        "completion": "agent",
        "data": {"path": "turns.jsonl"},
        "training": {"width": 32, "epochs": 40, "sign_count": 2},
    }
    return parse_reply_settings(document | changes, source="test")


def ask(
    predictor: ReplyPredictor, turns: Sequence[Turn], draft: str = "", k: int = 3
) -> list[RankedReply]:
    """What the server does: embed what is wanted, then rank."""
    texts = predictor.texts(turns, draft)
    return predictor.rank(turns, draft, WordEmbedder()(texts, TextSettings()), k)
