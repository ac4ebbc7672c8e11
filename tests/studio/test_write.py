"""Write, as a person uses it: keyboard only, on every screen, with a server that behaves and not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.fakes.server_process import server_process
from tests.studio.person import Person
from tests.studio.writing import (
    BEGINNING,
    STREAM,
    always,
    choices,
    events,
    expect_text,
    ghost,
    only_tab_asks,
    text_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Request


def test_a_pause_brings_three_continuations_of_the_real_model(person: Person) -> None:
    page = person.write()
    page.keyboard.type(BEGINNING, delay=40)
    # Of what was suggested before, only what goes on as was typed may be left.
    expect(ghost(page)).to_have_text(re.compile("^or"))
    person.keys("Escape", "Tab")
    expect(choices(page)).to_have_count(3)
    person.keys("Tab")
    expect(ghost(page)).not_to_have_text(re.compile("^or"))
    assert text_of(page).startswith(BEGINNING + "or")
    expect(page.get_by_text(re.compile(r"Suggested \d+ ms after the key"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ of \d+ tokens remembered"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ % accepted"))).to_be_visible()


def test_keys_choose_accept_and_dismiss(person: Person) -> None:
    always(person, "e door open", "e window", "at it rained")
    page = only_tab_asks(person)
    page.keyboard.type("She saw th")
    person.keys("Tab")
    expect(choices(page)).to_have_text([re.compile(t) for t in ("door", "window", "rained")])
    expect(ghost(page)).to_have_text("e door open")
    person.keys("ArrowDown")
    expect(ghost(page)).to_have_text("e window")
    person.keys("ArrowUp", "ArrowUp")
    expect(ghost(page)).to_have_text("at it rained")
    person.keys("1")
    expect(ghost(page)).to_have_text("e door open")
    person.keys("ArrowRight")
    assert text_of(page) == "She saw the"
    expect(ghost(page)).to_have_text(" door open")
    person.keys("Escape")
    expect(ghost(page)).to_have_count(0)
    assert text_of(page) == "She saw the"
    person.keys("Control+z")
    assert text_of(page) == "She saw th"
    person.keys("Tab")
    expect(ghost(page)).to_have_text("e door open")
    person.keys("Tab")
    assert text_of(page) == "She saw the door open"
    person.keys("Control+z")
    assert text_of(page) == "She saw th"


def test_digits_are_text_until_the_person_chooses(person: Person) -> None:
    always(person, " one", " two", " three")
    page = person.write()
    page.keyboard.type("Number")
    expect(choices(page)).to_have_count(3)
    person.keys("Alt+2")
    expect(ghost(page)).to_have_text(" two")
    person.keys("3")
    expect(ghost(page)).to_have_text(" three")
    person.keys("Escape")
    page.keyboard.type(" 4")
    expect(choices(page)).to_have_count(3)
    person.keys("2")
    assert text_of(page) == "Number 42"


def test_typing_on_keeps_what_matches_without_asking_again(person: Person) -> None:
    asked = always(person, "e door open", "e dormouse", "at it rained")
    page = person.write()
    page.keyboard.type("th")
    expect(choices(page)).to_have_count(3)
    before = len(asked)
    page.keyboard.type("e do", delay=60)
    expect(choices(page)).to_have_count(2)
    expect(ghost(page)).to_have_text("or open")
    person.keys("Backspace")
    expect(ghost(page)).to_have_text("oor open")
    page.wait_for_timeout(500)
    assert len(asked) == before
    page.keyboard.type("x")
    expect(choices(page)).to_have_count(3)
    assert len(asked) > before


def test_a_click_beside_the_text_is_an_end(person: Person) -> None:
    always(person, " one")
    page = person.write()
    page.keyboard.type("First")
    expect(ghost(page)).to_have_text(" one")
    person.keys("Home")
    expect(ghost(page)).to_have_count(0)


def test_a_key_right_after_the_cursor_moved_acts_where_it_is_now(person: Person) -> None:
    page = only_tab_asks(person)
    asked = always(person, "A word, and the ")
    page.keyboard.type("First")
    # The browser tells of a moved cursor with its next frame; the next key may come before that.
    page.evaluate(
        """() => {
          const text = document.querySelector('.write-text');
          getSelection().collapse(text.querySelector('p').firstChild, 0);
          text.dispatchEvent(
            new KeyboardEvent('keydown', {key: 'Tab', bubbles: true, cancelable: true}));
        }"""
    )
    expect(ghost(page)).to_be_visible()
    assert json.loads(asked[0].post_data or "{}")["prompt"] == ""
    person.keys("Tab")
    assert text_of(page) == "A word, and the First"


def test_the_keyboard_is_not_caught_in_the_text(person: Person) -> None:
    page = person.write()
    editor = page.get_by_label("Your text")
    expect(editor).to_be_focused()
    person.keys("Escape", "Tab")
    expect(editor).not_to_be_focused()
    editor.focus()
    person.keys("Shift+Tab")
    expect(editor).not_to_be_focused()


def test_a_choice_can_be_tapped(person_of_form: Person) -> None:
    always(person_of_form, " one", " two")
    page = person_of_form.write()
    page.keyboard.type("First")
    choices(page).nth(1).click()
    assert text_of(page) == "First two"
    expect(page.get_by_label("Your text")).to_be_focused()


def test_it_reads_well_on_every_screen(person_of_form: Person) -> None:
    page = person_of_form.write()
    assert person_of_form.violations() == []
    page.keyboard.type(BEGINNING, delay=20)
    expect(ghost(page)).to_be_visible()
    assert person_of_form.violations() == []
    page.get_by_role("button", name="writer").click()
    expect(page.get_by_label("Temperature")).to_be_visible()
    assert person_of_form.violations() == []
    assert not person_of_form.overflows()
    page.get_by_role("button", name="Documents").click()
    expect(page.get_by_role("dialog", name="Documents")).to_be_visible()
    assert person_of_form.violations() == []


def test_what_is_written_is_there_after_a_reload_at_any_moment(person: Person) -> None:
    page = person.write()
    page.keyboard.type("Before the pause. ")
    page.wait_for_timeout(1_200)
    page.keyboard.type("And after it")
    # At once: the shelf cannot have it yet.
    page.reload()
    expect(page.get_by_label("Your text")).to_be_focused()
    assert text_of(page) == "Before the pause. And after it"
    page.reload()
    expect(page.get_by_label("Your text")).to_be_focused()
    assert text_of(page) == "Before the pause. And after it"


def test_another_page_and_back_is_no_loss(person: Person) -> None:
    page = person.write()
    page.keyboard.type("Kept")
    page.get_by_role("link", name="Write").focus()
    page.evaluate("location.hash = '#/elsewhere'")
    page.evaluate("location.hash = '#/write'")
    expect_text(page, "Kept")


def test_documents_can_be_begun_opened_and_thrown_away(person: Person) -> None:
    page = person.write()
    page.keyboard.type("The first one")
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.locator(".write-empty")).to_be_visible()
    expect(page.get_by_label("Your text")).to_be_focused()
    page.keyboard.type("The second one")
    page.get_by_role("button", name="Documents").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    dialog.get_by_role("button", name=re.compile("^The first one")).click()
    expect_text(page, "The first one")
    page.get_by_role("button", name="Documents").click()
    dialog.get_by_role("button", name="Throw away The first one").click()
    dialog.get_by_role("button", name="Keep it").click()
    dialog.get_by_role("button", name="Throw away The first one").click()
    dialog.get_by_role("button", name="Throw it away").click()
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    person.keys("Escape")
    expect_text(page, "The second one")


def test_two_tabs_do_not_write_the_same_document(person: Person) -> None:
    page = person.write()
    page.keyboard.type("Mine")
    page.wait_for_timeout(1_000)
    other = person.new_tab()
    other.goto(f"{person.url}/#/write")
    expect(other.get_by_text("open in another tab")).to_be_visible()
    expect(other.get_by_label("Your text")).to_have_count(0)
    page.keyboard.type(" and more")
    page.close()
    expect_text(other, "Mine and more")


def test_pasted_text_keeps_its_paragraphs_and_loses_its_looks(person: Person) -> None:
    page = person.write()
    person.paste(
        html='<p style="color:red">One <b onclick="x()">bold</b></p><script>alert(1)</script>'
        "<p>Two<img src=x onerror=alert(1)></p>"
    )
    assert text_of(page) == "One bold\nTwo"
    assert page.locator(".write-text strong").inner_text() == "bold"
    assert page.locator(".write-text").evaluate("each => each.innerHTML").count("onerror") == 0


def test_a_hundred_pages_are_written_on(person: Person) -> None:
    page = person.write()
    paragraph = "The quick brown fox jumps over the lazy dog. " * 10
    person.paste(text="\n\n".join([paragraph.strip()] * 560))
    asked: list[Request] = []
    page.on("request", lambda each: asked.append(each) if "completions" in each.url else None)
    page.keyboard.type(" And then he opened the do", delay=30)
    expect(ghost(page)).to_be_visible()
    prompts = [json.loads(each.post_data or "{}")["prompt"] for each in asked]
    assert max(map(len, prompts)) < 10_100
    # Between two keys the prompt grows at its end only, so that the server knows the rest.
    assert len({prompt[:5_000] for prompt in prompts}) == 1
    page.wait_for_timeout(1_500)
    page.reload()
    expect(page.get_by_label("Your text")).to_be_focused()
    assert len(text_of(page).split()) == 560 * 90 + 6


def test_a_slow_server_holds_nothing_up(person: Person) -> None:
    page = only_tab_asks(person)
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route("**/v1/completions", hold)
    page.keyboard.type("She saw th")
    person.keys("Tab")
    expect(page.get_by_text("Asking for suggestions")).to_be_visible()
    page.keyboard.type("e door")
    assert text_of(page) == "She saw the door"
    held[0].fulfill(status=200, body=events("e door open", "at"), headers=STREAM)
    expect(ghost(page)).to_have_text(" open")


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_left_alone_as_long_as_it_says(person: Person, status: int) -> None:
    page = person.write()
    asked: list[Request] = []
    page.on("request", lambda each: asked.append(each) if "completions" in each.url else None)
    error = {"error": {"message": "Too much at once.", "code": "overloaded", "param": None}}
    person.answer("**/v1/completions", status=status, body=json.dumps(error), retry_after="60")
    page.keyboard.type("First")
    expect(page.get_by_text("Too much at once.")).to_be_visible()
    before = len(asked)
    page.keyboard.type(" and more text", delay=30)
    page.wait_for_timeout(600)
    assert len(asked) == before
    assert text_of(page) == "First and more text"
    page.unroute("**/v1/completions")
    page.get_by_role("button", name="Try again").click()
    page.get_by_label("Your text").focus()
    page.keyboard.type(" of th")
    expect(ghost(page)).to_be_visible()


def test_a_key_is_asked_for_kept_for_the_session_and_sent_in_a_header(
    browser: Browser, demo: Path, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    settings = {
        "CUEBOX_SERVER__AUTH__KEYS_FILE": str(keys),
        "CUEBOX_SERVER__AUTH__MODE": "on",
    }
    key = made_key(keys)
    with (
        server_process(demo, environment=settings) as server,
        Person.at(browser, server.url) as person,
    ):
        person.forgiving = True
        page = person.open("write")
        dialog = page.get_by_role("dialog", name="API key")
        expect(dialog).to_be_visible()
        assert person.violations() == []
        dialog.get_by_label("Key").fill("wrong")
        person.keys("Enter")
        expect(dialog.get_by_text("unknown, expired or revoked")).to_be_visible()
        dialog.get_by_label("Key").fill(key)
        person.keys("Enter")
        expect(page.get_by_text("8 models served")).to_be_visible()
        sent: list[Request] = []

        def note(request: Request) -> None:
            sent.append(request)

        page.on("request", note)
        page.get_by_label("Your text").focus()
        page.keyboard.type(BEGINNING, delay=20)
        expect(ghost(page)).to_be_visible()
        assert any(each.headers.get("authorization") == f"Bearer {key}" for each in sent)
        assert [each.url for each in sent if key in each.url] == []
        page.reload()
        expect(page.get_by_text("8 models served")).to_be_visible()
        assert page.evaluate("JSON.stringify(localStorage)").count(key) == 0
        expect(page.get_by_label("Your text")).to_contain_text(BEGINNING)


def test_without_a_key_one_can_still_write(person: Person) -> None:
    error = {"error": {"message": "send an API key", "code": "unauthenticated", "param": None}}
    person.answer("**/v1/**", status=401, body=json.dumps(error))
    page = person.open("write")
    expect(page.get_by_role("dialog", name="API key")).to_be_visible()
    person.keys("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("Wants an API key")).to_be_visible()
    page.get_by_label("Your text").focus()
    page.keyboard.type("All the same")
    page.wait_for_timeout(900)
    page.reload()
    person.keys("Escape")
    expect_text(page, "All the same")


def test_a_server_that_is_gone_and_comes_back(browser: Browser, demo: Path, tmp_path: Path) -> None:
    server = server_process(demo)
    first = server.__enter__()
    port = str(first.port)
    with Person.at(browser, first.url) as person:
        person.forgiving = True
        page = person.write()
        page.keyboard.type(BEGINNING, delay=20)
        expect(ghost(page)).to_be_visible()
        first.stop()
        page.keyboard.type("x and", delay=20)
        expect(page.get_by_text("The server has not answered for")).to_be_visible()
        page.keyboard.type(" more was written meanwhile", delay=5)
        with server_process(demo, "--port", port):
            expect(page.get_by_text("The server has not answered for")).to_have_count(0)
            page.keyboard.type(" when he opened the do", delay=20)
            expect(ghost(page)).to_be_visible()
            written = f"{BEGINNING}x and more was written meanwhile when he opened the do"
            assert text_of(page) == written
            page.reload()
            expect(page.get_by_label("Your text")).to_contain_text(written)


def made_key(keys: Path) -> str:
    """A key for suggestions, as `cuebox keys create` makes it."""
    from cuebox.api.keys import KeyFile

    _, token = KeyFile(keys).create("studio", scopes=("predict", "metrics", "admin"))
    return token
