"""Batches without end: epoch after epoch, from any place in any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.kinds.completion.packing import Windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.kinds.completion.packing import Batch, Part

__all__ = ["WindowStream"]


class WindowStream:
    """The windows of all epochs, and the place that a checkpoint remembers."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        context: int,
        user_weight: float,
        filler: int,
        seed: int,
    ) -> None:
        self._parts, self._context, self._seed = parts, context, seed
        self._user_weight, self._filler = user_weight, filler
        self.epoch, self.window = 0, 0
        self._windows = self._plan()

    @property
    def passes(self) -> float:
        """Epochs read so far."""
        return self.epoch + self.window / len(self._windows)

    def go_to(self, epoch: int, window: int) -> None:
        """Go on from a place."""
        self.epoch, self.window = epoch, window
        self._windows = self._plan()

    def next(self, count: int) -> Batch:
        """The next `count` windows; they may span the border of epochs."""
        batch = self._take(count)
        while len(batch.inputs) < count:
            self.epoch, self.window = self.epoch + 1, 0
            self._windows = self._plan()
            batch = batch.join(self._take(count - len(batch.inputs)))
        return batch

    def _take(self, count: int) -> Batch:
        batch = self._windows.batch(self.window, count)
        self.window += len(batch.inputs)
        return batch

    def _plan(self) -> Windows:
        return Windows(
            self._parts,
            context=self._context,
            user_weight=self._user_weight,
            filler=self._filler,
            seed=self._seed,
            epoch=self.epoch,
        )
