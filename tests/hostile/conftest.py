"""A server that every hostile client of this folder shares, and that must outlive them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cuebox.api.settings import LimitSettings, ServerSettings
from tests.fakes.http_server import RunningServer, running_server
from tests.fakes.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = LimitSettings(
    max_body_bytes=2_000_000,
    header_timeout=0.2,
    body_timeout=0.2,
    keep_alive=0.3,
    write_timeout=0.5,
)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = ServerSettings(limits=LIMITS, drain_delay=0.0, shutdown_timeout=5)
    with running_server(tmp_path_factory.mktemp("hostile"), Service(), settings) as running:
        yield running
