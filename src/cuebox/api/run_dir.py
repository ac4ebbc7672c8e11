"""What the workers of one server tell each other: small files in a private folder."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.core.errors import Unavailable
from cuebox.serving.metrics import merge_snapshots

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.serving.metrics import Snapshot
    from cuebox.serving.requests import Readiness

__all__ = ["RunDir", "WorkerState"]

_SECRET_BYTES = 32


class WorkerState(msgspec.Struct, kw_only=True):
    """What a worker wrote last.

    Attributes:
        pid: its process; of dead ones together, the last one's.
        readiness: its readiness, plain.
        metrics: its counters since its start.
    """

    pid: int
    readiness: dict[str, Any]
    metrics: dict[str, list[list[Any]]]


class RunDir:
    """A worker's view of the folder; without a folder, of a server that is one process.

    What workers that died had counted stays in `past`, without their gauges, so that counters
    never fall: one file, however often a worker is replaced.
    """

    def __init__(self, folder: Path | None, pid: int) -> None:
        self.folder = folder
        self._pid = pid
        self._reloads_seen = self._reloads()

    def secret(self) -> bytes:
        """32 random bytes that all workers of this server share, and nobody else knows."""
        drawn = os.urandom(_SECRET_BYTES)
        if self.folder is None:
            return drawn
        path, partial = self.folder / "secret", self.folder / f".secret-{self._pid}"
        if not path.exists():
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(drawn)
            # The first worker's stays, whole from the moment it can be seen.
            with suppress(FileExistsError):
                path.hardlink_to(partial)
            partial.unlink()
        return path.read_bytes()

    def write_history(self, history: bytes) -> None:
        """Replace what the workers are told of the past; for the supervisor alone."""
        if self.folder is not None:
            partial = self.folder / ".history"
            partial.write_bytes(history)
            partial.replace(self.folder / "history")

    def history(self) -> bytes:
        """What the supervisor wrote last.

        Raises:
            Unavailable: nothing, yet.
        """
        try:
            return (self.folder / "history").read_bytes() if self.folder else b""
        except OSError:
            raise Unavailable("the server has only just started: try again in 1 s") from None

    def write(self, readiness: Readiness, metrics: Snapshot) -> None:
        """Replace this worker's state."""
        if self.folder is None:
            return
        state = WorkerState(
            pid=self._pid, readiness=msgspec.to_builtins(readiness), metrics=metrics
        )
        partial = self.folder / f".worker-{self._pid}"
        partial.write_bytes(msgspec.json.encode(state))
        partial.replace(self.folder / f"worker-{self._pid}")

    def merged(self, own: Snapshot) -> Snapshot:
        """Metrics of all workers: the others' of a second ago, this one's of now."""
        others = [state.metrics for state in self.states() if state.pid != self._pid]
        return merge_snapshots([own, *others])

    def states(self) -> list[WorkerState]:
        """The state of every worker, then one of all dead ones together."""
        if self.folder is None:
            return []
        # By process: one that is being buried is in both files for a moment.
        found: dict[int, WorkerState] = {}
        for path in (*self.folder.glob("worker-*"), self.folder / "past"):
            state = _read(path)
            if state is not None:
                found[state.pid] = state
        return list(found.values())

    def bury(self, pid: int) -> None:
        """Keep what a dead worker counted, not what it held; for the supervisor alone."""
        if self.folder is None:
            return
        path = self.folder / f"worker-{pid}"
        (self.folder / f".worker-{pid}").unlink(missing_ok=True)
        state, past = _read(path), _read(self.folder / "past")
        if state is None:
            return
        state.metrics["gauges"] = [
            row for row in state.metrics["gauges"] if row[0].endswith("_total")
        ]
        state.readiness = {"ready": False}
        if past is not None:
            state.metrics = merge_snapshots([past.metrics, state.metrics])
        partial = self.folder / ".past"
        partial.write_bytes(msgspec.json.encode(state))
        partial.replace(self.folder / "past")
        path.unlink(missing_ok=True)

    def ask_reload(self) -> None:
        """Let every other worker look at the store now."""
        if self.folder is not None:
            (self.folder / "reload").touch()
            self._reloads_seen = self._reloads()

    def reload_asked(self) -> bool:
        """Whether another worker asked since the last call."""
        reloads = self._reloads()
        asked = reloads != self._reloads_seen
        self._reloads_seen = reloads
        return asked

    def _reloads(self) -> int:
        if self.folder is None:
            return 0
        try:
            return (self.folder / "reload").stat().st_mtime_ns
        except OSError:
            return 0


def _read(path: Path) -> WorkerState | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=WorkerState)
    except (OSError, msgspec.DecodeError):
        return None
