"""Rollback: another move of the alias, to what was in force before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.errors import Conflict, VersionNotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.manifest import AliasRecord
    from cuebox.core.ports import ModelStore

__all__ = ["previous_version", "rollback"]


def rollback(
    store: ModelStore,
    name: str,
    alias: str,
    *,
    actor: str = "",
    reason: str = "",
    expected: int | None = None,
) -> AliasRecord:
    """Move an alias back to the version before the one in force.

    Rolling back again goes further back: a version that was rolled away from is never returned
    to, only promoting it does that.

    Args:
        expected: number of the record that the caller saw in force; what a rollback leads to
            depends on it.

    Raises:
        VersionNotFound: the alias does not exist or has no earlier version.
        Conflict: somebody else moved the alias at the same time, or since `expected`.
    """
    history = store.history(name, alias)
    if not history:
        raise VersionNotFound(f"{name!r} has no alias {alias!r} to roll back")
    if expected is not None and history[-1].number != expected:
        raise Conflict(
            f"alias {alias!r} of {name} was moved by somebody else: record {expected} is not in "
            "force; look at its history and try again"
        )
    target = previous_version(history)
    if target is None:
        raise VersionNotFound(
            f"{name}@{alias} has no version before {history[-1].version} to roll back to"
        )
    reason = reason or f"rollback from {history[-1].version or 'out of service'}"
    return store.move_alias(
        name, alias, target, actor=actor, reason=reason, expected=history[-1].number
    )


def previous_version(history: Sequence[AliasRecord]) -> str | None:
    """The version a rollback leads to; None when there is none.

    The history is read like the history of a browser: a move to a version that was in force
    before goes back to it, and what came after is forgotten.
    """
    trail: list[str] = []
    for record in history:
        if record.version in trail:
            del trail[trail.index(record.version) + 1 :]
        elif record.version is not None:
            trail.append(record.version)
    if history and history[-1].version is None:
        return trail[-1] if trail else None
    return trail[-2] if len(trail) > 1 else None
