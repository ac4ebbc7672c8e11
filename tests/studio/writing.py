"""What tests of Write do and look at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Request

    from tests.studio.person import Person

__all__ = [
    "BEGINNING",
    "STREAM",
    "TEXT_OF",
    "always",
    "choices",
    "events",
    "expect_text",
    "ghost",
    "only_tab_asks",
    "text_of",
]

BEGINNING = "It was late in the evening when she opened the do"
TEXT_OF = """() => {
  const copy = document.querySelector('.write-text')?.cloneNode(true);
  copy?.querySelectorAll('.ghost').forEach((each) => each.remove());
  return [...(copy?.children ?? [])].map((each) => each.textContent).join('\\n');
}"""
# The server's stream of an answer, to know exactly what is suggested.
STREAM = {"content-type": "text/event-stream"}


def text_of(page: Page) -> str:
    """What the person wrote, without ghost text."""
    return str(page.evaluate(TEXT_OF))


def expect_text(page: Page, text: str) -> None:
    """Wait until this is what the person wrote; ghost text does not count."""
    page.wait_for_function(f"(wanted) => ({TEXT_OF})() === wanted", arg=text, timeout=5_000)


def ghost(page: Page) -> Locator:
    return page.locator(".ghost")


def choices(page: Page) -> Locator:
    return page.get_by_role("list", name="Suggestions").get_by_role("button")


def events(*texts: str) -> str:
    """A streamed answer with these choices, each in one piece."""
    made: list[dict[str, Any]] = [
        {"choices": [{"index": index, "text": text, "finish_reason": "stop", "score": -0.5}]}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 12, "prompt_tokens_details": {"cached_tokens": 11}}
    made.append({"choices": [], "usage": usage})
    return "".join(f"data: {json.dumps(each)}\n\n" for each in made) + "data: [DONE]\n\n"


def always(person: Person, *texts: str) -> list[Request]:
    """Answer every request for suggestions with these; the requests are listed as they come."""
    asked: list[Request] = []
    body = events(*texts)

    def answer(route: Any) -> None:
        asked.append(route.request)
        route.fulfill(status=200, body=body, headers=STREAM)

    person.page.route("**/v1/completions", answer)
    return asked


def only_tab_asks(person: Person) -> Page:
    """Open Write with suggestions on a pause switched off."""
    page = person.write()
    page.get_by_role("button", name="writer").click()
    page.get_by_label("Suggest on a pause").uncheck()
    page.get_by_role("button", name="writer").click()
    page.get_by_label("Your text").focus()
    page.wait_for_timeout(250)
    return page
