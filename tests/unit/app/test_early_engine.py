"""The guess that lets the engine process start first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cuebox.app import early_engine
from cuebox.app.early_engine import will_complete
from cuebox.app.settings import Settings, load_settings
from cuebox.store import open_store
from tests.fakes.models import publish_head
from tests.fakes.tiny_writer import publish_writer

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.ports import ModelStore


def settings(tmp_path: Path, **overrides: object) -> Settings:
    given = {"store.url": str(tmp_path / "store"), "store.cache_dir": str(tmp_path / "cache")}
    return load_settings(None, given | overrides, environment={})


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    made = open_store(str(tmp_path / "store"), cache_dir=str(tmp_path / "cache"))
    publish_head(made, "mood")
    return made


def test_classifiers_need_none(tmp_path: Path, store: ModelStore) -> None:
    assert not will_complete(settings(tmp_path))


def test_what_production_points_to_counts(tmp_path: Path, store: ModelStore) -> None:
    publish_writer(store, tmp_path / "files")
    assert will_complete(settings(tmp_path))
    assert not will_complete(settings(tmp_path, **{"serving.models": ["mood", "absent"]}))
    assert will_complete(settings(tmp_path, **{"serving.models": ["mood", "writer"]}))
    store.move_alias("writer", "production", None)
    assert not will_complete(settings(tmp_path))


def test_what_cannot_be_looked_at_is_left_to_the_loader(
    tmp_path: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_writer(store, tmp_path / "files")
    assert not will_complete(settings(tmp_path, **{"store.url": "s3://bucket"}))
    assert not will_complete(settings(tmp_path, **{"store.url": str(tmp_path / "none")}))
    (manifest,) = (tmp_path / "store" / "models" / "writer").rglob("manifest.json")
    manifest.chmod(0o600)
    manifest.write_bytes(b"damaged")
    assert not will_complete(settings(tmp_path))
    publish_writer(store, tmp_path / "files", seed=1)
    monkeypatch.setattr(early_engine, "find_spec", lambda _name: None)
    assert not will_complete(settings(tmp_path))
