"""The frame around all pages."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.studio.writing import text_of

if TYPE_CHECKING:
    from tests.studio.person import Person


UNAUTHENTICATED = json.dumps(
    {"error": {"message": "send an API key", "code": "unauthenticated", "param": None}}
)


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


def wanting_a_key(person: Person, key: str) -> None:
    """From now on the API answers this key only."""
    person.forgiving = True

    def answer(route: Any) -> None:
        if route.request.headers.get("authorization") == f"Bearer {key}":
            route.continue_()
        else:
            route.fulfill(status=401, body=UNAUTHENTICATED, content_type="application/json")

    person.page.route("**/v1/**", answer)


def test_a_key_may_be_given_after_it_was_declined(person: Person) -> None:
    wanting_a_key(person, "right")
    page = person.open("write")
    dialog = page.get_by_role("dialog", name="API key")
    expect(dialog).to_be_visible()
    person.keys("Escape")
    expect(page.get_by_text("Wants an API key")).to_be_visible()
    page.get_by_role("button", name="Key", exact=True).click()
    dialog.get_by_label("Key").fill("right")
    person.keys("Enter")
    expect(page.get_by_text("8 models served")).to_be_visible()
    page.get_by_label("Your text").focus()
    page.keyboard.type("It was late in the evening when she opened the do", delay=10)
    expect(page.locator(".ghost")).to_be_visible()


def test_a_key_that_no_header_takes_is_refused_in_the_dialog(person: Person) -> None:
    wanting_a_key(person, "right")
    page = person.open("write")
    dialog = page.get_by_role("dialog", name="API key")
    dialog.get_by_label("Key").fill("cb_kéy…")
    expect(dialog.get_by_text("no letters with accents")).to_be_visible()
    expect(dialog.get_by_role("button", name="Use this key")).to_be_disabled()
    assert person.violations() == []
    person.keys("Enter")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Key").fill(" right ")
    person.keys("Enter")
    expect(page.get_by_text("8 models served")).to_be_visible()


def test_no_dialog_comes_over_somebody_who_types(person: Person) -> None:
    page = person.write()
    expect(page.get_by_text("8 models served")).to_be_visible()
    page.keyboard.type("The key expired wh")
    wanting_a_key(person, "another")
    page.keyboard.type("ile this was written", delay=40)
    expect(page.get_by_text("send an API key")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert text_of(page) == "The key expired while this was written"
    page.get_by_role("button", name="Enter an API key").click()
    page.get_by_role("dialog").get_by_label("Key").fill("another")
    person.keys("Enter")
    expect(page.get_by_text("send an API key")).to_have_count(0)


@pytest.mark.parametrize("body", ["{}", "null", '{"data": null}', "<h1>Sign in</h1>"])
def test_what_a_proxy_answers_breaks_no_page(person: Person, body: str) -> None:
    person.answer("**/v1/**", status=200, body=body)
    for path in ("write", "reply"):
        person.open(path)
        expect(person.page.get_by_role("heading", level=1)).to_be_visible()
    told = person.page.get_by_text(re.compile("^The answer (lists no|is not)"))
    expect(told.first).to_be_visible()
    person.page.get_by_label("Your message").fill("Written all the same")
    person.keys("Enter")
    expect(person.page.get_by_text("Written all the same")).to_be_visible()


def test_a_server_that_is_gone_is_told_of_once(person: Person) -> None:
    person.forgiving = True
    page = person.open("write")
    expect(page.get_by_text("8 models served")).to_be_visible()
    page.route("**/*", lambda route: route.abort())
    page.get_by_label("Your text").focus()
    page.keyboard.type("Is there anybody", delay=20)
    expect(page.get_by_text(re.compile(r"not answered for [2-9] s"))).to_be_visible()
    spoken = page.get_by_role("status").filter(has_text="The server does not answer")
    assert spoken.inner_text().strip() == (
        "The server does not answer. What you write is kept in this browser."
    )
    assert person.violations() == []
