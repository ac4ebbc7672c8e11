"""Reply models that differ in the length of their lists: real messages, random weights."""

from __future__ import annotations

import json
from collections import Counter
from itertools import count, islice
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from benchmarks.heads import find_encoder
from cuebox.core.manifest import Golden, Manifest
from cuebox.core.types import TokenBatch
from cuebox.engines.opener import EncoderOpener
from cuebox.engines.settings import EngineSettings
from cuebox.kinds.reply.answers.answer_list import Answer
from cuebox.kinds.reply.arrays import ARRAYS_FILE, LISTS_FILE, save_arrays, save_lists
from cuebox.kinds.reply.body import ReplyBody
from cuebox.kinds.reply.kind import ReplyKind
from cuebox.kinds.reply.ranking.context import POOLS
from cuebox.kinds.reply.ranking.tower import Tower
from cuebox.store.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from cuebox.core.file_ref import FileRef
    from cuebox.core.manifest import EncoderSpec
    from cuebox.core.ports import ModelStore
    from cuebox.core.types import FloatArray

__all__ = ["list_name", "publish_lists"]

# As large as a tower trained on STAR.
_WIDTH = 256
_WORDS = 5_000
_GOLDEN = "where is my card"


def list_name(size: int) -> str:
    """Name of the model with so many answers."""
    return f"replies-{size}"


def publish_lists(folder: Path, encoder: str, conversations: Path, sizes: Iterable[int]) -> Path:
    """Publish a model of each size below `folder`; returns the store's own folder.

    Args:
        encoder: store or folder of the encoder.
        conversations: file of turns (JSONL), whose agents' messages become answers.
    """
    spec, model, tokenizer = find_encoder(encoder)
    store = open_store(str(folder / "store"), cache_dir=str(folder / "store-cache"))
    shared = {
        "encoder/model.onnx": store.put_file(model),
        "encoder/tokenizer.json": store.put_file(tokenizer),
    }
    tokens, session = EncoderOpener(EngineSettings(cache_dir=""))(spec, model, tokenizer)
    golden = session.run(TokenBatch.of([tokens.encode(_GOLDEN).ids]))[0]
    spec = msgspec.structs.replace(
        spec, model=shared["encoder/model.onnx"], tokenizer=shared["encoder/tokenizer.json"]
    )
    words = _words(conversations)
    for size in sizes:
        messages = list(islice(_messages(conversations), size))
        _publish(store, list_name(size), spec, shared, messages, words, golden)
    return folder / "store"


def _publish(
    store: ModelStore,
    name: str,
    spec: EncoderSpec,
    shared: Mapping[str, FileRef],
    messages: list[str],
    words: list[str],
    golden: FloatArray,
) -> None:
    rng = np.random.default_rng(0)
    answers = [Answer(id=str(place), text=text) for place, text in enumerate(messages)]
    embeddings = rng.standard_normal((len(answers), spec.dim), np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    tower = _tower(rng, spec.dim, words, [answer.id for answer in answers])
    contents = {
        LISTS_FILE: save_lists(answers, tower),
        ARRAYS_FILE: save_arrays(tower, embeddings),
    }
    body = msgspec.to_builtins(ReplyBody(answers=len(answers)))
    manifest = Manifest(kind="reply", name=name, files={}, encoder=spec, body=body)
    similar = ReplyKind().load(manifest, contents.__getitem__).similarities(golden)
    contents["goldens.json"] = msgspec.json.encode([Golden(_GOLDEN, similar.tolist())])
    files = {path: store.put_bytes(content) for path, content in contents.items()} | dict(shared)
    published = store.publish(msgspec.structs.replace(manifest, files=files))
    store.move_alias(name, "production", published.version)


def _tower(rng: np.random.Generator, dim: int, words: list[str], ids: list[str]) -> Tower:
    def array(*shape: int) -> FloatArray:
        return 0.05 * rng.standard_normal(shape, np.float32)

    return Tower(
        vocabulary=tuple(f"said {word}" for word in words), sign_weight=array(len(words), _WIDTH),
        pool_weight=array(len(POOLS) * dim, _WIDTH), hidden_bias=array(_WIDTH),
        projection=array(dim, _WIDTH), ids=tuple(ids), own=array(len(ids), _WIDTH),
        bias=array(len(ids)), none=array(_WIDTH + 1),
    )  # fmt: skip


def _messages(conversations: Path) -> Iterator[str]:
    """What agents said, each once; when there is no more, the same with a number at the end."""
    turns = (turn for turn in _turns(conversations) if turn["role"] == "agent")
    texts = list(dict.fromkeys(turn["text"] for turn in turns if not {*"{}"} & {*turn["text"]}))
    yield from texts
    for number in count(2):
        yield from (f"{text} {number}" for text in texts)


def _words(conversations: Path) -> list[str]:
    """The most frequent words, so that the tower finds in a conversation what a trained one does."""
    counts = Counter(
        word for turn in _turns(conversations) for word in turn["text"].casefold().split()
    )
    return [word for word, _ in counts.most_common(_WORDS)]


def _turns(conversations: Path) -> Iterator[dict[str, str]]:
    with conversations.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
