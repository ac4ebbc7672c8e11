"""Taking the variable parts out of an agent's message, and putting a conversation's values in."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cuebox.core.replies import Slot
from cuebox.kinds.reply.slots.known_values import SAID, KnownValues
from cuebox.kinds.reply.slots.templates import Template, escape, parse_template, slot_names
from cuebox.kinds.reply.slots.value_patterns import VARIABLE_KINDS, find_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cuebox.core.conversation import Turn

__all__ = ["Filled", "fill", "fill_known", "mask", "mask_known"]

_QUOTES = frozenset("'\"\u2018\u2019\u201c\u201d\u00ab\u00bb")


@dataclass(frozen=True, slots=True)
class Filled:
    """A message made from a template; an unfilled slot stands in it as `{name}`."""

    text: str
    slots: list[Slot]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a message a slot's value stands."""

    start: int
    end: int
    slot: str


def fill(template: str, turns: Sequence[Turn]) -> Filled:
    """Put into a template what the turns so far tell; what they do not tell stays a slot."""
    return fill_known(template, KnownValues(turns))


def fill_known(template: str, known: KnownValues) -> Filled:
    """As `fill`, for many templates after the same turns."""
    text = ""
    slots: list[Slot] = []
    seen: Counter[str] = Counter()
    for piece in parse_template(template):
        if not piece.is_slot:
            text += piece.text
            continue
        value = known.value(piece.text, seen[piece.text])
        seen[piece.text] += 1
        shown = f"{{{piece.text}}}" if value is None else value
        end = len(text) + len(shown)
        slots.append(Slot(name=piece.text, start=len(text), end=end, filled=value is not None))
        text += shown
    return Filled(text, slots)


def mask(text: str, turns: Sequence[Turn]) -> Template:
    """The message as a template whose slots, filled after the same turns, give the text again.

    Values that stand in earlier lookups become slots of their field; what the customer said,
    slots of its kind (`{user_number}`); what is variable by nature and comes from elsewhere, as
    an e-mail address, a slot that `fill` leaves open (`{email}`). Nothing is altered:
    `restore()` is the text.
    """
    return mask_known(text, KnownValues(turns))


def mask_known(text: str, known: KnownValues) -> Template:
    """As `mask`, for several messages after the same turns."""
    copied = _apart([*_list_places(text, known), *_field_places(text, known)], [])
    places = _apart(_kind_places(text, known), copied)
    template = _template(text, places)
    if not _fills_again(template, known):
        template = _template(text, [place for place in places if place.slot not in known.lists])
    return template


def _field_places(text: str, known: KnownValues) -> Iterator[_Place]:
    """Where fields stand; of several with one value, each takes the next place."""
    fields_of: dict[str, list[str]] = {}
    for slot, value in known.fields.items():
        if value.strip():
            fields_of.setdefault(value, []).append(slot)
    for value, slots in fields_of.items():
        found = (start for start in _occurrences(text, value) if _is_copy(text, start, value))
        for number, start in enumerate(found):
            yield _Place(start, start + len(value), slots[min(number, len(slots) - 1)])


def _list_places(text: str, known: KnownValues) -> Iterator[_Place]:
    """Where the next items of lists stand, in their order."""
    for slot, items in known.lists.items():
        end = 0
        for item in items:
            start = next((one for one in _occurrences(text, item) if one >= end), None)
            if start is None:
                break
            end = start + len(item)
            yield _Place(start, end, slot)


def _kind_places(text: str, known: KnownValues) -> Iterator[_Place]:
    """Where the customer's name stands, what he said, and what is variable by nature."""
    for slot in (f"{SAID}person", f"{SAID}first_name"):
        name = known.said.get(slot)
        if name and slot not in known.fields:
            yield from (_Place(at, at + len(name), slot) for at in _occurrences(text, name))
    for value in find_values(text):
        said = SAID + value.kind
        if known.value(said) == value.text:
            yield _Place(value.start, value.end, said)
        elif value.kind in VARIABLE_KINDS and known.value(value.kind) is None:
            yield _Place(value.start, value.end, value.kind)


def _occurrences(text: str, value: str) -> Iterator[int]:
    """Where a value stands by itself: not inside a word, nor a number inside a longer one."""
    start = text.find(value)
    while start >= 0:
        if _stands_alone(text, start, start + len(value)):
            yield start
        start = text.find(value, start + 1)


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    if before and _joined(before[-1], text[start]):
        return False
    if after and _joined(text[end - 1], after[0]):
        return False
    if text[start].isdigit() and (before[-1:] == "-" or _is_inside_number(before[::-1])):
        return False
    return not (text[end - 1].isdigit() and _is_inside_number(after))


def _joined(left: str, right: str) -> bool:
    return (left.isalnum() or left == "_") and (right.isalnum() or right == "_")


def _is_inside_number(rest: str) -> bool:
    """Whether what follows (or, read backwards, precedes) a digit goes on with the number."""
    return len(rest) == 2 and rest[0] in ".,:/" and rest[1].isdigit()


def _is_copy(text: str, start: int, value: str) -> bool:
    """Whether a value is copied and not a plain word that says the same by chance."""
    if len(value) == 1:
        return value.isdigit()
    if not (value.isalpha() and value.islower()):
        return True
    end = start + len(value)
    return start > 0 and text[start - 1] in _QUOTES and text[end : end + 1] in _QUOTES


def _apart(candidates: Iterable[_Place], taken: Sequence[_Place]) -> list[_Place]:
    """The places that do not overlap, in order; longer ones go first, those taken before all."""
    kept = list(taken)
    for place in sorted(candidates, key=lambda place: place.start - place.end):
        at = bisect_left(kept, place.start, key=_start)
        is_free_before = at == 0 or kept[at - 1].end <= place.start
        if is_free_before and (at == len(kept) or place.end <= kept[at].start):
            kept.insert(at, place)
    return kept


def _start(place: _Place) -> int:
    return place.start


def _template(text: str, places: Iterable[_Place]) -> Template:
    template, values, done = "", list[str](), 0
    for place in places:
        template += f"{escape(text[done : place.start])}{{{place.slot}}}"
        values.append(text[place.start : place.end])
        done = place.end
    return Template(template + escape(text[done:]), tuple(values))


def _fills_again(template: Template, known: KnownValues) -> bool:
    """Whether every slot that is filled at all is filled with what it was made from."""
    seen: Counter[str] = Counter()
    for slot, value in zip(slot_names(template.text), template.values, strict=True):
        if known.value(slot, seen[slot]) not in {None, value}:
            return False
        seen[slot] += 1
    return True
