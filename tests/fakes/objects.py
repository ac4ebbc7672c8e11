"""Objects in a dictionary, with a clock to set and a way to run actors step by step."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

from cuebox.store.objects import ObjectInfo, Objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["FakeObjects", "Killed", "run_interleaved"]


class FakeObjects:
    """An object store whose clock stands still until it is set."""

    location = "fake"

    def __init__(self) -> None:
        self.now = 0.0
        self._objects: dict[str, tuple[bytes, float]] = {}
        self._lock = threading.Lock()

    def get(self, path: str) -> bytes | None:
        found = self._objects.get(path)
        return None if found is None else found[0]

    def head(self, path: str) -> ObjectInfo | None:
        found = self._objects.get(path)
        return None if found is None else ObjectInfo(path, len(found[0]), found[1])

    def stream(self, path: str) -> Iterator[bytes] | None:
        content = self.get(path)
        return None if content is None else iter([content])

    def put(self, path: str, pieces: Iterable[bytes]) -> None:
        self._objects[path] = (b"".join(pieces), self.now)

    def create(self, path: str, content: bytes) -> bool:
        with self._lock:
            if path in self._objects:
                return False
            self._objects[path] = (content, self.now)
            return True

    def mark(self, path: str) -> None:
        self._objects[path] = (b"", self.now)

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        for path, (content, modified) in list(self._objects.items()):
            if path.startswith(f"{prefix}/"):
                yield ObjectInfo(path, len(content), modified)

    def copy(self, path: str, to: str) -> bool:
        found = self._objects.get(path)
        if found is None:
            return False
        # The time of a local hard link: the oldest that any store gives to a copy.
        self._objects[to] = found
        return True

    def delete(self, path: str) -> None:
        self._objects.pop(path, None)

    def local_path(self, path: str) -> None:
        return None

    def discard_staged(self, before: float) -> int:
        return 0


class Killed(BaseException):
    """Raised inside an actor that is killed, at every operation it still tries."""


class _Actor:
    """A thread that stops before each operation on the objects until it is told to go on."""

    def __init__(self, objects: Objects, act: Callable[[Objects], None]) -> None:
        self._objects, self._act = objects, act
        self._arrived, self._go = threading.Semaphore(0), threading.Semaphore(0)
        self._killed = False
        self.done = False
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._arrived.acquire()

    def step(self, *, kill: bool) -> None:
        self._killed = self._killed or kill
        self._go.release()
        self._arrived.acquire()
        if self.done:
            self._thread.join()

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._objects, name)
        if not callable(operation):
            return operation

        def stepped(*arguments: Any) -> Any:
            self._arrived.release()
            self._go.acquire()
            if self._killed:
                raise Killed
            result = operation(*arguments)
            return iter(list(result)) if name == "walk" else result

        return stepped

    def _run(self) -> None:
        try:
            self._act(cast("Objects", self))
        except BaseException as error:
            self.error = error
        self.done = True
        self._arrived.release()


def run_interleaved(
    objects: Objects,
    acts: Sequence[Callable[[Objects], None]],
    turns: Iterable[int],
    kills: Iterable[int] = (),
) -> list[BaseException | None]:
    """Run `acts` to their end, one operation at a time; what each of them raised.

    Args:
        turns: whose turn it is, modulo the actors still running; then each in order.
        kills: numbers of the steps at which the actor whose turn it is gets killed.
    """
    actors = [_Actor(objects, act) for act in acts]
    order, deadly = iter(turns), set(kills)
    step = 0
    while running := [actor for actor in actors if not actor.done]:
        running[next(order, step) % len(running)].step(kill=step in deadly)
        step += 1
    return [actor.error for actor in actors]
