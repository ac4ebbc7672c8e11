"""The catalog in force, and who still uses an older one."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cuebox.core.errors import DeadlineExceeded, Overloaded
from cuebox.serving.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuebox.serving.settings import ServingSettings

__all__ = ["Leases"]


class Leases:
    """Admits requests and swaps catalogs under them.

    A request leases the catalog it began with; a trunk or generator that the current catalog no
    longer has is closed when the last request that could use it has left, so a swap fails no
    request.
    """

    def __init__(self, settings: ServingSettings) -> None:
        self._max_rows = settings.max_pending_rows
        self._timeout = settings.request_timeout
        self._retired: set[Catalog] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._requests = 0
        self.current = Catalog()
        self.pending_rows = 0

    @contextmanager
    def lease(self, rows: int, deadline: float | None) -> Iterator[tuple[Catalog, float]]:
        """Admit a request of `rows` rows; gives its catalog and its deadline (monotonic seconds).

        Raises:
            Overloaded: too many rows are being answered.
            DeadlineExceeded: the deadline has passed already.
        """
        if self.pending_rows and self.pending_rows + rows > self._max_rows:
            raise Overloaded(
                f"{self.pending_rows} rows are being answered, the most is {self._max_rows}: "
                "try again in 1 s",
                retry_after=1.0,
            )
        now = time.monotonic()
        until = now + self._timeout if deadline is None else deadline
        if until <= now:
            raise DeadlineExceeded("the request's time had run out before it began")
        catalog = self.current
        self._enter(catalog, rows)
        try:
            yield catalog, until
        finally:
            self._leave(catalog, rows)

    def swap(self, catalog: Catalog) -> None:
        """Serve `catalog` from now on."""
        previous, self.current = self.current, catalog
        self._retired.add(previous)
        if not previous.users:
            self._close(previous)

    async def drain(self, seconds: float) -> bool:
        """Wait until no request is left, at most `seconds`; then close all models.

        Returns:
            Whether all requests were answered in time.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        self.swap(Catalog())
        return True

    def _enter(self, catalog: Catalog, rows: int) -> None:
        catalog.users += 1
        self.pending_rows += rows
        self._requests += 1
        if self._requests == 1:
            self._idle.clear()

    def _leave(self, catalog: Catalog, rows: int) -> None:
        catalog.users -= 1
        self.pending_rows -= rows
        self._requests -= 1
        if not self._requests:
            self._idle.set()
        if not catalog.users and catalog in self._retired:
            self._close(catalog)

    def _close(self, catalog: Catalog) -> None:
        self._retired.discard(catalog)
        held = [self.current, *self._retired]
        trunks = {trunk for each in held for trunk in each.trunks.values()}
        for trunk in catalog.trunks.values():
            if trunk not in trunks:
                # Joins worker threads, so not on the event loop.
                asyncio.get_running_loop().run_in_executor(None, trunk.close)
        generators = {generator for each in held for generator in each.generators.values()}
        for generator in catalog.generators.values():
            if generator not in generators:
                generator.release()
