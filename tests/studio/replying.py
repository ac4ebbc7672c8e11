"""What tests of Reply do and look at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.studio.person import Person

__all__ = ["always", "opened", "replies", "slot", "suggesting", "told", "turns"]


def opened(person: Person) -> Page:
    page = person.open("reply")
    expect(page.get_by_label("Your message")).to_be_focused()
    return page


def always(page: Page) -> None:
    """Suggest whatever there is."""
    page.get_by_role("radio", name="Always").check()
    page.get_by_label("Your message").focus()


def replies(page: Page) -> Locator:
    return page.get_by_role("list", name="Suggested replies").get_by_role("button")


def turns(page: Page) -> Locator:
    return page.get_by_role("list", name="Conversation").get_by_role("listitem")


def suggesting(person: Person, *given: tuple[str, list[dict[str, Any]]], ghost: str = "") -> None:
    """Answer every request with these replies and this completion."""
    found = [
        {"id": f"r{n}", "text": text, "slots": slots, "score": 0.9 - n / 10, "answer": f"a{n}"}
        for n, (text, slots) in enumerate(given)
    ]
    completion = {"id": "c", "text": ghost, "score": -0.2} if ghost else None
    body = {"id": "s", "replies": found, "completion": completion, "late": [], "failed": []}
    person.page.route(
        "**/v1/suggest",
        lambda route: route.fulfill(
            status=200, body=json.dumps(body), headers={"content-type": "application/json"}
        ),
    )


def told(person: Person) -> list[dict[str, Any]]:
    """Feedback as it comes to the server, from now on."""
    heard: list[dict[str, Any]] = []

    def take(route: Any) -> None:
        events = route.request.post_data_json
        heard.extend(events)
        route.fulfill(status=200, body=json.dumps({"recorded": len(events)}))

    person.page.route("**/v1/feedback", take)
    return heard


def slot(name: str, start: int, end: int, *, filled: bool) -> dict[str, Any]:
    return {"name": name, "start": start, "end": end, "filled": filled}
