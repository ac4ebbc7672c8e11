"""The page Classify: one text with every classifier, and which of its words mattered."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.fakes.server_process import server_process
from tests.studio.person import Person

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page, Request, Route

TEXT = "my card has not arrived yet, what should I do"


def text_box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Text")


def card(page: Page, model: str) -> Locator:
    return page.get_by_role("region", name=model, exact=True)


def explained(page: Page) -> Locator:
    return page.get_by_role("region", name="Which words mattered")


def spilling(page: Page) -> list[str]:
    """Names of cards whose content is wider than they are."""
    found: list[str] = page.locator(".card").evaluate_all(
        "cards => cards.filter(c => c.scrollWidth > c.clientWidth).map(c => c.ariaLabel)"
    )
    return found


def test_by_keyboard_alone_on_every_screen(person_of_form: Person) -> None:
    person = person_of_form
    page = person.open("classify")
    text_box(page).focus()
    page.keyboard.type(TEXT)
    expect(card(page, "banking77").get_by_role("button").first).to_contain_text("card_arrival")
    expect(card(page, "travel-and-money")).to_contain_text("Out of scope")
    expect(explained(page)).to_contain_text("for card_arrival of banking77")
    assert page.locator(".word").all_inner_texts() == TEXT.replace(",", "").split()

    page.locator(".word").first.focus()
    person.keys("ArrowRight")
    word = page.locator(".word:focus")
    expect(word).to_have_text("card")
    expect(word).to_have_accessible_name(re.compile(r"card: speaks for card_arrival: \d"))
    expect(explained(page)).to_contain_text(re.compile(r"card speaks for .* with it, .* without"))
    person.keys("End")
    expect(page.locator(".word:focus")).to_have_text("do")

    page.get_by_text("As a table").focus()
    person.keys("Enter")
    expect(explained(page).get_by_role("row")).to_have_count(11)
    assert not person.overflows()
    assert spilling(page) == []
    assert person.violations() == []


def test_another_label_is_explained_when_it_is_chosen(person: Person) -> None:
    page = person.open("classify")
    text_box(page).fill("a burger and a large coke please")
    second = card(page, "fastfood").get_by_role("button").nth(1)
    second.focus()
    name = second.locator(".name").inner_text().replace("given", "").strip()
    person.keys("Enter")
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(explained(page)).to_contain_text(f"for {name} of fastfood")


def test_the_choices_are_remembered(person: Person) -> None:
    page = person.open("classify")
    page.get_by_role("checkbox", name="snips").uncheck()
    page.get_by_label("Labels shown").select_option("5 best")
    text_box(page).fill(TEXT)
    expect(card(page, "banking77").get_by_role("button")).to_have_count(5)
    expect(card(page, "snips")).to_have_count(0)
    page.reload()
    expect(text_box(page)).to_have_value(TEXT)
    expect(card(page, "banking77").get_by_role("button")).to_have_count(5)
    expect(page.get_by_role("checkbox", name="snips")).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="banking77")).to_be_checked()


def test_a_line_marks_from_where_an_answer_is_sure(person: Person) -> None:
    page = person.open("classify")
    page.get_by_role("slider", name="Sure from").fill("0.99")
    text_box(page).fill(TEXT)
    expect(card(page, "banking77")).to_contain_text("unsure: below 99.0 %")
    page.get_by_role("slider", name="Sure from").fill("0.01")
    expect(card(page, "banking77")).not_to_contain_text("unsure")


def test_an_example_is_classified_at_a_click(person: Person) -> None:
    page = person.open("classify")
    page.get_by_role("button", name="play some jazz from the sixties").click()
    expect(card(page, "snips").get_by_role("button").first).to_contain_text("PlayMusic")
    timing = page.get_by_role("region", name="Time of the answer")
    expect(timing).to_contain_text(re.compile(r"Answered in [\d.]+ ms"))
    for part in ("encode", "head", "network"):
        expect(timing).to_contain_text(part)


def test_no_text_and_no_model_are_no_request(person: Person) -> None:
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    page = person.open("classify")
    text_box(page).fill("   ")
    for model in ("banking77", "fastfood", "snips", "travel-and-money"):
        page.get_by_role("checkbox", name=model).uncheck()
    text_box(page).fill("words")
    expect(page.get_by_text("Choose at least one.")).to_be_visible()
    assert [url for url in asked if "/v1/classify" in url] == []


@pytest.mark.parametrize("text", ["我的卡还没到 😡👨‍👩‍👧", "שלום עולם", "?!", "<b>&amp;</b> x"])
def test_any_script(person: Person, text: str) -> None:
    page = person.open("classify")
    text_box(page).fill(text)
    expect(explained(page)).to_contain_text("runs of the encoder")
    assert page.locator(".classify-tinted").evaluate("e => e.textContent") == text


def test_what_is_outdated_is_called_off(person: Person) -> None:
    failed: list[str | None] = []

    def remember(request: Request) -> None:
        failed.append(request.failure)

    person.page.on("requestfailed", remember)

    def slowly(route: Route) -> None:
        if json.loads(route.request.post_data or "{}")["input"] == "first":
            return  # never answered
        route.continue_()

    page = person.open("classify")
    page.route("**/v1/classify", slowly)
    with page.expect_request("**/v1/classify"):
        text_box(page).fill("first")
    text_box(page).fill(TEXT)
    expect(card(page, "banking77").get_by_role("button").first).to_contain_text("card_arrival")
    assert failed == ["net::ERR_ABORTED"]


def test_a_busy_server_is_asked_again_and_nothing_typed_is_lost(person: Person) -> None:
    person.forgiving = True
    page = person.open("classify")
    busy = json.dumps({"error": {"message": "the queue is full", "code": "overloaded"}})
    refused = 0

    def first_busy(route: Route) -> None:
        nonlocal refused
        refused += 1
        if refused > 1:
            route.continue_()
        else:
            headers = {"retry-after": "2", "content-type": "application/json"}
            route.fulfill(status=429, headers=headers, body=busy)

    page.route("**/v1/classify", first_busy)
    text_box(page).fill(TEXT)
    expect(page.get_by_text("the queue is full")).to_be_visible()
    assert person.violations() == []
    expect(text_box(page)).to_have_value(TEXT)
    expect(card(page, "banking77").get_by_role("button").first).to_contain_text("card_arrival")
    expect(page.get_by_text("the queue is full")).to_have_count(0)


def test_what_is_typed_while_the_server_is_gone_is_answered_when_it_is_back(
    browser: Browser, demo: Path
) -> None:
    with server_process(demo) as first, Person.at(browser, first.url) as person:
        person.forgiving = True
        page = person.open("classify")
        text_box(page).fill("play some jazz")
        expect(card(page, "snips")).to_be_visible()
        first.process.kill()
        first.process.wait(20)
        text_box(page).fill(TEXT)
        expect(page.get_by_text("The server does not answer.", exact=True)).to_be_visible()
        expect(card(page, "snips")).to_be_visible()
        page.keyboard.type(" now")
        with server_process(demo, "--port", str(first.port)):
            expect(card(page, "banking77").get_by_role("button").first).to_contain_text(
                "card_arrival", timeout=30_000
            )
            expect(text_box(page)).to_have_value(f"{TEXT} now")
            expect(page.get_by_text("The server does not answer.", exact=True)).to_have_count(0)


def test_a_slow_server_shows_the_last_answers_meanwhile(person: Person) -> None:
    page = person.open("classify")
    text_box(page).fill("play some jazz")
    expect(card(page, "snips").get_by_role("button").first).to_contain_text("PlayMusic")

    def hold(_route: Route) -> None:
        return  # answered later

    page.route("**/v1/classify", hold)
    with page.expect_request("**/v1/classify"):
        text_box(page).fill(TEXT)
    expect(page.locator(".classify-heads")).to_have_attribute("aria-busy", "true")
    expect(card(page, "snips")).to_be_visible()
    assert person.violations() == []
    page.unroute("**/v1/classify")  # which lets go of what is held
    expect(page.locator(".classify-heads")).to_have_attribute("aria-busy", "false")


def test_a_key_is_asked_for_and_the_text_stays(person: Person) -> None:
    person.forgiving = True
    page = person.open("classify")
    body = json.dumps({"error": {"message": "an API key is needed", "code": "unauthenticated"}})
    keys: list[str | None] = []

    def guarded(route: Route) -> None:
        keys.append(route.request.headers.get("authorization"))
        if keys[-1] == "Bearer secret":
            route.continue_()
        else:
            route.fulfill(status=401, body=body, headers={"content-type": "application/json"})

    page.route("**/v1/classify", guarded)
    text_box(page).fill(TEXT)
    dialog = page.get_by_role("dialog", name="API key")
    dialog.get_by_role("button", name="Not now").click()
    expect(page.get_by_text("an API key is needed")).to_be_visible()
    page.get_by_role("button", name="Enter an API key").click()
    dialog.get_by_label("Key").fill("secret")
    person.keys("Enter")
    expect(card(page, "banking77").get_by_role("button").first).to_contain_text("card_arrival")
    expect(text_box(page)).to_have_value(TEXT)
    assert keys[0] is None


def test_a_text_that_is_too_long_is_told_where_it_is(person: Person) -> None:
    person.forgiving = True
    page = person.open("classify")
    text_box(page).fill("x" * 100_001)
    expect(page.get_by_text("the most is 100000")).to_be_visible()
    text_box(page).fill(TEXT)
    expect(page.get_by_text("the most is 100000")).to_have_count(0)
    expect(card(page, "banking77")).to_be_visible()


def test_an_explanation_that_fails_leaves_the_answers(person: Person) -> None:
    page = person.open("classify")
    body = json.dumps({"error": {"message": "the engine failed", "code": "internal_error"}})
    person.answer("**/v1/explain", status=500, body=body)
    text_box(page).fill(TEXT)
    expect(card(page, "banking77").get_by_role("button").first).to_contain_text("card_arrival")
    expect(explained(page)).to_contain_text("the engine failed")
