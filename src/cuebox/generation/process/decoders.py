"""The decoders of the engine process: opened once, counted, and stepped in fair turns."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING

from cuebox.core.errors import CueboxError, ModelError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from cuebox.core.decoder import DecoderSpec
    from cuebox.generation.process.guarded import GuardedEngine
    from cuebox.generation.process.wire import Load

__all__ = ["Decoders"]


class _Slot:
    """One decoder, open or being opened.

    Attributes:
        engine: None until it is open.
        holders: the connections that loaded it.
        waiting: who is told once it is open.
        spent: seconds its steps took, on a scale that all decoders share.
        running: whether it had steps to do when turns were given last.
    """

    def __init__(self) -> None:
        self.engine: GuardedEngine | None = None
        self.holders: set[Hashable] = set()
        self.waiting: list[Callable[[CueboxError | None], None]] = []
        self.spent = 0.0
        self.running = False


class Decoders:
    """All decoders by digest; belongs to one thread, opening is done in others.

    Args:
        open_engine: opens a decoder; blocks, and is called in threads of its own.
        wake: makes the owner's thread call `settle` soon; called from those threads.
    """

    def __init__(
        self,
        open_engine: Callable[[DecoderSpec, Path, Path], GuardedEngine],
        wake: Callable[[], None],
    ) -> None:
        self._open_engine = open_engine
        self._wake = wake
        self._slots: dict[str, _Slot] = {}
        self._opened: SimpleQueue[tuple[str, GuardedEngine | CueboxError]] = SimpleQueue()

    @property
    def busy(self) -> bool:
        """Whether any decoder has a step to do."""
        return any(slot.engine is not None and slot.engine.busy for slot in self._slots.values())

    def load(
        self, holder: Hashable, order: Load, done: Callable[[CueboxError | None], None]
    ) -> None:
        """Hold a decoder, opening it if need be; `done` is told None, or why it cannot be."""
        digest = order.spec.digest
        slot = self._slots.get(digest)
        if slot is None:
            slot = self._slots[digest] = _Slot()
            threading.Thread(
                target=self._open, args=(digest, order), name="open-decoder", daemon=True
            ).start()
        slot.holders.add(holder)
        if slot.engine is None:
            slot.waiting.append(done)
        else:
            done(None)

    def release(self, holder: Hashable, digest: str) -> None:
        """Undo every `load` of one decoder by a holder; one that nobody holds is closed."""
        slot = self._slots.get(digest)
        if slot is not None and holder in slot.holders:
            slot.holders.discard(holder)
            self._close_unheld(digest, slot)

    def forget(self, holder: Hashable) -> None:
        """Undo every `load` of a holder, of all decoders."""
        for digest, slot in list(self._slots.items()):
            if holder in slot.holders:
                slot.holders.discard(holder)
                self._close_unheld(digest, slot)

    def find(self, holder: Hashable, digest: str) -> GuardedEngine:
        """The engine of a decoder that `holder` has loaded.

        Raises:
            Unavailable: it has not.
        """
        slot = self._slots.get(digest)
        if slot is None or slot.engine is None or holder not in slot.holders:
            raise Unavailable(f"decoder {digest[:12]} is not loaded")
        return slot.engine

    def settle(self) -> None:
        """Take in what was opened since the last call."""
        while True:
            try:
                digest, opened = self._opened.get_nowait()
            except Empty:
                return
            slot = self._slots[digest]
            waiting, slot.waiting = slot.waiting, []
            if isinstance(opened, CueboxError):
                del self._slots[digest]
            else:
                slot.engine = opened
            for done in waiting:
                done(opened if isinstance(opened, CueboxError) else None)
            self._close_unheld(digest, slot)

    def step(self) -> None:
        """One step of the decoder whose turn it is, if any has one to do.

        Turns go by the time that steps took: a small model is not held to the pace of a large
        one, and neither starves. A decoder that was idle has saved up nothing.
        """
        ready = [slot for slot in self._slots.values() if slot.engine and slot.engine.busy]
        for slot in self._slots.values():
            if slot not in ready:
                slot.running = False
        if not ready:
            return
        floor = min((slot.spent for slot in ready if slot.running), default=0.0)
        for slot in ready:
            if not slot.running:
                slot.running = True
                slot.spent = max(slot.spent, floor)
        slot = min(ready, key=lambda each: each.spent)
        started = monotonic()
        if slot.engine is not None:
            slot.engine.step()
        slot.spent += monotonic() - started

    def stats(self) -> dict[str, dict[str, float]]:
        """Figures of each open decoder by digest; see `Engine.stats`."""
        return {
            digest: slot.engine.stats()
            for digest, slot in self._slots.items()
            if slot.engine is not None
        }

    def close(self) -> None:
        """Close all that is open."""
        for slot in self._slots.values():
            if slot.engine is not None:
                slot.engine.close()
        self._slots.clear()

    def _open(self, digest: str, order: Load) -> None:
        opened: GuardedEngine | CueboxError
        try:
            opened = self._open_engine(order.spec, Path(order.weights), Path(order.tokenizer))
        except CueboxError as error:
            opened = error
        except Exception as error:  # whatever a library makes of damaged files
            opened = ModelError(
                f"decoder {digest[:12]} cannot be opened: {type(error).__name__}: {error}"
            )
        self._opened.put((digest, opened))
        self._wake()

    def _close_unheld(self, digest: str, slot: _Slot) -> None:
        if slot.engine is not None and not slot.holders and self._slots.get(digest) is slot:
            del self._slots[digest]
            slot.engine.close()
