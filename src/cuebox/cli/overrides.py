"""What `--set KEY=VALUE` puts over a settings file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["parse_overrides"]


def parse_overrides(pairs: Iterable[str]) -> dict[str, str]:
    """Dotted keys to values.

    Raises:
        ConfigError: a pair without `=` or without a key.
    """
    overrides = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set {pair!r}: expected KEY=VALUE, as in head.ensemble=1")
        overrides[key.strip()] = value.strip()
    return overrides
