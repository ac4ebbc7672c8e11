"""Write, with a person in a hurry and a browser that keeps nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.studio.writing import always, expect_text, ghost, only_tab_asks, text_of

if TYPE_CHECKING:
    from tests.studio.person import Person

FULL = """
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (value) {
  if (window.roomy) return put.call(this, value);
  throw new DOMException('full', 'QuotaExceededError');
};
"""
OFF = "IDBFactory.prototype.open = () => { throw new DOMException('off', 'SecurityError'); };"
# Whoever opens it waits behind one who wants it deleted, who waits for one who keeps it open.
DEAF = "indexedDB.open('cuebox', 1); indexedDB.deleteDatabase('cuebox');"
NO_STORAGE = """
Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
"""


def test_one_undo_takes_back_what_was_accepted_and_nothing_else(person: Person) -> None:
    always(person, "e door open")
    page = only_tab_asks(person)
    page.keyboard.type("She saw th")
    person.keys("Tab")
    expect(ghost(page)).to_have_text("e door open")
    person.keys("Tab")
    page.keyboard.type(" and")
    assert text_of(page) == "She saw the door open and"
    texts = []
    for key in ("z", "z", "y", "y"):
        person.keys(f"Control+{key}")
        texts.append(text_of(page))
    assert texts == [
        "She saw the door open",
        "She saw th",
        "She saw the door open",
        "She saw the door open and",
    ]


def test_a_line_break_is_copied_and_a_heading_has_none(person: Person) -> None:
    person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = only_tab_asks(person)
    page.keyboard.type("# Title")
    person.keys("Shift+Enter")
    page.keyboard.type("one")
    person.keys("Shift+Enter")
    page.keyboard.type("two")
    assert page.locator(".write-text h2").inner_text() == "Title"
    assert page.locator(".write-text p").inner_text() == "one\ntwo"
    person.keys("Control+a", "Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == "Title\n\none\ntwo"


def test_text_that_looks_like_an_attribute_is_pasted(person: Person) -> None:
    page = person.write()
    person.paste(html='<p style="color: red">Write style=bold once="x" here</p>')
    assert text_of(page) == 'Write style=bold once="x" here'


def test_letters_that_are_composed_stay_where_they_are(person: Person) -> None:
    always(person, "saw it", "sang")
    page = only_tab_asks(person)
    page.keyboard.type("She ")
    person.keys("Tab")
    expect(ghost(page)).to_have_text("saw it")
    browser = person.context.new_cdp_session(page)
    for text in ("に", "にほ", "日本"):
        end = len(text)
        composed = {"text": text, "selectionStart": end, "selectionEnd": end}
        browser.send("Input.imeSetComposition", composed)
        assert text_of(page) == f"She {text}"
    browser.send("Input.insertText", {"text": "日本"})
    page.keyboard.type("!")
    assert text_of(page) == "She 日本!"
    expect(ghost(page)).to_have_count(0)


@pytest.mark.parametrize("broken", [FULL, OFF, FULL + NO_STORAGE], ids=["full", "off", "both"])
def test_a_browser_that_keeps_nothing_says_so(person: Person, broken: str) -> None:
    person.page.add_init_script(broken)
    page = person.write()
    expect(page.get_by_text("This browser keeps nothing")).to_be_visible()
    page.keyboard.type("All the same")
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.locator(".write-empty")).to_be_visible()
    page.get_by_role("button", name="Documents").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^All the same")).click()
    expect_text(page, "All the same")


def test_a_database_that_never_opens_is_given_up(person: Person) -> None:
    person.page.add_init_script(DEAF)
    page = person.open("write")
    expect(page.get_by_text("This browser keeps nothing")).to_be_visible(timeout=20_000)
    page.get_by_label("Your text").fill("All the same")
    expect_text(page, "All the same")


def test_a_browser_that_fills_up_keeps_what_there_was_and_goes_on_when_it_can(
    person: Person,
) -> None:
    page = person.write()
    page.keyboard.type("Before. ")
    page.wait_for_timeout(1_200)
    page.evaluate(f"() => {{ {FULL} {NO_STORAGE} }}")
    page.keyboard.type("After.")
    expect(page.get_by_text("This browser cannot keep it")).to_be_visible()
    assert text_of(page) == "Before. After."
    page.evaluate("window.roomy = true")
    expect(page.get_by_text("Kept in this browser")).to_be_visible()
    page.reload()
    expect_text(page, "Before. After.")


def test_pages_changed_faster_than_they_load_hold_no_document(person: Person) -> None:
    page = person.write()
    page.keyboard.type("Kept")
    for _ in range(4):
        page.evaluate("location.hash = '#/reply'")
        page.evaluate("new Promise((resolve) => setTimeout(resolve, 4))")
        page.evaluate("location.hash = '#/write'")
        page.evaluate("new Promise((resolve) => setTimeout(resolve, 4))")
    expect_text(page, "Kept")
    expect(page.get_by_text("open in another tab")).to_have_count(0)


def test_a_large_text_is_pasted_and_kept(person: Person) -> None:
    page = person.write()
    line = "word " * 20
    person.paste(text="\n".join([line.strip()] * 20_000))
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.locator(".write-empty")).to_be_visible()
    page.get_by_role("button", name="Documents").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^word word")).click()
    expect(page.locator(".write-text > p")).to_have_count(20_000)
    page.reload()
    expect(page.locator(".write-text > p")).to_have_count(20_000)


@pytest.mark.parametrize("width", [320, 390, 640])
def test_nothing_is_cut_off_on_a_narrow_screen(person: Person, width: int) -> None:
    always(person, "e door open", "e window")
    person.page.set_viewport_size({"width": width, "height": 640})
    page = person.write()
    page.keyboard.type("She saw th")
    expect(ghost(page)).to_be_visible()
    assert not person.overflows()
    page.get_by_role("button", name="writer").click()
    expect(page.get_by_label("Temperature")).to_be_visible()
    assert not person.overflows()
    person.open("reply")
    assert not person.overflows()
