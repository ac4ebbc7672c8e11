"""How a training is stopped, finished early, and kept to one process."""

from __future__ import annotations

import fcntl
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cuebox.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["StopSignal", "ask_to_finish", "only_process", "wants_finish"]

_FINISH = "finish"


class StopSignal:
    """While it is open, SIGINT and SIGTERM only ask to stop after the current step."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSignal:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, _: object) -> None:
        if self.asked:
            # Asked twice: do not wait for the step to end.
            signal.signal(number, signal.default_int_handler)
            raise KeyboardInterrupt
        self.asked = True


def ask_to_finish(folder: Path) -> None:
    """Let the run in `folder`, running or resumed later, begin its decay at the next step."""
    (folder / _FINISH).touch()


def wants_finish(folder: Path) -> bool:
    """Whether somebody asked this run to finish."""
    return (folder / _FINISH).exists()


@contextmanager
def only_process(folder: Path) -> Iterator[None]:
    """Hold the run's lock; it goes with the process, however that ends.

    Raises:
        ModelError: another process trains this run.
    """
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ModelError(
                f"{folder}: another process trains this run; wait for it, or ask it to finish "
                "with --finish"
            ) from error
        yield
