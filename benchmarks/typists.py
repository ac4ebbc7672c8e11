"""People who type into a server: an open loop of keys, each of which asks for suggestions."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.keystrokes import keystrokes

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.decoders import Models

__all__ = ["Body", "Key", "Typist", "has_text", "people", "type_all"]

Body = dict[str, object]

_WORDS_BEFORE = 150
_WORDS_A_ROUND = 300
# Nobody presses the first key at the same moment as another.
_STAGGER_SECONDS = 0.025
_LAST_SECONDS = 5.0


@dataclass
class Key:
    """One keystroke.

    Attributes:
        until: seconds to the next key; infinite for the last one.
        answered: seconds to the line that counts; None if the next key came sooner.
        line: that line.
    """

    until: float = float("inf")
    answered: float | None = None
    line: bytes = b""


@dataclass
class Typist:
    """A person, what is written already, what they are going to type, and what came of it."""

    number: int
    before: str
    text: str
    keys: list[Key] = field(default_factory=list)
    failed: int = 0


def people(models: Models, number: int, round_number: int) -> list[Typist]:
    """So many people, each in a place of the novel that is theirs alone, in this round."""
    words = " ".join(models.paragraphs()).split(" ")
    each = len(words) // number
    found = []
    for person in range(number):
        start = person * each + _WORDS_A_ROUND * round_number
        before = words[start : start + _WORDS_BEFORE]
        rest = words[start + _WORDS_BEFORE : (person + 1) * each]
        found.append(Typist(person, " ".join(before) + " ", " ".join(rest)))
    return found


def has_text(line: bytes) -> bool:
    """Whether a line of an event stream brings text of any choice."""
    if not line.startswith(b"data: {"):
        return False
    return any(choice.get("text") for choice in json.loads(line[6:]).get("choices", []))


async def type_all(
    typists: list[Typist], port: int, body: Callable[[Typist, str], Body], *,
    seconds: float, uncounted: float, seed: int,
    path: str = "/v1/completions", counts: Callable[[bytes], bool] = has_text,
) -> None:  # fmt: skip
    """Everybody types for `uncounted` seconds of which no key is kept, and then for `seconds`.

    Args:
        counts: whether a line of an answer is the one that people wait for.
    """

    async def type_one(typist: Typist) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time() + typist.number * _STAGGER_SECONDS
        pressed = _Pressed(Key(), loop.time())
        for at, typed in keystrokes(typist.text, 100 * seed + typist.number):
            if at > uncounted + seconds:
                break
            await asyncio.sleep(began + at - loop.time())
            await pressed.replace()
            key = Key()
            if at >= uncounted:
                typist.keys.append(key)
            content = json.dumps(body(typist, typist.before + typist.text[:typed])).encode()
            task = loop.create_task(_ask(typist, key, port, path, content, counts))
            pressed = _Pressed(key, loop.time(), task)
        await pressed.finish()

    await asyncio.gather(*(type_one(typist) for typist in typists))


@dataclass
class _Pressed:
    """The last key, and the request that it sent."""

    key: Key
    at: float
    task: asyncio.Task[None] | None = None

    async def replace(self) -> None:
        """The next key is pressed: nobody waits any more."""
        self.key.until = asyncio.get_running_loop().time() - self.at
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError):
                await self.task

    async def finish(self) -> None:
        """Wait for the whole answer, but not until a server with a long queue has worked it off."""
        if self.task is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.task, _LAST_SECONDS)


async def _ask(
    typist: Typist, key: Key, port: int, path: str, content: bytes, counts: Callable[[bytes], bool]
) -> None:
    """Read a whole answer, and note when the first line of it came that counts."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(
            b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % (path.encode(), len(content))
        )
        writer.write(content)
        if b" 200 " not in await reader.readline():
            typist.failed += 1
            return
        async for line in reader:
            if key.answered is None and counts(line):
                key.answered, key.line = time.perf_counter() - began, line
    except ConnectionResetError:
        typist.failed += 1
    finally:
        writer.transport.abort()
