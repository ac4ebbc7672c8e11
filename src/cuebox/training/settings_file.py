"""A model's settings as they stand in a TOML file, with what the command line puts over them."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["read_settings_file"]


def read_settings_file(path: Path, overrides: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The document of a TOML file; `overrides` maps dotted keys to TOML values or bare words.

    Raises:
        ConfigError: no such file, not TOML, or an override that goes through a value.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    for key, value in (overrides or {}).items():
        _override(document, key, value)
    return document


def _override(document: dict[str, Any], key: str, value: str) -> None:
    *parents, last = key.split(".")
    table = document
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {key}: {parent!r} is not a table", param=key)
    try:
        table[last] = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        table[last] = value
