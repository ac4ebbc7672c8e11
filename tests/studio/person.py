"""Somebody who uses the studio: a browser's page, what its console said, and how it looks to axe."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route

__all__ = ["DESKTOP", "FORMS", "Form", "Person"]

ROOT = Path(__file__).resolve().parents[2]
_AXE = ROOT / "studio" / "node_modules" / "axe-core" / "axe.min.js"
_PASTE = """(content) => {
  const clipboardData = new DataTransfer();
  for (const [type, each] of Object.entries(content)) {
    clipboardData.setData(type === 'text/text' ? 'text/plain' : type, each);
  }
  document.querySelector('.write-text').dispatchEvent(
    new ClipboardEvent('paste', {clipboardData, bubbles: true, cancelable: true}));
}"""
# What Chromium itself says of an answer with an error status, or of none: tests that make the
# server fail expect it.
_OF_THE_NETWORK = "Failed to load resource"


class Form(NamedTuple):
    """A kind of screen."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"]


DESKTOP = Form("desktop-light", 1280, 800, "light")
FORMS = (
    DESKTOP,
    Form("desktop-dark", 1280, 800, "dark"),
    Form("phone-light", 390, 844, "light"),
    Form("phone-dark", 390, 844, "dark"),
)


class Person:
    """One person with one browser tab.

    Attributes:
        page: the tab.
        complaints: errors and warnings of the console, and uncaught exceptions.
        forgiving: whether answers that failed may show on the console.
    """

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.complaints: list[str] = []
        self.forgiving = False
        self.page = self.new_tab()

    @classmethod
    @contextmanager
    def at(cls, browser: Browser, url: str, form: Form = DESKTOP) -> Iterator[Person]:
        """With a fresh profile; at the end the console must have stayed silent."""
        context = browser.new_context(
            viewport={"width": form.width, "height": form.height},
            color_scheme=form.scheme,
            reduced_motion="reduce",
            has_touch=form.width < 500,
        )
        context.set_default_timeout(20_000)
        try:
            person = cls(context, url)
            yield person
            assert not person.complaints, person.complaints
        finally:
            context.close()

    def new_tab(self) -> Page:
        """Another tab of the same browser."""
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def open(self, path: str) -> Page:
        """Open a page of the studio, such as `write`."""
        self.page.goto(f"{self.url}/#/{path}")
        self.page.locator("h1").first.wait_for()
        return self.page

    def write(self) -> Page:
        """Open Write, with the cursor in the text."""
        page = self.open("write")
        page.locator(".write-text:focus").wait_for()
        # A cursor that goes to the start within 0.2 s of the focus ProseMirror takes for the browser's
        # own doing, and puts it back.
        page.wait_for_timeout(250)
        return page

    def paste(self, **content: str) -> None:
        """Paste into the text of Write: `text="..."` or `html="..."`."""
        self.page.evaluate(_PASTE, {f"text/{kind}": each for kind, each in content.items()})

    def keys(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def violations(self) -> list[str]:
        """What axe finds on the page as it is: rule, and the elements it is about."""
        self.page.evaluate(_AXE.read_text())
        found: dict[str, Any] = self.page.evaluate(
            "axe.run(document, {preload: false, resultTypes: ['violations']})"
        )
        return [
            f"{each['id']}: {[node['target'] for node in each['nodes']]}"
            for each in found["violations"]
        ]

    def overflows(self) -> bool:
        """Whether the page is wider than the screen."""
        # The part beside the navigation scrolls by itself, and would hide it.
        wider: bool = self.page.evaluate(
            "[document.documentElement, document.querySelector('.main')]"
            ".some((each) => each.scrollWidth > each.clientWidth)"
        )
        return wider

    def answer(self, path: str, *, status: int, body: str = "", **headers: str) -> None:
        """From now on requests to `path` (a glob) are answered so, as a server that refuses."""
        self.forgiving = True
        given = {name.replace("_", "-"): value for name, value in headers.items()}

        def fulfil(route: Route) -> None:
            route.fulfill(
                status=status, body=body, headers={"content-type": "application/json", **given}
            )

        self.page.route(path, fulfil)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if self.forgiving and message.text.startswith(_OF_THE_NETWORK):
            return
        self.complaints.append(f"{message.type}: {message.text}")
