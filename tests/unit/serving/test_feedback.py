"""What a service does with feedback, with and without a log."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec

from cuebox.app.build import build_service
from cuebox.core.inference import FeedbackRecord
from cuebox.inference_log.settings import InferenceLogSettings
from tests.fakes.models import publish_head

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.app.settings import Settings
    from cuebox.core.ports import ModelStore
    from cuebox.serving.service import Service


def service_with(settings: Settings, url: str) -> Service:
    log = InferenceLogSettings(url=url, retention_days=0)
    return build_service(msgspec.structs.replace(settings, inference_log=log))


def told(name: str) -> FeedbackRecord:
    return FeedbackRecord(suggestion=name, event="accepted", at=1.0)


def value(service: Service, name: str) -> float | None:
    rows = service.metrics.snapshot()["gauges"]
    return next((row[2] for row in rows if row[0] == name), None)


def test_feedback_is_written_when_the_service_drains(settings: Settings, tmp_path: Path) -> None:
    service = service_with(settings, f"sqlite:///{tmp_path}/log.sqlite")

    async def go() -> None:
        await service.start()
        assert service.feedback([told("a"), told("b"), told("a")]) == 3
        assert await service.drain(30)

    asyncio.run(go())
    assert value(service, "cuebox_inference_log_written_total") == 3
    assert value(service, "cuebox_inference_log_waiting") == 0
    assert value(service, "cuebox_inference_log_lost_total") == 0
    assert (tmp_path / "log.sqlite").exists()


def test_without_a_log_nothing_is_taken(settings: Settings) -> None:
    service = service_with(settings, "")
    assert service.feedback([told("a")]) == 0
    assert value(service, "cuebox_inference_log_written_total") is None


def test_an_unwritable_log_is_no_error_of_the_service(settings: Settings) -> None:
    service = service_with(settings, "sqlite:////proc/cuebox/log.sqlite")

    async def go() -> None:
        await service.start()
        assert service.feedback([told("a")]) == 1
        assert await service.drain(0.2)

    asyncio.run(go())
    assert value(service, "cuebox_inference_log_lost_total") == 1


def test_a_service_starts_without_sqlalchemy_and_the_first_record_brings_it(
    settings: Settings, store: ModelStore, tmp_path: Path
) -> None:
    publish_head(store, "mood")
    program = f"""
import asyncio, sys
from cuebox.app.build import build_service
from cuebox.app.settings import load_settings
from cuebox.core.inference import FeedbackRecord
import cuebox.api.process

def loaded():
    return [name for name in ("sqlalchemy", "sqlite3") if name in sys.modules]

async def go():
    service = build_service(load_settings(None, {{
        "store.url": {settings.store.url!r},
        "store.cache_dir": {settings.store.cache_dir!r},
        "engine.cache_dir": {settings.engine.cache_dir!r},
        "inference_log.url": "sqlite:///{tmp_path}/log.sqlite",
    }}, {{}}))
    await service.start()
    print(loaded())
    service.feedback([FeedbackRecord(suggestion="s", event="shown", at=1.0)])
    await service.drain(30)
    print(loaded())

asyncio.run(go())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == ["[]", "['sqlalchemy', 'sqlite3']"]
    assert done.stderr == b""
