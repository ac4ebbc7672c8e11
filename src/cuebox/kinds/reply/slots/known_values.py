"""What a conversation tells so far: the newest value of each field, and what the customer said."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

from cuebox.kinds.reply.slots.value_patterns import find_persons, find_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cuebox.core.conversation import Fact, Turn

__all__ = ["SAID", "KnownValues", "fact_text", "slot_name"]

# Slots that copy what the customer said begin so.
SAID = "user_"

_ITEM = re.compile(r"(.+)_(\d{1,4})")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_NO_NAME = re.compile(r"[^a-z0-9]+")


def slot_name(field: str) -> str:
    """The slot that copies a field: `DoctorName` is `doctor_name`."""
    plain = unicodedata.normalize("NFKD", _HUMP.sub("_", field).casefold())
    name = _NO_NAME.sub("_", plain.encode("ascii", "ignore").decode()).strip("_")
    return name if name[:1].isalpha() else f"field_{name}".rstrip("_")


def fact_text(value: Fact) -> str | None:
    """A field's value as an agent types it; None for what is not typed: nothing, yes and no."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = re.sub(r"\s+", " ", str(value))
    return text if text.strip() else ""


class KnownValues:
    """The values that slots can be filled with after some turns."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns

    @cached_property
    def fields(self) -> Mapping[str, str]:
        """Slot to value, the newest lookup's first; of a field the newest value."""
        fields: dict[str, str] = {}
        for turn in reversed(self._turns):
            for field, value in turn.facts.items():
                text = fact_text(value)
                if text is not None and not _ITEM.fullmatch(field):
                    fields.setdefault(slot_name(field), text)
        return fields

    @cached_property
    def lists(self) -> Mapping[str, Sequence[str]]:
        """Slot to the items of the newest list of that name, beginning with the next to be said.

        An agent who reads out steps goes on where he left off; when all were said, the first is
        next again.
        """
        lists: dict[str, list[str]] = {}
        for number in reversed(range(len(self._turns))):
            for name, items in _items(self._turns[number]).items():
                if name not in lists:
                    said = [turn.text for turn in self._turns[number:] if turn.role == "agent"]
                    lists[name] = _from_next(items, said)
        return lists

    @cached_property
    def said(self) -> Mapping[str, str]:
        """Slot to what the customer said of that kind, where the newest turn with it says one."""
        said: dict[str, str] = {}
        settled: set[str] = set()
        for number in reversed(range(len(self._turns))):
            if self._turns[number].role != "user":
                continue
            found = self._values_said(number)
            for kind, values in found.items():
                if kind not in settled and len(values) == 1:
                    said[SAID + kind] = next(iter(values))
            settled.update(found)
        return said

    def value(self, slot: str, occurrence: int = 0) -> str | None:
        """What belongs into a slot, None when the conversation does not tell.

        Args:
            slot: its name.
            occurrence: how often the slot stands in the template before; a list's items follow
                one another.
        """
        items = self.lists.get(slot)
        if items is not None:
            return items[occurrence] if occurrence < len(items) else None
        found = self.fields.get(slot)
        if found is None and slot.startswith(SAID):
            return self.said.get(slot)
        return found

    def _values_said(self, number: int) -> dict[str, dict[str, None]]:
        text = self._turns[number].text
        found: dict[str, dict[str, None]] = {}
        for value in find_values(text):
            found.setdefault(value.kind, {})[value.text] = None
        before = self._turns[number - 1].text if number else ""
        for person in find_persons(text, asked_for_name="name" in before.lower()):
            found.setdefault("person", {})[person] = None
            found.setdefault("first_name", {})[person.partition(" ")[0]] = None
        return found


def _items(turn: Turn) -> dict[str, list[str]]:
    numbered: dict[str, list[tuple[int, str]]] = {}
    for field, value in turn.facts.items():
        item = _ITEM.fullmatch(field)
        text = fact_text(value)
        if item and text:
            numbered.setdefault(slot_name(item.group(1)), []).append((int(item.group(2)), text))
    return {name: [text for _, text in sorted(pairs)] for name, pairs in numbered.items()}


def _from_next(items: list[str], said: Sequence[str]) -> list[str]:
    last = -1
    for number, item in enumerate(items):
        if any(item in text for text in said):
            last = number
    return items[(last + 1) % len(items) :]
