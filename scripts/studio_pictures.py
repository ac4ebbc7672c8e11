"""Takes the studio's pictures of the README from a running server of the demo, in Chromium.

python -m scripts.studio_pictures [URL]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright
from scripts.chromium import find_chromium

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"


def write(page: Page) -> None:
    """Three continuations at the cursor, and what they cost."""
    page.locator(".write-text:focus").wait_for()
    page.keyboard.type(
        "She had not been at home for three years, and nobody had expected her before the "
        "morning. The old man rose from his chair, looked at her for a moment, and",
        delay=25,
    )
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.locator(".ghost").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.type(" She opened the do", delay=40)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.locator(".ghost").wait_for()
    page.keyboard.press("ArrowDown")


def reply(page: Page) -> None:
    """A real conversation, two turns on, with a draft begun."""
    field = page.get_by_label("Your message")
    field.wait_for()
    page.get_by_role("radio", name="Always").check()
    page.locator("select").select_option(index=2)
    field.focus()
    for _ in range(2):
        page.locator(".reply-list button").first.wait_for()
        page.keyboard.press("Alt+1")
        page.wait_for_timeout(300)
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(600)
    page.keyboard.type("Cou", delay=60)


def classify(page: Page) -> None:
    """One text, four classifiers, and the words that mattered."""
    page.locator("textarea").first.fill("my card still has not arrived, where is it")
    page.get_by_text("Which words mattered").wait_for()


PICTURES: dict[str, Callable[[Page], None]] = {
    "write": write,
    "reply": reply,
    "classify": classify,
}


def main() -> None:
    """Open each page as a newcomer would, and take its picture."""
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), chromium_sandbox=False
        )
        for name, act in PICTURES.items():
            page = browser.new_page(
                viewport={"width": 1180, "height": 700}, color_scheme="light", device_scale_factor=1
            )
            page.goto(f"{url}/#/{name}")
            act(page)
            page.wait_for_timeout(1_000)
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
