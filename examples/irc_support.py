"""Help channels of IRC as conversations of two people, without their nicknames.

Reply links are the published annotations where there are any, and elsewhere the nickname that
a line begins with, as in Lowe et al., "The Ubuntu Dialogue Corpus" (2015). Lines joined by links
are a thread; of a thread only two people are kept, the one who began it and the one who wrote
most of the rest.
"""

from __future__ import annotations

import re
import tarfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Message", "channel_threads", "find_names", "parse_channel", "threads_of"]

_LINE = re.compile(r"^(?:\S+ \S+ )?\[[\d:]+\] <([^>]+)> (.*)$")
_ADDRESS = re.compile(r"^@?([^\s:,]{2,})\s*[:,]+\s*(.*)$")
# A line that answers somebody who last spoke longer ago than this begins anew.
_REACH = 80
_LONGEST = 60
_UNWANTED = re.compile(r"https?:|www\.|<unconvertable>|\S@\S|\d+\.\d+\.\d+\.\d+|^[!/]|\S{30}|#\w")
_WORD = re.compile(r"[^\s,.:;!?()\"<>]+")


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody wrote: `to` is whom they address, `text` what is left of the line."""

    nick: str
    to: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation; `asks` tells the one who began it from the helper."""

    asks: bool
    text: str


def channel_threads(archive: Path) -> Iterator[tuple[str, list[list[Message]]]]:
    """Each chunk's name and its conversations."""
    files: dict[str, dict[str, str]] = defaultdict(dict)
    with tarfile.open(archive) as opened:
        for member in opened:
            name = PurePosixPath(member.name).name
            for kind in (".ascii.txt", ".annotation.txt"):
                file = opened.extractfile(member) if name.endswith(kind) else None
                if file is not None:
                    files[name.removesuffix(kind)][kind] = file.read().decode("utf-8", "replace")
    texts = {name: both[".ascii.txt"] for name, both in files.items() if ".ascii.txt" in both}
    names = find_names(texts.values())
    for name in sorted(texts):
        lines = parse_channel(texts[name], names)
        links = _annotated(files[name].get(".annotation.txt", ""))
        yield name, threads_of(lines, links, names)


def find_names(logs: Iterable[str]) -> frozenset[str]:
    """The nicknames of all logs, in lower case, but for those that are ordinary words as well.

    Someone may be spoken of in a log in which they do not speak. A word is ordinary when many
    logs use it in lower case, and seldom to address somebody.
    """
    nicks: set[str] = set()
    used: Counter[str] = Counter()
    addressed: Counter[str] = Counter()
    written_in: Counter[str] = Counter()
    for log in logs:
        here: set[str] = set()
        for match in map(_LINE.match, log.split("\n")):
            if match is None:
                continue
            nicks.add(match[1].lower())
            words = _WORD.findall(match[2])
            used.update(word.lower() for word in words)
            here.update(word for word in words if word == word.lower())
            if address := _ADDRESS.match(match[2].strip()):
                addressed[address[1].lower()] += address[0][len(address[1])] == ":"
        written_in.update(here)
    ordinary = {
        word
        for word, logs_with in written_in.items()
        if logs_with >= 12 and addressed[word] <= 0.05 * used[word]
    }
    # A second connection gives a name a tail, as in `joe_`; others leave it out.
    return frozenset(nicks | {nick.rstrip("_^`|") for nick in nicks}) - ordinary - {""}


def parse_channel(text: str, names: frozenset[str] = frozenset()) -> list[Line | None]:
    """The lines of a log, None for what nobody said; positions are those of the log.

    Args:
        names: nicknames besides those who speak in this log.
    """
    parsed = [_LINE.match(line) for line in text.split("\n")]
    nicks = {match[1].lower() for match in parsed if match} | names
    lines: list[Line | None] = []
    for match in parsed:
        if match is None or match[1].lower() in {"ubotu", "ubottu", "unconvertable"}:
            lines.append(None)
            continue
        nick, said = match[1].lower(), match[2].strip()
        address = _ADDRESS.match(said)
        to = address[1].lower() if address and address[1].lower() in nicks else None
        lines.append(Line(nick, to, address[2] if address and to else said))
    return lines


def threads_of(
    lines: Sequence[Line | None], links: Mapping[int, Sequence[int]], names: frozenset[str]
) -> list[list[Message]]:
    """Conversations of two, in the order in which they begin, without these names."""
    root: dict[int, int] = {}
    last: dict[str, int] = {}
    threads: dict[int, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        if line is None:
            continue
        before = [one for one in links.get(place, ()) if one in root and one < place]
        if place not in links:
            before = _addressed(line, place, last)
        root[place] = root[before[0]] if before else place
        threads[root[place]].append(place)
        last[line.nick] = place
    pairs = (
        _pair([line for place in thread if (line := lines[place])]) for thread in threads.values()
    )
    cleaned = (_without_names(pair, names) for pair in pairs)
    return [messages for messages in cleaned if _is_conversation(messages)]


def _addressed(line: Line, place: int, last: Mapping[str, int]) -> list[int]:
    """The latest line of the one addressed, or the speaker's own latest line."""
    found = last.get(line.to or line.nick)
    reach = _REACH if line.to else _REACH // 8
    return [found] if found is not None and place - found <= reach else []


def _annotated(text: str) -> dict[int, list[int]]:
    links: dict[int, list[int]] = defaultdict(list)
    for line in text.split("\n"):
        if len(parts := line.split()) >= 2:
            earlier, later = sorted((int(parts[0]), int(parts[1])))
            links[later].append(earlier)
    return links


def _pair(thread: Sequence[Line]) -> list[tuple[bool, str]]:
    """What the two said to each other, `(asks, text)`."""
    asker = thread[0].nick
    others = Counter(line.nick for line in thread if line.nick != asker)
    if not others:
        return []
    helper = others.most_common(1)[0][0]
    two = {asker, helper}
    return [
        (line.nick == asker, line.text)
        for line in thread[:_LONGEST]
        if line.nick in two and (line.to is None or line.to in two)
    ]


def _without_names(pair: Sequence[tuple[bool, str]], names: frozenset[str]) -> list[Message]:
    """Messages free of nicknames; one that names somebody in its middle is left out."""
    messages = []
    for asks, text in pair:
        stripped = _strip_names(text, names)
        if stripped and not _UNWANTED.search(stripped):
            messages.append(Message(asks, stripped))
    return messages


def _strip_names(text: str, names: frozenset[str]) -> str:
    words = [match for match in _WORD.finditer(text) if _is_name(match[0].lower(), names)]
    if not words:
        return text
    first, last = words[0], words[-1]
    if len(words) == 1 and not text[last.end() :].strip(" ,.:;!?"):
        return text[: last.start()].rstrip(" ,:;") + text[last.end() :].strip(" ,:;")
    if len(words) == 1 and not text[: first.start()].strip():
        return text[first.end() :].lstrip(" ,.:;")
    return ""


def _is_name(word: str, names: frozenset[str]) -> bool:
    """Also with a tail, or as the owner of something."""
    return word in names or word.rstrip("_^`|") in names or word.removesuffix("'s") in names


def _is_conversation(messages: Sequence[Message]) -> bool:
    return len(messages) >= 2 and messages[0].asks and not all(one.asks for one in messages)
