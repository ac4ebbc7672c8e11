"""The studio's Write page in a real browser: first paint, the cost of a key, key to ghost text.

Regime: headless Chromium without a GPU on the machine that serves, the starter model `writer`, one
person. First paint: a fresh profile each time; the floor is the documentation page, which is HTML
and CSS that a small script fills. A key: typed every 90 ms at the end of a document of 50,000 words
and of an empty one; the page's own work (`cuebox:keystroke`, all that ProseMirror and the studio do
for it), and from keydown until the text has changed (`cuebox:key`); the peer is a bare
`contenteditable` with the same paragraphs and no script but the clock. Key to ghost text: a passage
typed at human speed (`keystrokes.py`); from the last key to the frame that shows the suggestion,
beside what of it is the server's time to its first piece.

Method: all kinds in turn within a round; medians of the rounds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright
from scripts.chromium import find_chromium

from benchmarks.keystrokes import keystrokes
from benchmarks.outcome import Outcome, median
from benchmarks.served import ROOT, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_WORDS = 50_000
_TYPED = "and then she turned to the window again, for it was late"
_PASSAGE = (
    "It was late in the evening when she opened the door and saw the light of a candle in the hall. "
    "She had not been at home for three years, and nobody had expected her before the morning. "
    "The old man rose from his chair, looked at her for a moment, and said that he was very glad "
    "to see her again. "
)
_MOST_PAINT_MS = 300
_MOST_KEY_MS = 4
_MOST_GHOST_MS = 120
_MOST_KIB = 150
_BARE = """
const box = document.createElement('div');
box.contentEditable = 'true';
box.style.cssText = 'max-width: 44rem; margin: auto; font: 19px/1.65 serif; white-space: pre-wrap';
for (const text of TEXTS) {
  const paragraph = document.createElement('p');
  paragraph.textContent = text || '\\u200b';
  box.append(paragraph);
}
document.body.replaceChildren(box);
let at = 0;
addEventListener('keydown', () => { at = performance.now(); }, true);
box.addEventListener('input', () =>
  performance.measure('bare:key', {start: at, end: performance.now()}));
box.focus();
getSelection().selectAllChildren(box.lastChild);
getSelection().collapseToEnd();
"""
_PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData('text/plain', text);
  document.querySelector('.write-text').dispatchEvent(
    new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def paragraphs(words: int) -> list[str]:
    """Paragraphs of 90 words, so many words in all."""
    source = _PASSAGE.split()
    return [
        " ".join(source[(start + place) % len(source)] for place in range(min(90, words - start)))
        for start in range(0, words, 90)
    ]


class Person:
    """Opens pages of one server in one browser."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url

    def paint(self, path: str) -> tuple[float, float]:
        """First paint in milliseconds, and KiB that came, of a page nobody has opened before."""
        context = self._context()
        page = context.new_page()
        page.goto(f"{self._url}{path}", wait_until="load")
        page.wait_for_function("() => performance.getEntriesByType('paint').length > 0")
        page.wait_for_timeout(500)
        paint: float = page.evaluate("performance.getEntriesByType('paint')[0].startTime")
        size: float = page.evaluate(
            """performance.getEntriesByType('resource')
               .concat(performance.getEntriesByType('navigation'))
               .filter((each) => !each.name.includes('/v1/'))
               .reduce((sum, each) => sum + each.encodedBodySize, 0)"""
        )
        context.close()
        return paint, size / 1024

    def keys(self, words: int) -> dict[str, float]:
        """Medians and p90 of a key in a document of so many words, in milliseconds."""
        context = self._context()
        page = self._write(context)
        texts = paragraphs(words)
        if texts:
            page.evaluate(_PASTE, "\n\n".join(texts))
            page.wait_for_timeout(2_000)
        page.evaluate("performance.clearMeasures()")
        page.keyboard.type(_TYPED, delay=90)
        own, whole = durations(page, "cuebox:keystroke"), durations(page, "cuebox:key")
        context.close()
        context = self._context()
        page = context.new_page()
        page.goto("about:blank")
        page.evaluate(_BARE.replace("TEXTS", json.dumps(texts or [""])))
        page.keyboard.type(_TYPED, delay=90)
        bare = durations(page, "bare:key")
        context.close()
        return {
            "own p50": percentile(own, 50),
            "own p90": percentile(own, 90),
            "whole p50": percentile(whole, 50),
            "whole p90": percentile(whole, 90),
            "bare p50": percentile(bare, 50),
            "bare p90": percentile(bare, 90),
        }

    def ghosts(self, seed: int) -> tuple[list[float], list[float]]:
        """Milliseconds from key to ghost text, and of the server to its first piece."""
        context = self._context()
        page = self._write(context)
        started = time.perf_counter()
        for due, typed in keystrokes(_PASSAGE, seed):
            page.wait_for_timeout(max(0.0, due - (time.perf_counter() - started)) * 1e3)
            page.keyboard.type(_PASSAGE[typed - 1])
        page.wait_for_timeout(500)
        shown = durations(page, "cuebox:suggestion")
        server: list[float] = page.evaluate(
            """performance.getEntriesByType('resource')
               .filter((each) => each.name.includes('completions'))
               .flatMap((each) => each.serverTiming)
               .filter((each) => each.name === 'total').map((each) => each.duration)"""
        )
        context.close()
        return shown, server

    def _context(self) -> BrowserContext:
        return self._browser.new_context(viewport={"width": 1280, "height": 800})

    def _write(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.goto(f"{self._url}/#/write")
        page.locator(".write-text:focus").wait_for()
        return page


def durations(page: Page, name: str) -> list[float]:
    """User timings of a page, in milliseconds."""
    found: list[float] = page.evaluate(
        "(name) => performance.getEntriesByName(name).map((each) => each.duration)", name
    )
    if not found:
        raise SystemExit(f"the page measured no {name!r}")
    return found


def percentile(values: list[float], percent: int) -> float:
    """By rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def measure(person: Person, rounds: int) -> dict[str, list[Any]]:
    """Everything, in turn."""
    found: dict[str, list[Any]] = {}
    for number in range(rounds):
        found.setdefault("write", []).append(person.paint("/"))
        found.setdefault("docs", []).append(person.paint("/docs"))
        found.setdefault("long", []).append(person.keys(_WORDS))
        found.setdefault("empty", []).append(person.keys(0))
        found.setdefault("ghosts", []).append(person.ghosts(number))
        sys.stderr.write(f"round {number + 1} of {rounds}\n")
    return found


def conclude(outcome: Outcome, found: dict[str, list[Any]]) -> None:
    """Tables and bars."""
    paint = {name: median([one[0] for one in found[name]]) for name in ("write", "docs")}
    size = max(one[1] for one in found["write"])
    outcome.table(
        "First paint, from nothing",
        ["page", "ms", "KiB gzip"],
        [
            ["Write", f"{paint['write']:.0f}", f"{size:.0f}"],
            ["/docs", f"{paint['docs']:.0f}", f"{max(one[1] for one in found['docs']):.0f}"],
        ],
    )
    rows = []
    for name, kind in (("50,000 words", "long"), ("empty", "empty")):
        figures = {at: median([one[at] for one in found[kind]]) for at in found[kind][0]}
        ratio = median([one["whole p50"] / one["bare p50"] for one in found[kind]])
        rows.append([name, *(f"{figures[at]:.1f}" for at in figures), f"{ratio:.2f}x"])
    outcome.table(
        "A key, ms",
        ["document", "own work p50", "p90", "whole p50", "p90", "bare p50", "p90", "whole to bare"],
        rows,
    )
    shown = [value for one, _ in found["ghosts"] for value in one]
    server = [value for _, one in found["ghosts"] for value in one]
    outcome.table(
        "Key to ghost text, ms",
        ["", "p50", "p90", "p99", "times"],
        [
            [name, *(f"{percentile(values, at):.0f}" for at in (50, 90, 99)), str(len(values))]
            for name, values in (("on the screen", shown), ("of it, the server", server))
        ],
    )
    own = median([one["own p90"] for one in found["long"]])
    ghost = percentile(shown, 90)
    outcome.bar(
        "Studio: first paint of Write",
        f"under {_MOST_PAINT_MS} ms",
        f"{paint['write']:.0f} ms",
        met=paint["write"] < _MOST_PAINT_MS,
    )
    outcome.bar(
        "Studio: first page, gzip",
        f"at most {_MOST_KIB} KiB",
        f"{size:.0f} KiB",
        met=size <= _MOST_KIB,
    )
    outcome.bar(
        "Studio: keystroke handler at 50,000 words, p90",
        f"under {_MOST_KEY_MS} ms",
        f"{own:.1f} ms",
        met=own < _MOST_KEY_MS,
    )
    outcome.bar(
        "Studio: key to ghost text, human speed, p90",
        f"under {_MOST_GHOST_MS} ms",
        f"{ghost:.0f} ms",
        met=ghost < _MOST_GHOST_MS,
    )
    outcome.figures = found


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="A B A B ...; medians count")
    arguments = parser.parse_args()
    extra = {"CUEBOX_SERVING__MODELS": json.dumps(["writer"])}
    with (
        Outcome("studio", "one person, Chromium beside the server on two cores") as outcome,
        tempfile.TemporaryDirectory(prefix="cuebox-bench-") as folder,
        serving(Path(folder), str(ROOT / "starter"), extra=extra) as served,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--disable-gpu"], chromium_sandbox=False
        )
        conclude(outcome, measure(Person(browser, served.url("").rstrip("/")), arguments.rounds))
        browser.close()


if __name__ == "__main__":
    main()
