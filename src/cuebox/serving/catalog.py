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

__all__ = ["Catalog", "Served"]


@dataclass(frozen=True, slots=True)
class Served:
    """One served model: its predictor and the trunk it reads through."""

    info: ModelInfo
    predictor: Predictor
    trunk: Trunk
    bank: HeadBank | None


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

    def classifiers(self, names: str | Sequence[str]) -> list[str]:
        """The names of the classifiers asked for, `"*"` being all of them, each once.

        Raises:
            UnknownModel: a name is not served.
            InvalidRequest: a model is not a classifier, or there is none.
        """
        if names == "*":
            found = [name for name, served in self.models.items() if served.bank is not None]
            if not found:
                raise UnknownModel("no classifier is served", param="model")
            return found
        if isinstance(names, str):
            return [self._classifier(names, "model")]
        return [
            self._classifier(name, f"model[{index}]")
            for index, name in enumerate(dict.fromkeys(names))
        ]

    def groups(self, names: Sequence[str]) -> list[list[str]]:
        """The models by what they read: the same text through the same encoder, together."""
        if len(names) == 1:
            return [list(names)]
        groups: dict[tuple[Trunk, TextSettings], list[str]] = {}
        for name in names:
            served = self.models[name]
            groups.setdefault((served.trunk, served.predictor.text), []).append(name)
        return list(groups.values())

    def _classifier(self, name: str, param: str) -> str:
        if self.find(name, param=param).bank is None:
            raise InvalidRequest(
                f"model {name!r} is not a classifier: ask /v1/embeddings for it", param=param
            )
        return name
