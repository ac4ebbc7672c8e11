"""A model's settings as they stand in a TOML file, with what the command line puts over them."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_Settings = TypeVar("_Settings")

__all__ = ["check_settings", "read_settings_file"]


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


def check_settings(
    document: dict[str, Any], settings: type[_Settings], *, source: str
) -> _Settings:
    """A settings document as a `settings`; `source` names it in messages.

    Raises:
        ConfigError: an unknown key or a value that does not fit; the message names the key.
    """
    try:
        return msgspec.convert(document, settings)
    except msgspec.ValidationError as error:
        problem = str(error).replace("Object contains unknown field", "there is no setting")
        raise ConfigError(f"{source}: {problem}") from error


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
