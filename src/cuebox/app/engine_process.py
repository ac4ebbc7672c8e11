"""The process that holds all decoders of a server; started by `app.engine_keeper`.

It imports what it needs to decode and no more: neither the event loop nor HTTP.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from cuebox.app.log_lines import log_to_stderr
from cuebox.app.orders import LIFELINE, read_order
from cuebox.engines.settings import DecoderSettings
from cuebox.generation.settings import GenerationSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cuebox.core.decoder import DecoderSpec
    from cuebox.generation.process.guarded import GuardedEngine

__all__ = ["EngineOrder", "engine_opener", "main"]

# Threads that open a model and the one that steps the others hand the interpreter over; the
# default of 5 ms is longer than many steps.
_SWITCH_INTERVAL_SECONDS = 0.0005


class EngineOrder(msgspec.Struct, kw_only=True):
    """What the engine process is told.

    Attributes:
        listener: descriptor of the socket that it inherits, listening already.
        grace: seconds after SIGTERM in which connections may go on.
        restarted: it takes the place of one that died.
    """

    decoder: DecoderSettings
    generation: GenerationSettings
    listener: int
    grace: float
    restarted: bool


def main() -> int:
    """Serve decoders until stopped or orphaned; returns the exit status."""
    faulthandler.enable()
    sys.setswitchinterval(_SWITCH_INTERVAL_SECONDS)
    log_to_stderr()
    order = read_order(EngineOrder)
    # Not above: the parent, which writes the order, imports this file too.
    from cuebox.generation.process.host import Host

    threading.Thread(target=_import_ahead, name="import-ahead", daemon=True).start()
    host = Host(
        socket.socket(fileno=order.listener),
        LIFELINE,
        engine_opener(order.decoder, order.generation),
        grace=order.grace,
        restarted=order.restarted,
    )
    signal.signal(signal.SIGTERM, lambda *_: host.stop())
    host.run()
    return 0


def engine_opener(
    decoder: DecoderSettings, generation: GenerationSettings
) -> Callable[[DecoderSpec, Path, Path], GuardedEngine]:
    """Opens a decoder's two files as an engine in this process."""

    def open_engine(spec: DecoderSpec, weights: Path, tokenizer: Path) -> GuardedEngine:
        from cuebox.engines.opener import DecoderOpener
        from cuebox.generation.engine.engine import Engine
        from cuebox.generation.process.guarded import GuardedEngine

        text, model = DecoderOpener(decoder)(spec, weights, tokenizer)
        return GuardedEngine(text, model, lambda text, model: Engine(model, text, generation))

    return open_engine


def _import_ahead() -> None:
    """Import what opening a decoder takes, while nobody has asked for one yet."""
    with suppress(ImportError):  # which whoever asks is told
        import cuebox.engines.decoder_tokenizer
        import cuebox.engines.openvino_decoder
        import cuebox.generation.engine.engine  # noqa: F401


if __name__ == "__main__":
    status = main()
    # Threads that still open a model would have to be waited for.
    os._exit(status)
