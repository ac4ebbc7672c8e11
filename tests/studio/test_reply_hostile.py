"""Reply, with an agent in a hurry, other scripts and a server that refuses."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.studio.replying import opened, replies, slot, suggesting, turns

if TYPE_CHECKING:
    from playwright.sync_api import Request

    from tests.studio.person import Person


def test_what_a_reply_took_the_place_of_comes_back(person: Person) -> None:
    suggesting(person, ("Good day", []))
    page = opened(person)
    field = page.get_by_label("Your message")
    page.keyboard.type("Half a thought 😀")
    expect(replies(page)).to_have_count(1)
    person.keys("Alt+1")
    expect(field).to_have_value("Good day")
    page.keyboard.type("!")
    person.keys("Backspace", "Control+z")
    expect(field).to_have_value("Half a thought 😀")
    page.keyboard.type(".")
    expect(field).to_have_value("Half a thought 😀.")
    expect(page.get_by_text("18 of 18 characters typed")).to_be_visible()


def test_a_key_that_is_held_down_takes_a_reply_and_sends_nothing(person: Person) -> None:
    suggesting(person, ("Good day", []))
    page = opened(person)
    expect(replies(page)).to_have_count(1)
    before = turns(page).count()
    person.keys("ArrowDown")
    for _ in range(4):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    expect(page.get_by_label("Your message")).to_have_value("Good day")
    assert turns(page).count() == before
    person.keys("Enter")
    expect(turns(page).nth(before)).to_contain_text("Good day")


def test_no_gap_is_sent_by_mistake(person: Person) -> None:
    text = "😀 flight {id} for {name}"
    suggesting(
        person,
        (text, [slot("id", 9, 13, filled=False), slot("name", 18, 24, filled=False)]),
    )
    page = opened(person)
    field = page.get_by_label("Your message")
    expect(replies(page)).to_have_count(1)
    person.keys("Alt+1")
    page.keyboard.type("329")
    person.keys("Enter")
    expect(page.get_by_text("This gap has no value yet")).to_be_visible()
    assert person.violations() == []
    page.keyboard.type("Zoë 😀")
    expect(page.get_by_text("This gap has no value yet")).to_have_count(0)
    expect(field).to_have_value("😀 flight 329 for Zoë 😀")
    person.keys("Enter")
    expect(turns(page).nth(1)).to_contain_text("😀 flight 329 for Zoë 😀")


def test_a_gap_can_be_sent_on_purpose(person: Person) -> None:
    suggesting(person, ("For {name}", [slot("name", 4, 10, filled=False)]))
    page = opened(person)
    expect(replies(page)).to_have_count(1)
    person.keys("Alt+1", "Enter", "Control+Enter")
    expect(turns(page).nth(1)).to_contain_text("For {name}")


def test_a_draft_that_was_left_is_gone_on_with_at_its_end(person: Person) -> None:
    page = opened(person)
    page.keyboard.type("Half a th")
    page.get_by_role("button", name="Next conversation").click()
    page.get_by_role("button", name="Previous conversation").click()
    field = page.get_by_label("Your message")
    field.focus()
    page.keyboard.type("ought")
    expect(field).to_have_value("Half a thought")


def test_what_is_composed_is_not_sent(person: Person) -> None:
    page = opened(person)
    before = turns(page).count()
    page.keyboard.type("Hi ")
    browser = person.context.new_cdp_session(page)
    composed = {"text": "にほん", "selectionStart": 3, "selectionEnd": 3}
    browser.send("Input.imeSetComposition", composed)
    page.get_by_label("Your message").dispatch_event(
        "keydown", {"key": "Enter", "code": "Enter", "keyCode": 229, "bubbles": True}
    )
    browser.send("Input.insertText", {"text": "日本"})
    expect(page.get_by_label("Your message")).to_have_value("Hi 日本")
    assert turns(page).count() == before


def test_a_busy_server_is_left_alone_as_long_as_it_says(person: Person) -> None:
    asked: list[Request] = []
    page = opened(person)
    error = {"error": {"message": "Too much at once.", "code": "overloaded", "param": None}}
    person.answer("**/v1/suggest", status=429, body=json.dumps(error), retry_after="60")
    page.keyboard.type("Could")
    expect(page.get_by_text("Too much at once.")).to_be_visible()
    page.on("request", lambda each: asked.append(each) if "suggest" in each.url else None)
    page.keyboard.type(" I get your name", delay=30)
    page.wait_for_timeout(800)
    assert asked == []
    page.unroute("**/v1/suggest")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Too much at once.")).to_have_count(0)
    page.wait_for_timeout(500)
    assert len(asked) == 1


def test_a_key_is_not_asked_for_while_somebody_types(person: Person) -> None:
    page = opened(person)
    error = {"error": {"message": "send an API key", "code": "unauthenticated", "param": None}}
    person.answer("**/v1/**", status=401, body=json.dumps(error))
    page.keyboard.type("Could I get your name", delay=20)
    expect(page.get_by_text("send an API key")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label("Your message")).to_have_value("Could I get your name")
    page.unroute("**/v1/**")
    page.get_by_role("button", name="Enter an API key").click()
    page.get_by_role("dialog").get_by_label("Key").fill("any")
    person.keys("Enter")
    expect(page.get_by_text("send an API key")).to_have_count(0)


def test_a_long_draft_is_seen_where_it_is_typed(person_of_form: Person) -> None:
    page = opened(person_of_form)
    field = page.get_by_label("Your message")
    page.keyboard.insert_text("A long answer, with many words. " * 20)
    page.keyboard.type("\u05e9\u05dc\u05d5\u05dd")
    sizes: dict[str, Any] = page.evaluate(
        """() => {
          const field = document.querySelector('.reply-composer textarea');
          const copy = document.querySelector('.reply-copy');
          return {
            widths: [field.clientWidth, copy.clientWidth],
            hidden: field.scrollHeight - field.clientHeight,
            scrolled: field.scrollTop,
          };
        }"""
    )
    assert sizes["widths"][0] == sizes["widths"][1]
    assert sizes["hidden"] <= 0
    assert sizes["scrolled"] == 0
    # The end, with the cursor, is in sight.
    box = page.locator(".reply-composer")
    assert box.evaluate("(each) => each.scrollHeight - each.clientHeight - each.scrollTop < 40")
    assert not person_of_form.overflows()
    expect(field).to_have_value(re.compile("words. שלום$"))
