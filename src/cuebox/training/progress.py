"""How long work says where it stands, without knowing who is looking."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

__all__ = ["Progress", "SilentProgress", "Step"]


class Step(Protocol):
    """One stage of the work while it runs."""

    def __call__(self, advance: int, note: str = "") -> None:
        """`advance` more units are done; `note` says what is best or current."""
        ...


class Progress(Protocol):
    """Shows stages of work, each with a known total."""

    def stage(self, name: str, total: int) -> AbstractContextManager[Step]:
        """Open a stage of `total` units; it is done when the context closes."""
        ...


class SilentProgress:
    """Shows nothing: for tests and for embedding training in another program."""

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Step]:  # noqa: ARG002 - the port's shape
        """A stage that nobody watches."""

        def step(advance: int, note: str = "") -> None:
            del advance, note

        yield step
