"""A store of tiny models, ready to be served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cuebox.core.manifest import Golden, Manifest
from cuebox.store import open_store
from tests.fakes.models import TINY, embed_tiny, publish_head, tiny_spec

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["make_store"]


def make_store(folder: Path) -> Path:
    """Two classifiers and the encoder they share, in production."""
    store = open_store(str(folder / "store"), cache_dir=str(folder / "cache"))
    publish_head(store, "mood", labels=("sad", "glad"), favourite=1)
    publish_head(store, "intent", labels=("card", "music", "weather"), seed=3)
    text = "hello there"
    golden = Golden(text, [float(value) for value in embed_tiny([text])[0]])
    files = {
        "encoder/model.onnx": store.put_file(TINY / "model.onnx"),
        "encoder/tokenizer.json": store.put_file(TINY / "tokenizer.json"),
        "goldens.json": store.put_bytes(msgspec.json.encode([golden])),
    }
    encoder = Manifest(kind="encoder", name="tiny", files=files, encoder=tiny_spec())
    store.move_alias("tiny", "production", store.publish(encoder).version)
    return folder / "store"
