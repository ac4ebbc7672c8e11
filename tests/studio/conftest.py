"""A browser, a server with the demo's models, and a person who opens pages in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright
from scripts.chromium import find_chromium

from tests.fakes.server_process import ServerProcess, server_process
from tests.studio.person import FORMS, Form, Person

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

_FLAGS = (
    "--disable-quic", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-gpu",
)  # fmt: skip


# Of the package, not the session: the browser's event loop must be gone when other tests run theirs.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=find_chromium(), args=list(_FLAGS), chromium_sandbox=False
        )
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def server(demo: Path) -> Iterator[ServerProcess]:
    """A server of the demo's models, for tests that do not stop it."""
    with server_process(demo, "--answers", str(demo / "answers")) as running:
        yield running


@pytest.fixture(params=FORMS, ids=[form.name for form in FORMS])
def form(request: pytest.FixtureRequest) -> Form:
    """Desktop and phone, light and dark."""
    found: Form = request.param
    return found


@pytest.fixture
def person(browser: Browser, server: ServerProcess) -> Iterator[Person]:
    """A person at a desktop, at the shared server; nothing may complain on the console."""
    with Person.at(browser, server.url) as someone:
        yield someone


@pytest.fixture
def person_of_form(browser: Browser, server: ServerProcess, form: Form) -> Iterator[Person]:
    """The same person, with each kind of screen."""
    with Person.at(browser, server.url, form) as someone:
        yield someone
