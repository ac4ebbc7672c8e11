"""Requests counted by model and by what came of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from cuebox.core.errors import CueboxError, UnknownModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from cuebox.serving.metrics import Labels, Metrics

__all__ = ["REQUESTS", "FailuresCounted", "answered"]

REQUESTS = "cuebox_model_requests_total"


def answered(model: str) -> Labels:
    """Labels of a request that a model answered."""
    return (("model", model), ("outcome", "answered"))


class FailuresCounted:
    """A context manager that counts what is raised in it, for the models that were asked.

    Args:
        names: the models; may raise a `CueboxError` where they are not served, and is only
            called after a failure.
    """

    __slots__ = ("_metrics", "_names")

    def __init__(self, metrics: Metrics, names: Callable[[], Sequence[str]]) -> None:
        self._metrics = metrics
        self._names = names

    def __enter__(self) -> None:
        """Nothing is counted yet."""

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Count; the error goes on."""
        if error is None or isinstance(error, UnknownModel):
            return
        with suppress(CueboxError):
            for model in self._names():
                self._metrics.count(REQUESTS, (("model", model), ("outcome", _outcome(error))))


def _outcome(error: BaseException) -> str:
    if isinstance(error, CueboxError):
        return error.code
    return "cancelled" if isinstance(error, asyncio.CancelledError) else CueboxError.code
