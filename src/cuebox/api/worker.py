"""One worker of several: serves the socket that it inherits from the supervisor."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cuebox.api.process import open_gate, serve_process
from cuebox.api.supervisor import WorkerOrder
from cuebox.app.build import build_service
from cuebox.app.orders import LIFELINE, read_order
from cuebox.app.supervised_engine import SupervisedEngine

if TYPE_CHECKING:
    from cuebox.api.ports import ModelService

__all__ = ["main"]


def main() -> int:
    """Serve until told to stop; returns the exit status."""
    order = read_order(WorkerOrder)
    listener = socket.socket(fileno=order.descriptor)
    folder = Path(order.run_folder)
    return serve_process(
        build_service(order.settings, keeper=SupervisedEngine(folder)),
        order.server,
        listener,
        gate=open_gate(order.server, folder),
        announce=_silent,
        run_folder=folder,
        lifeline=LIFELINE,
    )


def _silent(_service: ModelService) -> None:
    """The parent announces the server once all workers are ready."""


if __name__ == "__main__":
    sys.exit(main())
