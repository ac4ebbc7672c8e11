"""What is being served: an immutable snapshot, swapped by reference."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cuebox.core.errors import InvalidRequest, UnknownModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cuebox.core.ports import HeadBank, Predictor
    from cuebox.core.text import TextSettings
    from cuebox.serving.requests import ModelInfo
    from cuebox.serving.trunk import Trunk

__all__ = ["Catalog", "Plan", "Served"]

_MOST_PLANS = 256


@dataclass(frozen=True, slots=True)
class Served:
    """One served model: its predictor and the trunk it reads through."""

    info: ModelInfo
    predictor: Predictor
    trunk: Trunk
    bank: HeadBank | None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a question for some classifiers is answered.

    Attributes:
        names: the classifiers, in the order of the answer.
        groups: the same by what they read: one text through one encoder, together.
        labels: of their metrics.
    """

    names: list[str]
    groups: list[list[str]]
    labels: list[tuple[tuple[str, str]]]


@dataclass(slots=True, eq=False)
class Catalog:
    """All served models by name, and why some are missing.

    Requests hold on to the catalog they began with; `users` counts them, so that a trunk that a
    newer catalog no longer has is closed only when the last of them has left.
    """

    models: Mapping[str, Served] = field(default_factory=dict)
    trunks: Mapping[str, Trunk] = field(default_factory=dict)
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
            served = self.models[name]
            groups.setdefault((served.trunk, served.predictor.text), []).append(name)
        return Plan(names, list(groups.values()), [(("model", name),) for name in names])

    def _classifiers(self, asked: str | Sequence[str]) -> list[str]:
        if asked == "*":
            found = [name for name, served in self.models.items() if served.bank is not None]
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
        if self.find(name, param=param).bank is None:
            raise InvalidRequest(
                f"model {name!r} is not a classifier: ask /v1/embeddings for it", param=param
            )
        return name
