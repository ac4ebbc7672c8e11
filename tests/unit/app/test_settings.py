"""Settings: precedence, and errors that name the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cuebox.app.settings import convert_section, load_settings
from cuebox.cache.settings import CacheSettings
from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str) -> Path:
    path = folder / "cuebox.toml"
    path.write_text(text)
    return path


def test_flags_beat_variables_beat_the_file_beat_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, "[cache]\nentries = 1\n[serving]\nmax_rows = 1\nmax_queue = 1\n")
    settings = load_settings(
        path,
        {"serving.max_queue": 3, "serving.models": None},
        {"CUEBOX_SERVING__MAX_QUEUE": "2", "CUEBOX_SERVING__MAX_ROWS": "2", "HOME": "/x"},
    )
    assert settings.cache.entries == 1
    assert settings.serving.max_rows == 2
    assert settings.serving.max_queue == 3
    assert settings.cache.max_bytes == CacheSettings().max_bytes


def test_variables_hold_lists_and_plain_words() -> None:
    settings = load_settings(
        None, {}, {"CUEBOX_SERVING__MODELS": '["a", "b"]', "CUEBOX_STORE__URL": "s3://bucket/x"}
    )
    assert settings.serving.models == ["a", "b"]
    assert settings.store.url == "s3://bucket/x"


@pytest.mark.parametrize(
    ("text", "param", "says"),
    [
        ("[cache]\nentires = 1\n", "cache", "entires"),
        ("[nonsense]\nx = 1\n", None, "nonsense"),
        ("[cache]\nentries = 'many'\n", "cache.entries", "int"),
        ("[serving]\nmax_rows = 0\n", "serving.max_rows", ">= 1"),
        ("[cache]\nentries = {a = 1}\n", "cache.entries", "int"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, text: str, param: str | None, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        load_settings(write(tmp_path, text), {}, {})
    assert caught.value.param == param


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_settings(tmp_path / "none.toml", {}, {})
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_settings(write(tmp_path, "a = [1"), {}, {})
    (tmp_path / "latin.toml").write_bytes(b'a = "\xff"')
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_settings(tmp_path / "latin.toml", {}, {})


def test_a_variable_below_a_plain_value_is_refused() -> None:
    with pytest.raises(ConfigError, match="below a plain value"):
        load_settings(None, {"store.url.x": 1, "store.url": "s"}, {"CUEBOX_STORE__URL": "x"})


def test_a_section_of_a_higher_room_names_its_keys() -> None:
    with pytest.raises(ConfigError) as caught:
        convert_section({"entries": "x"}, CacheSettings, "server.cache")
    assert caught.value.param == "server.cache.entries"
