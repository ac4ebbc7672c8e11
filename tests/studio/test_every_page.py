"""What holds for every page: reached by keyboard, readable, and patient with its server."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.fakes.server_process import server_process
from tests.studio.person import Person

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

# Each with something that is there once its server has answered.
PAGES = {
    "Write": ".write-text",
    "Reply": ".reply-turn",
    "Classify": "textarea",
    "Answers": "h1",
    "Models": "tbody a",
    "Monitor": "main svg",
}


def fetched(page: Page) -> None:
    """Wait until all pages are here, as a few seconds after the start."""
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some((each) => /Monitor-/.test(each.name))"
    )


def go(person: Person, name: str) -> None:
    """Open a page from the navigation with the keyboard."""
    link = person.page.get_by_role("navigation").get_by_role("link", name=name)
    link.focus()
    person.keys("Enter")
    expect(person.page.get_by_role("heading", level=1)).to_contain_text(name)


def test_the_navigation_is_walked_by_keyboard_in_every_form(person_of_form: Person) -> None:
    page = person_of_form.open("write")
    for name, content in PAGES.items():
        go(person_of_form, name)
        expect(page.locator(content).first).to_be_visible()
        expect(page).to_have_title(f"{name} · cuebox")
        link = page.get_by_role("navigation").get_by_role("link", name=name)
        expect(link).to_have_attribute("aria-current", "page")
        page.wait_for_timeout(300)
        assert person_of_form.violations() == [], name
        assert not person_of_form.overflows(), name


def test_the_first_tab_skips_the_navigation(person: Person) -> None:
    page = person.open("models")
    page.locator("tbody a").first.wait_for()
    page.evaluate("document.activeElement.blur()")
    person.keys("Tab")
    expect(page.get_by_role("button", name="Skip the navigation")).to_be_focused()
    person.keys("Enter", "Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("name", PAGES)
def test_a_slow_server_is_waited_for(person: Person, name: str) -> None:
    def late(route: Any) -> None:
        time.sleep(0.4)
        route.continue_()

    person.page.route("**/v1/**", late)
    page = person.open(name.lower())
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    expect(page.locator(PAGES[name]).first).to_be_visible(timeout=15_000)
    page.unroute_all(behavior="ignoreErrors")


@pytest.mark.parametrize("name", PAGES)
def test_a_closed_server_asks_for_a_key_once(person: Person, name: str) -> None:
    error = {"error": {"message": "send an API key", "code": "unauthenticated", "param": None}}
    person.answer("**/v1/**", status=401, body=json.dumps(error))
    page = person.open(name.lower())
    dialog = page.get_by_role("dialog", name="API key")
    expect(dialog).to_be_visible()
    assert person.violations() == []
    person.keys("Escape")
    expect(dialog).to_have_count(0)
    page.wait_for_timeout(1_500)
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_pages_open_while_the_server_is_away_and_go_on_when_it_is_back(
    browser: Browser, demo: Path
) -> None:
    with server_process(demo) as server, Person.at(browser, server.url) as person:
        person.forgiving = True
        page = person.open("write")
        fetched(page)
        server.stop()
        notice = page.get_by_text("The server has not answered for")
        for name in PAGES:
            go(person, name)
            if name != "Write":
                expect(notice).to_be_visible()
        go(person, "Models")
        with server_process(demo, "--port", str(server.port)):
            expect(notice).to_have_count(0)
            for name, content in PAGES.items():
                go(person, name)
                expect(page.locator(content).first).to_be_visible()
