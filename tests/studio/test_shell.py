"""The frame around all pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.studio.person import Person


def test_it_opens_on_write(person: Person) -> None:
    person.page.goto(person.url)
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Write")
    expect(person.page).to_have_title("Write · cuebox")
    expect(person.page.get_by_text("8 models served")).to_be_visible()


def test_nothing_comes_from_outside(person: Person) -> None:
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.open("write")
    assert asked
    assert [url for url in asked if not url.startswith(person.url + "/")] == []
