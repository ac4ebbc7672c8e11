"""Checkpoints from the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["fetch_from_hub"]


def fetch_from_hub(name: str, files: Sequence[str]) -> Path:
    """The local folder of `org/name` or `org/name@revision`, fetched where it is not there yet.

    Args:
        files: patterns of what is fetched: weights, settings and tokenizers, never code.

    Raises:
        ConfigError: it cannot be fetched.
    """
    import huggingface_hub

    repository, _, revision = name.partition("@")
    try:
        fetched = huggingface_hub.snapshot_download(
            repository, revision=revision or None, allow_patterns=list(files)
        )
    except Exception as error:  # the client raises many unrelated classes
        raise ConfigError(
            f"hf:{name} cannot be fetched ({type(error).__name__}: {error}); a local folder "
            "with the same files works as well",
            param="source",
        ) from error
    return Path(fetched)
