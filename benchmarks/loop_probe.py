"""Run the `cuebox` command with a probe on its server's event loop.

`python loop_probe.py FILE serve ...`: a task that wants to wake up every millisecond notes how late
it was. When the server stops, FILE gets pairs of float64: seconds on CLOCK_MONOTONIC, which all
processes share, and seconds late.
"""

import array
import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import uvicorn

_PERIOD_SECONDS = 0.001


async def _probe(found: "array.array[float]") -> None:
    due = time.monotonic() + _PERIOD_SECONDS
    while True:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        now = time.monotonic()
        found.extend((now, now - due))
        due = max(now, due) + _PERIOD_SECONDS


def _install(path: Path) -> None:
    """The probe lives as long as the server does."""
    serve, write = uvicorn.Server.serve, path.write_bytes

    async def watched(server: uvicorn.Server, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        found = array.array("d")
        task = asyncio.get_running_loop().create_task(_probe(found))
        try:
            await serve(server, *arguments, **named)
        finally:
            task.cancel()
            write(found.tobytes())

    uvicorn.Server.serve = watched  # type: ignore[method-assign, assignment]


def main() -> None:
    """Run the command with the rest of the arguments."""
    _install(Path(sys.argv.pop(1)))
    from cuebox.cli.main import main as cuebox

    cuebox()


if __name__ == "__main__":
    main()
