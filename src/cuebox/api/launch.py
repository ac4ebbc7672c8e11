"""From settings to a running server, and the line that says it is there."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cuebox import __version__
from cuebox.api.listening import check_exposure, listen, url_of
from cuebox.app.early_engine import will_complete

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.api.gate import Gate
    from cuebox.api.ports import ModelService
    from cuebox.api.settings import ServerSettings
    from cuebox.app.settings import Settings
    from cuebox.generation.process.client import Keeper

__all__ = ["launch", "seconds_since_exec"]


def launch(settings: Settings, server: ServerSettings) -> int:
    """Listen, load, serve until told to stop; returns the exit status.

    The socket listens before models load: clients that come early wait a moment instead of
    being refused.

    Raises:
        ConfigError: the address is taken, or open to other machines without an API key.
    """
    if server.workers > 1:
        return _serve_with_workers(settings, server)
    if not will_complete(settings):
        return _serve(settings, server, None)
    from cuebox.app.engine_keeper import OwnEngine

    engine = OwnEngine(settings)
    engine.start()
    try:
        return _serve(settings, server, engine)
    finally:
        engine.stop()


def _serve(settings: Settings, server: ServerSettings, engine: Keeper | None) -> int:
    from cuebox.api.process import open_gate, serve_process

    gate = open_gate(server)
    check_exposure(server, gate)
    listener = listen(server.host, server.port)
    url = url_of(listener, server)
    from cuebox.app.build import build_service

    return serve_process(
        build_service(settings, keeper=engine),
        server,
        listener,
        gate=gate,
        announce=lambda service: _announce(url, server, gate, service),
    )


def _serve_with_workers(settings: Settings, server: ServerSettings) -> int:
    from cuebox.api.process import open_gate
    from cuebox.api.supervisor import Supervisor

    gate = open_gate(server)
    check_exposure(server, gate)
    listener = listen(server.host, server.port)
    url = url_of(listener, server)
    supervisor = Supervisor(_share_cores(settings, server.workers), server, listener)
    return supervisor.run(lambda: _announce(url, server, gate, None))


def _share_cores(settings: Settings, workers: int) -> Settings:
    """Divide the cores among the processes, unless encoder workers were set by hand."""
    if settings.engine.workers:
        return settings
    from cuebox.app.build import worker_count

    each = max(1, worker_count(settings) // workers)
    return msgspec.structs.replace(
        settings, engine=msgspec.structs.replace(settings.engine, workers=each)
    )


def _announce(url: str, server: ServerSettings, gate: Gate, service: ModelService | None) -> None:
    facts: dict[str, Any] = {
        "event": "ready",
        "version": __version__,
        "url": url,
        "pid": os.getpid(),
        "seconds": round(seconds_since_exec(), 3),
        "workers": server.workers,
        "auth": gate.asks_for_keys,
    }
    if service is not None:
        readiness = service.readiness()
        facts["event"] = "ready" if readiness.ready else "not ready"
        facts["models"] = [f"{info.name}@{info.version}" for info in service.models()]
        facts["failures"] = readiness.failures
    if sys.stdout.isatty():
        sys.stdout.write("\n".join(_for_a_person(facts)) + "\n")
    else:
        sys.stdout.write(msgspec.json.encode(facts).decode() + "\n")
    sys.stdout.flush()


def _for_a_person(facts: dict[str, Any]) -> Sequence[str]:
    models = facts.get("models")
    workers = facts["workers"]
    lines = [
        f"cuebox {facts['version']} {facts['event']} in {facts['seconds']:.2f} s",
        f"  url      {facts['url']}   (docs: {facts['url']}/docs)",
        f"  keys     {'asked for' if facts['auth'] else 'not asked for, this machine only'}",
    ]
    if workers > 1:
        lines.append(f"  workers  {workers}")
    if models is not None:
        shown = ", ".join(models[:6]) + (f" and {len(models) - 6} more" if len(models) > 6 else "")
        lines.append(f"  models   {len(models)}: {shown}")
    lines += [f"  failed   {name}: {why}" for name, why in facts.get("failures", {}).items()]
    return lines


def seconds_since_exec() -> float:
    """Age of this process, interpreter start included, to a hundredth of a second."""
    try:
        # Field 22 of proc(5) stat: start after boot, in clock ticks; the name may hold spaces.
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, AttributeError, ValueError, IndexError):
        return time.perf_counter()
