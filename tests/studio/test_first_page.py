"""What a newcomer's browser has to fetch and do: sizes, shifts and a performance trace.

Counts only; how long it takes is measured by `benchmarks/studio.py`.
"""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any

from cuebox.web.studio import studio_file, studio_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.studio.person import Person

MOST_BYTES = 150 * 1024
PARAGRAPH = "The quick brown fox jumps over the lazy dog, and nobody minds at all. " * 6


def test_the_first_page_is_small(person: Person) -> None:
    page = person.write()
    names: list[str] = page.evaluate(
        "performance.getEntriesByType('resource').map((each) => each.name)"
    )
    files = [found[1] for name in names if (found := re.search(r"/assets/([^/]+)$", name))]
    assert any(name.startswith("Write-") for name in files)
    sizes = [len(studio_file(name).packed) for name in files] + [len(studio_page().packed)]
    assert sum(sizes) <= MOST_BYTES
    # Other pages come later.
    assert not any(name.startswith(("Answers-", "Classify-", "Models-")) for name in files)


def test_files_are_packed_once_and_well() -> None:
    page = studio_page()
    assert gzip.decompress(page.packed) == page.content
    assert studio_page().packed is page.packed


def test_nothing_jumps_while_a_page_opens(person_of_form: Person) -> None:
    for path in ("write", "reply", "classify", "models", "monitor"):
        page = person_of_form.open(path)
        shift: float = page.evaluate(
            """() => new Promise((resolve) => {
              let sum = 0;
              new PerformanceObserver((list) => {
                for (const each of list.getEntries()) if (!each.hadRecentInput) sum += each.value;
              }).observe({type: 'layout-shift', buffered: true});
              setTimeout(() => resolve(sum), 800);
            })"""
        )
        # What the Web Vitals call good.
        assert shift < 0.1, path


def test_a_key_in_a_long_text_touches_little_of_it(browser: Browser, person: Person) -> None:
    page = person.write()
    person.paste(text="\n\n".join([PARAGRAPH.strip()] * 600))
    page.wait_for_timeout(1_500)
    browser.start_tracing(page=page, categories=["devtools.timeline"])
    page.keyboard.type("and so on", delay=60)
    layouts = [
        each["args"]["beginData"]
        for each in json.loads(browser.stop_tracing())["traceEvents"]
        if each["name"] == "Layout" and "beginData" in each.get("args", {})
    ]
    assert layouts
    assert max(each["totalObjects"] for each in layouts) > 600
    # The line that is typed, the list of choices and the line below the text, not the text.
    assert max(each["dirtyObjects"] for each in layouts) < 120


def test_a_key_asks_for_nothing_but_suggestions(person: Person) -> None:
    page = person.write()
    # Other pages are fetched in a pause after the start, once.
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some((each) => /Monitor-/.test(each.name))"
    )
    page.wait_for_timeout(500)
    asked: list[Any] = []

    def note(request: Any) -> None:
        asked.append(request)

    page.on("request", note)
    page.keyboard.type("It was late in the", delay=60)
    page.wait_for_timeout(800)
    assert {each.url.removeprefix(person.url) for each in asked} == {"/v1/completions"}
    assert len(asked) <= len("It was late in the")
