"""The page of models: the store, a version's card and report, and putting one into production."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from cuebox.api.keys import KeyFile
from cuebox.store import open_store
from tests.fakes.server_process import server_process
from tests.studio.person import Person

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser


def test_the_store_and_a_card_in_every_form(person_of_form: Person) -> None:
    person = person_of_form
    page = person.open("models")
    expect(page.get_by_role("row")).to_have_count(9)
    expect(page.get_by_text("without what they share it would be")).to_be_visible()
    expect(page.get_by_role("heading", name="Memory in use")).to_be_visible()
    assert not person.overflows()
    assert person.violations() == []
    page.get_by_role("link", name="banking77", exact=True).focus()
    person.keys("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("banking77")
    expect(
        page.get_by_text("What a bank's customer wants, one of 77 intents").first
    ).to_be_visible()
    expect(page.get_by_text("is shared with 5 other models")).to_be_visible()
    expect(page.get_by_text("production was pointed at")).to_be_visible()
    report = page.frame_locator("iframe")
    expect(report.get_by_role("heading", level=1)).to_have_text("banking77")
    assert not person.overflows()
    assert person.violations() == []


def test_a_report_opens_in_a_new_tab_and_can_reach_nothing(person: Person) -> None:
    page = person.open("models/banking77")
    with person.context.expect_page() as opened:
        page.get_by_role("link", name="Open in a new tab").click()
    tab = opened.value
    expect(tab.get_by_role("heading", level=1)).to_have_text("banking77")
    assert tab.url.startswith(f"{person.url}/reports/")
    # An origin of its own: neither what the studio remembers nor the API is in its reach.
    assert tab.evaluate("self.origin") == "null"
    blocked = "fetch('/v1/models').then(() => 'reached', () => 'blocked')"
    assert tab.evaluate(blocked) == "blocked"
    tab.close()


def test_pictures_and_texts_of_a_version(person: Person) -> None:
    page = person.open("models/writer")
    page.get_by_label("File", exact=True).select_option("curve.png")
    picture = page.frame_locator("iframe").locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 100
    page.get_by_label("File", exact=True).select_option("card.md")
    expect(page.frame_locator("iframe").locator("pre")).to_contain_text("writer")


def test_files_of_a_version_without_a_report_are_opened_when_asked(person: Person) -> None:
    page = person.open("models/replies")
    expect(page.get_by_role("heading", name="Files")).to_be_visible()
    expect(page.locator("iframe")).to_have_count(0)
    page.get_by_label("File", exact=True).select_option("metrics.json")
    expect(page.frame_locator("iframe").locator("pre")).to_contain_text("exact_at_1")


def test_what_is_not_there_is_told(person: Person) -> None:
    page = person.open("models/nobody")
    expect(page.get_by_text("The store has no model “nobody”.")).to_be_visible()
    person.page.goto(f"{person.url}/#/models/banking77/1999-01-01.1")
    expect(page.get_by_text("banking77 has no version 1999-01-01.1")).to_be_visible()
    expect(page.get_by_text("production was pointed at")).to_be_visible()


def test_it_asks_for_a_key_and_says_what_the_key_lacks(
    browser: Browser, demo: Path, tmp_path: Path
) -> None:
    file = KeyFile(tmp_path / "keys.json")
    shop = file.create("shop", scopes=("predict",))[1]
    ops = file.create("ops", scopes=("predict", "admin", "metrics"))[1]
    with (
        server_process(tmp_path, "--store", str(demo / "store")) as server,
        Person.at(browser, server.url) as person,
    ):
        person.forgiving = True
        page = person.open("models")
        for key in (shop, ops):
            dialog = page.get_by_role("dialog", name="API key")
            dialog.get_by_label("Key", exact=True).fill(key)
            person.keys("Enter")
            expect(dialog).to_be_hidden()
            if key == shop:
                expect(page.get_by_text("this key lacks the scope 'admin'").first).to_be_visible()
                page.get_by_role("button", name="Enter an API key").first.click()
        expect(page.get_by_role("row")).to_have_count(9)
        page.get_by_role("link", name="banking77", exact=True).click()
        report = page.frame_locator("iframe")
        expect(report.get_by_role("heading", level=1)).to_have_text("banking77")
        addresses = [page.url, *(frame.url for frame in page.frames)]
        assert not [url for url in addresses if ops in url]


@pytest.mark.parametrize("status", [429, 500])
def test_a_store_that_cannot_be_read_is_told_and_tried_again(person: Person, status: int) -> None:
    error = {"message": "the store does not answer", "code": "x", "type": "x", "param": None}
    person.answer("**/v1/admin/store", status=status, body=json.dumps({"error": error}))
    page = person.open("models")
    expect(page.get_by_text("the store does not answer")).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="Try again").focus()
    person.keys("Enter")
    expect(page.get_by_role("row")).to_have_count(9)


def test_another_version_is_put_into_production_and_nobody_is_overruled(
    browser: Browser, demo: Path, tmp_path: Path
) -> None:
    shutil.copytree(demo / "store", tmp_path / "store")
    store = open_store(str(tmp_path / "store"), cache_dir=str(tmp_path / "cache"))
    first = store.versions("snips")[0]
    again = store.publish(store.manifest("snips", first))
    with server_process(tmp_path) as server, Person.at(browser, server.url) as person:
        page = person.open(f"models/snips/{again.version}")
        expect(page.get_by_text("is shared with 1 other version of it").first).to_be_visible()
        page.get_by_role("button", name="Put into production").focus()
        person.keys("Enter")
        page.get_by_label("Why").fill("better on Mondays")
        # Somebody else is faster.
        store.move_alias("snips", "production", first, actor="else")
        person.forgiving = True
        person.keys("Enter")
        expect(page.get_by_text("was moved by somebody else")).to_be_visible()
        assert page.get_by_label("Why").input_value() == "better on Mondays"
        assert person.violations() == []
        person.keys("Escape")
        person.page.reload()
        page.get_by_role("button", name="Put into production").click()
        page.get_by_label("Why").fill("better on Mondays")
        person.keys("Enter")
        moved = f"production went from {first} to {again.version}"
        expect(page.get_by_text(moved)).to_be_visible()
        expect(page.get_by_text("better on Mondays")).to_be_visible()
        expect(page.get_by_text("served here")).to_be_visible()
        expect(page.get_by_role("button", name="Put into production")).to_be_hidden()
    assert store.aliases("snips")["production"].version == again.version


def test_an_empty_store_says_how_to_begin(browser: Browser, tmp_path: Path) -> None:
    with server_process(tmp_path) as server, Person.at(browser, server.url) as person:
        page = person.open("models")
        expect(page.get_by_text("The store is empty")).to_be_visible()
