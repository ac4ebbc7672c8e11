"""Settings of `cuebox replies extract`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from cuebox.core.text import TextSettings
from cuebox.kinds.reply.conversations.source import ConversationSource
from cuebox.training.held_out import Split
from cuebox.training.settings_file import check_settings, read_settings_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["ExtractSettings", "load_extract_settings"]

_Count = Annotated[int, msgspec.Meta(ge=1)]


class ExtractSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How an answer list is made from conversations.

    Attributes:
        data: the file of conversations.
        encoder: reference of a model in the store whose encoder says what is alike.
        splits: which conversations are read; the others show how much the list covers.
        min_count: what was said less often, near-duplicates included, is no answer.
        min_share: the same as a share of all agents' turns.
        own_count: a wording said so often stays an answer of its own beside a near-duplicate.
        similarity: cosine from which two messages say the same.
        max_answers: the list ends after so many, the most frequent first.
        examples: other wordings shown with each answer.
        text: how messages are normalised for the encoder.
    """

    data: ConversationSource
    encoder: str
    splits: Annotated[tuple[Split, ...], msgspec.Meta(min_length=1)] = ("train",)
    min_count: _Count = 3
    min_share: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0
    own_count: _Count = 10
    similarity: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.85
    max_answers: _Count = 10_000
    examples: Annotated[int, msgspec.Meta(ge=0, le=20)] = 3
    text: TextSettings = TextSettings()


def load_extract_settings(path: Path, overrides: Mapping[str, str]) -> ExtractSettings:
    """The settings of a TOML file, with what the command line puts over them.

    Raises:
        ConfigError: the file cannot be read, or a key is unknown or does not fit.
    """
    document = read_settings_file(path, overrides)
    return check_settings(document, ExtractSettings, source=str(path))
