"""A reply model's settings file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from cuebox.core.errors import InvalidRequest
from cuebox.core.manifest import check_name
from cuebox.core.text import TextSettings
from cuebox.kinds.reply.conversations.source import ConversationSource
from cuebox.training.gates import GateSettings
from cuebox.training.settings_file import check_settings, read_settings_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "AnswerSettings",
    "ReplySettings",
    "TrainingSettings",
    "load_reply_settings",
    "parse_reply_settings",
]

_Count = Annotated[int, msgspec.Meta(ge=1)]
_Positive = Annotated[float, msgspec.Meta(gt=0)]
_Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
_Weight = Annotated[float, msgspec.Meta(ge=0)]


class AnswerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The list that replies come from.

    Attributes:
        file: a reviewed list, as `cuebox replies extract` writes it; its rejected answers are
            left out, and merged ones are other ways of saying the answer that they are merged
            into. Empty takes every template of the training conversations.
        at_least: without a file, how often training conversations must show a template.
    """

    file: str = ""
    at_least: _Count = 2


class TrainingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the context tower is trained.

    Attributes:
        width: of the hidden layer.
        epochs: passes over the training moments.
        lr: highest learning rate of AdamW; it warms up and falls along a cosine.
        weight_decay: of matrices.
        input_dropout, dropout: share of inputs and of hidden units left out in each step.
        answer_dropout: share of answers that are known by their wording alone in each step,
            which is what lets an answer be added without training.
        label_smoothing: share of each target given to all answers.
        sign_count: how many training moments must show a sign for the tower to know it.
    """

    width: _Count = 256
    epochs: _Count = 10
    lr: _Positive = 2e-3
    weight_decay: _Weight = 0.01
    input_dropout: _Share = 0.3
    dropout: _Share = 0.3
    answer_dropout: _Share = 0.1
    label_smoothing: _Share = 0.05
    sign_count: _Count = 5


class ReplySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that decides a reply model.

    Attributes:
        name: of the model.
        kind: says that this is a reply model's file.
        encoder: reference of the encoder in the store, such as `minilm-l6`.
        data: past conversations; of several files all are learnt from.
        completion: name of the completion model to suggest beside the replies; empty for none.
        description: a sentence or two for the report.
        seed: the same seed, data and settings give the same model.
    """

    name: str
    kind: Literal["reply"]
    encoder: str
    data: ConversationSource | list[ConversationSource]
    completion: str = ""
    description: str = ""
    seed: Annotated[int, msgspec.Meta(ge=0)] = 7
    text: TextSettings = TextSettings()
    answers: AnswerSettings = AnswerSettings()
    training: TrainingSettings = TrainingSettings()
    gates: GateSettings = GateSettings(max_regression={"exact_at_1": 0.005, "exact_at_3": 0.005})

    def __post_init__(self) -> None:
        try:
            check_name(self.name)
        except InvalidRequest as error:
            raise ValueError(error.message) from error
        if self.data == []:
            raise ValueError("`data` is an empty list: name at least one file of conversations")

    @property
    def sources(self) -> list[ConversationSource]:
        """The files of conversations."""
        return self.data if isinstance(self.data, list) else [self.data]


def load_reply_settings(path: Path, overrides: Mapping[str, str] | None = None) -> ReplySettings:
    """Read a TOML file; `overrides` maps dotted keys to TOML values (or bare words).

    Raises:
        ConfigError: no such file, not TOML, an unknown key, or a value that does not fit.
    """
    return parse_reply_settings(read_settings_file(path, overrides), source=str(path))


def parse_reply_settings(document: dict[str, Any], *, source: str) -> ReplySettings:
    """Check a settings document; `source` names it in messages.

    Raises:
        ConfigError: an unknown key or a value that does not fit; the message names the key.
    """
    return check_settings(document, ReplySettings, source=source)
