"""What a lookup answered, as flat fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cuebox.core.conversation import Fact

__all__ = ["flat_facts"]


def flat_facts(value: Mapping[str, Any]) -> dict[str, Fact]:
    """Nested values as one level: `{"a": [{"b": 1}, 2]}` is `{"a_1_b": 1, "a_2": 2}`."""
    facts: dict[str, Fact] = {}
    for key, part in value.items():
        if isinstance(part, list):
            facts |= flat_facts({f"{key}_{number}": one for number, one in enumerate(part, 1)})
        elif isinstance(part, dict):
            facts |= flat_facts({f"{key}_{inner}": one for inner, one in part.items()})
        else:
            facts[key] = part
    return facts
