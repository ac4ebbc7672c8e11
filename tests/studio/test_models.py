"""The page of models: the store, a version's card and report, and putting one into production."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import msgspec
import pytest
from playwright.sync_api import expect

from cuebox.api.keys import KeyFile
from cuebox.store import open_store
from tests.fakes.server_process import server_process
from tests.studio.person import Person

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Route

    from cuebox.store.model_store import ObjectModelStore


def store_of(demo: Path, folder: Path) -> ObjectModelStore:
    """The demo's store, to be changed."""
    shutil.copytree(demo / "store", folder / "store")
    return open_store(str(folder / "store"), cache_dir=str(folder / "cache"))


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
    store = store_of(demo, tmp_path)
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
        expect(page.get_by_role("status").filter(has_text=moved)).to_be_focused()
        expect(page.get_by_text("better on Mondays")).to_be_visible()
        expect(page.get_by_text("served here")).to_be_visible()
        expect(page.get_by_role("button", name="Put into production")).to_be_hidden()
    assert store.aliases("snips")["production"].version == again.version


def test_an_alias_is_rolled_back_and_taken_out_of_service_by_keyboard(
    browser: Browser, demo: Path, tmp_path: Path
) -> None:
    store = store_of(demo, tmp_path)
    first = store.versions("snips")[0]
    again = store.publish(store.manifest("snips", first))
    store.move_alias("snips", "production", again.version)
    with server_process(tmp_path) as server, Person.at(browser, server.url) as person:
        page = person.open("models/snips")
        back = page.get_by_role("button", name="Roll back production")
        back.focus()
        person.keys("Enter")
        dialog = page.get_by_role("dialog", name=f"Roll production back to {first}")
        expect(dialog.get_by_text(f"are answered by {first} from then on")).to_be_visible()
        expect(dialog.get_by_text("rolling back again goes further back")).to_be_visible()
        assert person.violations() == []
        person.keys("Escape")
        expect(dialog).to_be_hidden()
        expect(back).to_be_focused()
        assert store.aliases("snips")["production"].version == again.version
        person.keys("Enter")
        page.get_by_label("Why").fill("worse on Mondays")
        person.keys("Enter")
        went = f"production went from {again.version} to {first}."
        told = page.get_by_role("status").filter(has_text=went)
        expect(told).to_be_focused()
        expect(page.get_by_text("worse on Mondays")).to_be_visible()
        assert store.aliases("snips")["production"].version == first
        # There is nothing before it.
        expect(back).to_be_hidden()
        page.get_by_role("button", name="Take out of service: production").focus()
        person.keys("Enter")
        expect(page.get_by_text("From then on requests to snips are refused")).to_be_visible()
        person.keys("Tab", "Tab", "Enter")
        expect(page.get_by_text("production was taken out of service.")).to_be_focused()
        assert store.aliases("snips")["production"].version is None
        body = {"model": "snips", "input": "play some jazz"}
        assert server.request("POST", "/v1/classify", body)[0] == 404
        # And back into service.
        back.focus()
        person.keys("Enter")
        page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
        expect(page.get_by_text(f"production was pointed at {first}.")).to_be_focused()
        assert server.request("POST", "/v1/classify", body)[0] == 200
        assert person.violations() == []


def test_a_move_that_is_refused_or_fails_is_told(
    browser: Browser, demo: Path, tmp_path: Path
) -> None:
    store = store_of(demo, tmp_path)
    first = store.versions("snips")[0]
    broken = store.publish(store.manifest("snips", first))
    with server_process(tmp_path) as server, Person.at(browser, server.url) as person:
        person.forgiving = True
        page = person.open("models/snips")
        page.get_by_role("button", name="Take out of service: production").click()
        page.get_by_label("Why").fill("of no use")
        # Somebody else is faster.
        store.move_alias("snips", "production", first, actor="else")
        person.keys("Enter")
        expect(page.get_by_text("was moved by somebody else")).to_be_visible()
        assert page.get_by_label("Why").input_value() == "of no use"
        assert store.aliases("snips")["production"].version == first
        # Whoever closes the dialog sees what happened, and may decide anew.
        person.keys("Escape")
        expect(page.get_by_text("by else")).to_be_visible()
        error = {"message": "the disk is full", "code": "store_error", "type": "x", "param": None}
        person.answer("**/retire", status=500, body=json.dumps({"error": error}))
        page.get_by_role("button", name="Take out of service: production").click()
        person.keys("Enter")
        expect(page.get_by_role("dialog").get_by_text("the disk is full")).to_be_visible()
        page.unroute_all()
        person.keys("Escape")
        # A version that this server cannot load: it answers with the one before.
        manifest = store.manifest("snips", broken.version)
        path = tmp_path / "store/models/snips/versions" / broken.version / "manifest.json"
        path.chmod(0o600)
        path.write_bytes(msgspec.structs.replace(manifest, kind="nothing").encode())
        page.goto(f"{person.url}/#/models/snips/{broken.version}")
        page.get_by_role("button", name="Put into production").click()
        person.keys("Enter")
        told = page.get_by_role("status").filter(has_text="This server could not load it")
        expect(told).to_be_focused()
        expect(told).to_contain_text(f"production went from {first} to {broken.version}.")
        body = {"model": "snips", "input": "play some jazz"}
        assert server.request("POST", "/v1/classify", body)[0] == 200


def test_aliases_that_cannot_be_read_are_told(browser: Browser, demo: Path, tmp_path: Path) -> None:
    store_of(demo, tmp_path)
    with server_process(tmp_path) as server, Person.at(browser, server.url) as person:
        person.forgiving = True
        record = tmp_path / "store/models/snips/aliases/production/00000001.json"
        record.chmod(0o600)
        record.write_bytes(b"{")
        page = person.open("models")
        expect(page.get_by_role("row")).to_have_count(9)
        row = page.get_by_role("row").filter(has_text="snips")
        expect(row.get_by_text("aliases unreadable")).to_be_visible()
        page.get_by_role("link", name="snips", exact=True).click()
        expect(page.get_by_text("is not a record of an alias").first).to_be_visible()
        expect(page.get_by_role("button", name="Put into production")).to_be_hidden()
        expect(page.get_by_role("heading", name="Size")).to_be_visible()


def test_a_frame_that_is_loaded_again_after_its_link_ran_out_shows_the_report(
    person: Person,
) -> None:
    person.forgiving = True

    def short(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | {"expires_in": 2})

    person.page.route("**/report", short)
    page = person.open("models/banking77")
    heading = page.frame_locator("iframe").get_by_role("heading", level=1)
    expect(heading).to_have_text("banking77")
    frame = page.locator("iframe")
    stale = frame.get_attribute("src")
    assert stale is not None
    # As after five minutes: the link in the frame opens nothing, and the newest one does.
    page.route(f"**/{stale}", lambda route: route.fulfill(status=404, body="run out"))
    expect(page.get_by_role("link", name="Open in a new tab")).not_to_have_attribute("href", stale)
    expect(frame).to_have_attribute("src", stale)
    page.frames[1].evaluate("() => location.reload()")
    expect(frame).not_to_have_attribute("src", stale)
    expect(heading).to_have_text("banking77")


def test_a_link_that_ran_out_leads_back_to_its_report(person: Person) -> None:
    person.forgiving = True
    page = person.open("models/banking77")
    page.goto(f"{person.url}/reports/made-up")
    expect(page.get_by_role("heading", level=1)).to_have_text("This link opens nothing any more")
    assert person.violations() == []
    page.get_by_role("link", name="All models").focus()
    person.keys("Enter")
    expect(page.get_by_role("row")).to_have_count(9)


def test_an_empty_store_says_how_to_begin(browser: Browser, tmp_path: Path) -> None:
    with server_process(tmp_path) as server, Person.at(browser, server.url) as person:
        page = person.open("models")
        expect(page.get_by_text("The store is empty")).to_be_visible()
