"""Reply, as an agent uses it: keyboard only, on every screen, with a server that behaves and not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.fakes.server_process import server_process
from tests.studio.person import Person
from tests.studio.replying import always, opened, replies, slot, suggesting, told, turns

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser


def test_a_real_conversation_is_answered_from_the_keyboard(person: Person) -> None:
    page = opened(person)
    expect(turns(page).first).to_contain_text("hi!")
    expect(replies(page).first).to_contain_text("Hello, how can I help?")
    person.keys("ArrowDown")
    expect(replies(page).first).to_have_attribute("aria-current", "true")
    person.keys("Enter")
    expect(page.get_by_label("Your message")).to_have_value("Hello, how can I help?")
    person.keys("Enter")
    expect(page.get_by_label("Your message")).to_have_value("")
    expect(turns(page).nth(1)).to_contain_text("Hello, how can I help?")
    # The customer goes on by themselves.
    expect(turns(page).nth(2)).to_contain_text("Customer")
    expect(page.get_by_text("100 % of typed text saved")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Feedback: \d+ recorded"))).to_be_visible()


def test_gaps_are_gone_through_and_filled(person: Person) -> None:
    text = "Flight {id} for {name}"
    suggesting(
        person,
        (text, [slot("id", 7, 11, filled=False), slot("name", 16, 22, filled=False)]),
    )
    page = opened(person)
    field = page.get_by_label("Your message")
    expect(replies(page)).to_have_count(1)
    person.keys("Alt+1")
    expect(field).to_have_value(text)
    page.keyboard.type("329")
    person.keys("Tab")
    page.keyboard.type("Ada")
    expect(field).to_have_value("Flight 329 for Ada")
    person.keys("Shift+Tab")
    page.keyboard.type("7")
    expect(field).to_have_value("Flight 7 for Ada")
    expect(page.get_by_text(re.compile("7 of 16 characters typed"))).to_be_visible()


def test_ghost_text_is_taken_whole_or_by_the_word(person: Person) -> None:
    suggesting(person, ghost="uld I get your name, please?")
    page = opened(person)
    field = page.get_by_label("Your message")
    ghost = page.locator(".reply-ghost")
    page.keyboard.type("Co")
    expect(ghost).to_have_text("uld I get your name, please?")
    person.keys("ArrowRight")
    expect(field).to_have_value("Could")
    page.unroute("**/v1/suggest")
    suggesting(person, ghost=" I get your name, please?")
    page.keyboard.type(" ")
    person.keys("Backspace")
    expect(ghost).to_have_text(" I get your name, please?")
    person.keys("Tab")
    expect(field).to_have_value("Could I get your name, please?")


def test_the_server_is_told_what_became_of_suggestions(person: Person) -> None:
    suggesting(person, ("Hello", []), ("Good day", []))
    heard = told(person)
    page = opened(person)
    expect(replies(page)).to_have_count(2)
    page.wait_for_timeout(400)
    person.keys("Alt+2")
    page.keyboard.type(" Sir")
    person.keys("Control+Enter")
    expect(page.get_by_label("Your message")).to_have_value("")
    page.wait_for_timeout(800)
    events = {(each["suggestion"], each["event"], each.get("text")) for each in heard}
    assert {
        ("r0", "shown", None),
        ("r1", "shown", None),
        ("r1", "accepted", None),
        ("r1", "edited", "Good day Sir"),
        ("r0", "ignored", None),
    } <= events


def test_both_sides_can_be_written(person: Person) -> None:
    page = opened(person)
    page.get_by_label("Conversation", exact=True).and_(page.locator("select")).select_option("")
    field = page.get_by_label("The customer's message")
    field.fill("Hi, I forgot how to take my medicine")
    person.keys("Enter")
    expect(turns(page)).to_have_count(1)
    expect(page.get_by_label("Your message")).to_be_visible()
    always(page)
    expect(replies(page)).to_have_count(3)
    person.keys("Tab", "Enter")
    expect(turns(page)).to_have_count(2)
    expect(page.get_by_label("The customer's message")).to_be_visible()


def test_the_real_agent_can_answer(person: Person) -> None:
    page = opened(person)
    page.get_by_text("What the real agent wrote here").click()
    expect(page.get_by_text("Hello, how can I help?").last).to_be_visible()
    page.get_by_role("button", name="Let the real agent answer").click()
    expect(turns(page).nth(1)).to_contain_text("Hello, how can I help?")
    page.get_by_role("button", name="Next conversation").click()
    expect(page.locator("select")).to_contain_text("2.")


def test_another_conversation_and_back_is_no_loss(person: Person) -> None:
    page = opened(person)
    page.keyboard.type("Half a th")
    page.get_by_role("button", name="Next conversation").click()
    expect(page.get_by_label("Your message")).to_have_value("")
    page.get_by_role("button", name="Previous conversation").click()
    expect(page.get_by_label("Your message")).to_have_value("Half a th")
    page.get_by_role("button", name="Begin anew").click()
    expect(page.get_by_label("Your message")).to_have_value("")


def test_the_keyboard_is_not_caught(person: Person) -> None:
    page = opened(person)
    expect(replies(page).first).to_be_visible()
    person.keys("Escape")
    expect(replies(page)).to_have_count(0)
    person.keys("Escape", "Tab")
    expect(page.get_by_label("Your message")).not_to_be_focused()


def test_it_reads_well_on_every_screen(person_of_form: Person) -> None:
    page = opened(person_of_form)
    always(page)
    expect(replies(page)).to_have_count(3)
    person_of_form.keys("Alt+1", "Enter")
    expect(turns(page)).to_have_count(3)
    page.keyboard.type("Cou", delay=30)
    expect(replies(page).first).to_be_visible()
    assert person_of_form.violations() == []
    assert not person_of_form.overflows()
    assert turns(page).last.evaluate(
        "(turn) => turn.getBoundingClientRect().bottom <= "
        "turn.parentElement.parentElement.getBoundingClientRect().bottom + 1"
    )


def test_nothing_typed_is_lost_by_a_reload(person: Person) -> None:
    page = opened(person)
    expect(replies(page).first).to_be_visible()
    person.keys("Alt+1")
    expect(page.get_by_label("Your message")).to_have_value(re.compile("Hello"))
    page.keyboard.type(" Half a th")
    page.reload()
    field = page.get_by_label("Your message")
    expect(field).to_have_value("Hello, how can I help? Half a th")
    expect(page.get_by_text("10 of 32 characters typed")).to_be_visible()


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_told_of_and_tried_again(person: Person, status: int) -> None:
    error = {"error": {"message": "Too much at once.", "code": "overloaded", "param": None}}
    person.answer("**/v1/suggest", status=status, body=json.dumps(error), retry_after="1")
    page = opened(person)
    expect(page.get_by_text("Too much at once.")).to_be_visible()
    page.keyboard.type("Could I")
    page.unroute("**/v1/suggest")
    expect(page.get_by_text("Too much at once.")).to_have_count(0)
    expect(page.get_by_label("Your message")).to_have_value("Could I")


def test_without_a_key_one_can_still_write(person: Person) -> None:
    error = {"error": {"message": "send an API key", "code": "unauthenticated", "param": None}}
    person.answer("**/v1/**", status=401, body=json.dumps(error))
    page = person.open("reply")
    expect(page.get_by_role("dialog", name="API key")).to_be_visible()
    person.keys("Escape")
    expect(page.get_by_text("send an API key")).to_be_visible()
    page.get_by_label("Your message").fill("Hello")
    person.keys("Enter")
    expect(turns(page).nth(1)).to_contain_text("Hello")


def test_a_server_that_is_gone_and_comes_back(browser: Browser, demo: Path) -> None:
    with server_process(demo) as server, Person.at(browser, server.url) as person:
        person.forgiving = True
        page = opened(person)
        expect(replies(page).first).to_be_visible()
        server.stop()
        page.keyboard.type("Could I")
        expect(page.get_by_text("The server has not answered for")).to_be_visible()
        person.keys("Enter")
        expect(turns(page).nth(1)).to_contain_text("Could I")
        expect(page.get_by_text(re.compile(r"Feedback: .* to be sent"))).to_be_visible()
        with server_process(demo, "--port", str(server.port)):
            expect(page.get_by_text("The server has not answered for")).to_have_count(0)
            always(page)
            expect(replies(page)).to_have_count(3)
            expect(page.get_by_text(re.compile("to be sent"))).to_have_count(0)
