"""A server's settings over a scratch folder, and its store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cuebox.app.build import open_store
from cuebox.app.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.ports import ModelStore


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        None,
        {
            "store.url": str(tmp_path / "store"),
            "store.cache_dir": str(tmp_path / "cache"),
            "engine.cache_dir": str(tmp_path / "cache"),
            "serving.reload_interval": 0,
            # Everything is shown, unless a test is about what is withheld.
            "serving.suggest.reply_coverage": 1.0,
            "serving.suggest.reply_floor": 0.0,
            "serving.suggest.completion_coverage": 0.5,
        },
        environment={},
    )


@pytest.fixture
def store(settings: Settings) -> ModelStore:
    return open_store(settings)
