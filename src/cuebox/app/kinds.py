"""The kinds of model, found by entry point: the ones that come with cuebox like any other."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from cuebox.core.errors import ModelError

if TYPE_CHECKING:
    from cuebox.core.ports import Kind

__all__ = ["find_kind"]

_GROUP = "cuebox.kinds"


@cache
def find_kind(name: str) -> Kind:
    """The kind registered under `name`.

    Raises:
        ModelError: no installed package offers it.
    """
    found = entry_points(group=_GROUP, name=name)
    if not found:
        known = ", ".join(sorted(entry_points(group=_GROUP).names))
        raise ModelError(f"no installed package knows models of kind {name!r}; known: {known}")
    kind: Kind = next(iter(found)).load()
    return kind
