"""What is being served: an immutable snapshot, swapped by reference."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cuebox.core.errors import InvalidRequest, UnknownModel
from cuebox.serving.outcomes import answered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cuebox.core.ports import (
        CompletionPredictor,
        Generator,
        HeadBank,
        ReplyPredictor,
        TextPredictor,
    )
    from cuebox.core.text import TextSettings
    from cuebox.serving.metrics import Labels
    from cuebox.serving.requests import ModelInfo
    from cuebox.serving.trunk import Trunk

__all__ = ["Catalog", "CompletionModel", "Plan", "ReplyModel", "Served", "TextModel"]

_MOST_PLANS = 256


@dataclass(frozen=True, slots=True)
class TextModel:
    """A served classifier or encoder: its predictor and the trunk it reads through."""

    info: ModelInfo
    predictor: TextPredictor
    trunk: Trunk
    bank: HeadBank | None


@dataclass(frozen=True, slots=True)
class CompletionModel:
    """A served language model: its predictor and the generator that does the work."""

    info: ModelInfo
    predictor: CompletionPredictor
    generator: Generator


@dataclass(frozen=True, slots=True)
class ReplyModel:
    """A served reply model: its predictor and the trunk it reads turns through."""

    info: ModelInfo
    predictor: ReplyPredictor
    trunk: Trunk


Served = TextModel | CompletionModel | ReplyModel

_ASK = {CompletionModel: "a completion model: ask /v1/completions",
        ReplyModel: "a reply model: ask /v1/suggest"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question for some classifiers is answered.

    Attributes:
        names: the classifiers, in the order of the answer.
        groups: the same by what they read: one text through one encoder, together.
        labels: of their metrics.
        answered: of the count of their requests.
    """

    names: list[str]
    groups: list[list[str]]
    labels: list[Labels]
    answered: list[Labels]


@dataclass(slots=True, eq=False)
class Catalog:
    """All served models by name, and why some are missing.

    Requests hold on to the catalog they began with; `users` counts them, so that a trunk or
    generator that a newer catalog no longer has is closed only when the last of them has left.

    Attributes:
        trunks, generators: by the digest of encoder or decoder.
    """

    models: Mapping[str, Served] = field(default_factory=dict)
    trunks: Mapping[str, Trunk] = field(default_factory=dict)
    generators: Mapping[str, Generator] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    users: int = 0
    _plans: dict[str | tuple[str, ...], Plan] = field(default_factory=dict)

    def find(self, name: str, *, param: str = "model") -> Served:
        """The served model `name`.

        Raises:
            UnknownModel: none; the message names the nearest.
        """
        served = self.models.get(name)
        if served is None:
            near = difflib.get_close_matches(name[:130], self.models, n=3)
            hint = f": did you mean {' or '.join(near)}?" if near else ", see GET /v1/models"
            raise UnknownModel(f"no model {name[:130]!r} is served{hint}", param=param)
        return served

    def text_model(self, name: str, *, param: str = "model") -> TextModel:
        """The served classifier or encoder `name`.

        Raises:
            UnknownModel: not served.
            InvalidRequest: it is neither.
        """
        served = self.find(name, param=param)
        if isinstance(served, TextModel):
            return served
        raise InvalidRequest(f"model {name!r} is {_ASK[type(served)]} for it", param=param)

    def completion_model(self, name: str, *, param: str = "model") -> CompletionModel:
        """The served language model `name`.

        Raises:
            UnknownModel: not served.
            InvalidRequest: it is of another kind.
        """
        served = self.find(name, param=param)
        if isinstance(served, CompletionModel):
            return served
        raise InvalidRequest(
            f"model {name!r} is of kind {served.info.kind!r} and completes nothing", param=param
        )

    def reply_model(self, name: str | None) -> ReplyModel:
        """The served reply model `name`, or the only one.

        Raises:
            UnknownModel: not served, or none is.
            InvalidRequest: it is of another kind, or there are several and none was named.
        """
        if name is None:
            return self._only_reply_model()
        served = self.find(name)
        if isinstance(served, ReplyModel):
            return served
        raise InvalidRequest(
            f"model {name!r} is of kind {served.info.kind!r} and has no replies", param="model"
        )

    def _only_reply_model(self) -> ReplyModel:
        found = [served for served in self.models.values() if isinstance(served, ReplyModel)]
        if not found:
            raise UnknownModel("no reply model is served", param="model")
        if len(found) > 1:
            names = ", ".join(served.info.name for served in found)
            raise InvalidRequest(
                f"several reply models are served, name one: {names}", param="model"
            )
        return found[0]

    def plan(self, asked: str | Sequence[str]) -> Plan:
        """The classifiers asked for, `"*"` being all of them, each once; made once per question.

        Raises:
            UnknownModel: a name is not served.
            InvalidRequest: a model is not a classifier, or there is none.
        """
        key = asked if isinstance(asked, str) else tuple(asked)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            plan = self._plans[key] = self._make_plan(asked)
        return plan

    def _make_plan(self, asked: str | Sequence[str]) -> Plan:
        names = self._classifiers(asked)
        groups: dict[tuple[Trunk, TextSettings], list[str]] = {}
        for name in names:
            served = self.text_model(name)
            groups.setdefault((served.trunk, served.predictor.text), []).append(name)
        return Plan(
            names,
            list(groups.values()),
            labels=[(("model", name),) for name in names],
            answered=[answered(name) for name in names],
        )

    def _classifiers(self, asked: str | Sequence[str]) -> list[str]:
        if asked == "*":
            found = [
                name
                for name, served in self.models.items()
                if isinstance(served, TextModel) and served.bank is not None
            ]
            if not found:
                raise UnknownModel("no classifier is served", param="model")
            return found
        if isinstance(asked, str):
            return [self._classifier(asked, "model")]
        return [
            self._classifier(name, f"model[{index}]")
            for index, name in enumerate(dict.fromkeys(asked))
        ]

    def _classifier(self, name: str, param: str) -> str:
        if self.text_model(name, param=param).bank is None:
            raise InvalidRequest(
                f"model {name!r} is not a classifier: ask /v1/embeddings for it", param=param
            )
        return name
