"""The pages a person opens, in a real browser: they draw themselves, and nothing complains."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from scripts.chromium import find_chromium

from cuebox.store.opening import open_store
from tests.fakes.http_server import running_server
from tests.fakes.models import publish_head
from tests.fakes.server_process import server_process

if TYPE_CHECKING:
    from pathlib import Path


def browse(address: str, profile: Path) -> tuple[str, list[str]]:
    """The page after its scripts ran, and what the browser's console said."""
    done = subprocess.run(
        [
            find_chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={profile}", "--enable-logging=stderr", "--virtual-time-budget=8000",
            "--dump-dom", address,
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )  # fmt: skip
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return done.stdout, console


def test_the_docs_page_lists_models_and_routes(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    publish_head(store, "colour", labels=("red", "green"))
    with server_process(tmp_path) as server:
        page, console = browse(f"{server.url}/docs", tmp_path / "profile")
    assert console == []
    assert "ready, 1 model" in page
    assert ">colour</option>" in page
    assert "/v1/classify" in page
    assert "/v2/models/" in page


def test_the_docs_page_offers_completion_models(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        page, console = browse(f"http://127.0.0.1:{server.port}/docs", tmp_path / "profile")
    assert console == []
    assert '<option value="writer" data-completes="">writer</option>' in page
    assert ">minilm</option>" not in page
    assert "/v1/completions" in page
    assert "data: [DONE]" in page
