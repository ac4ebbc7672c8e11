"""Which models of a store a server serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cuebox.core.ports import ModelStore

__all__ = ["served_references"]

_SERVED_ALIAS = "production"


def served_references(store: ModelStore, wanted: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """The references that are `wanted`, else every name that has a version in production.

    With each comes its version where finding it out told that as well.
    """
    if wanted:
        for reference in wanted:
            yield reference, None
        return
    for name in store.names():
        record = store.aliases(name).get(_SERVED_ALIAS)
        if record is not None and record.version is not None:
            yield name, record.version
