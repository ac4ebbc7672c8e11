"""One server for the clients of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.server_process import ServerProcess, server_process
from tests.fakes.tiny_store import make_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def server(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("server")
    with server_process(folder, "--store", str(store)) as running:
        yield running
