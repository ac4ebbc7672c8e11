"""The page of figures: with work and without, read by eye and by ear, the server well and gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.fakes.server_process import server_process
from tests.studio.person import Person

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

    from tests.fakes.server_process import ServerProcess

GLOB = "**/v1/monitor/*"
# Milliseconds: the page looks every five seconds.
SOON = 20_000


def work(server: ServerProcess) -> None:
    """One text for all classifiers, a mistake, and a completion."""
    server.request("POST", "/v1/classify", {"model": "*", "input": "my card has not arrived"})
    server.request("POST", "/v1/classify", {"model": "banking77", "input": [7]})
    body = {"model": "writer", "prompt": "She opened the door", "max_tokens": 4}
    assert server.request("POST", "/v1/completions", body)[0] == 200


def figures(server: ServerProcess) -> dict[str, Any]:
    """What the server says, with an hour of made-up columns, so that there is something to draw."""
    found: dict[str, Any] = server.request("GET", "/v1/monitor/hour")[1]
    columns = 100
    found |= {"started": found["now"] - 7200, "seconds": 3600.0, "requests": 5000, "errors": 12}
    waves = [round(5 + 4 * ((at * 7) % 13) / 13, 2) for at in range(columns)]
    for each in found["models"]:
        each["requests_per_second"] = waves
    found["timeline"] = {
        "until": [found["now"] - 30 * (columns - 1 - at) for at in range(columns)],
        "seconds": [30.0] * columns,
        "requests": waves,
        "refused": [0.0] * columns,
        "errors": [0.4 if at == 50 else 0.0 for at in range(columns)],
        "in_flight": [at % 4 for at in range(columns)],
        "queued": [0] * columns,
        "hit_ratio": [None if at < 10 else 0.5 for at in range(columns)],
        "phases": {
            phase: {"p50": waves, "p90": [2 * at for at in waves], "p99": [9 * at for at in waves]}
            for phase in found["timeline"]["phases"]
        },
    }
    return found


def show(person: Person, found: dict[str, Any]) -> Page:
    person.page.route(GLOB, lambda route: route.fulfill(json=found))
    return person.open("monitor")


def test_it_reads_well_in_every_form(person_of_form: Person, server: ServerProcess) -> None:
    work(server)
    page = show(person_of_form, figures(server))
    for name in ("Requests a second", "Waiting and in work", "Latency by phase",
                 "Embeddings remembered", "Suggestions", "Models"):  # fmt: skip
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    assert not person_of_form.overflows()
    assert person_of_form.violations() == []
    for summary in page.get_by_text("As a table").all():
        summary.click()
    expect(page.get_by_role("columnheader", name="Failed", exact=True)).to_be_visible()
    assert not person_of_form.overflows()
    assert person_of_form.violations() == []


def test_the_figures_are_the_servers(person: Person, server: ServerProcess) -> None:
    work(server)
    page = person.open("monitor")
    row = page.get_by_role("row", name="banking77")
    expect(row).to_be_visible()
    _, found, _ = server.request("GET", "/v1/monitor/hour")
    banking = next(each for each in found["models"] if each["model"] == "banking77")
    cells = row.get_by_role("cell").all_inner_texts()
    assert cells[1:5] == [
        f"{banking[name]:,}" for name in ("requests", "rows", "refused", "errors")
    ]
    assert banking["refused"] >= 1
    page.get_by_role("radio", name="Since start").check()
    expect(page.get_by_text("since the start").first).to_be_visible()


def test_plots_are_read_with_the_arrow_keys(person: Person, server: ServerProcess) -> None:
    page = show(person, figures(server))
    plot = page.get_by_role("slider", name="Requests a second, through time")
    expect(plot).to_have_attribute("aria-valuetext", "5,000 requests in the last hour, 12 failed, "
                                   f"{figures(server)['refused']} refused.")  # fmt: skip
    plot.focus()
    for _ in range(50):
        person.keys("ArrowLeft")
    text = plot.get_attribute("aria-valuetext") or ""
    assert text.endswith("Failed 0.4")
    person.keys("ArrowRight")
    text = plot.get_attribute("aria-valuetext") or ""
    assert text.endswith("Failed 0")
    person.keys("Escape")
    expect(plot).to_have_attribute("aria-valuenow", "99")


def test_a_phase_is_chosen_by_keyboard_and_remembered(
    person: Person, server: ServerProcess
) -> None:
    page = show(person, figures(server))
    page.get_by_role("radio", name="Whole request").focus()
    person.keys("ArrowDown", "ArrowDown", "ArrowDown")
    expect(page.get_by_role("radio", name="Encode")).to_be_checked()
    expect(page.get_by_role("slider", name="Latency of: Encode, through time")).to_be_visible()
    page.reload()
    expect(page.get_by_role("radio", name="Encode")).to_be_checked()


def test_a_server_that_nobody_asked_yet_says_what_to_do(browser: Browser, tmp_path: Path) -> None:
    with server_process(tmp_path) as server, Person.at(browser, server.url) as person:
        page = person.open("monitor")
        expect(page.get_by_text("No model has been asked anything yet")).to_be_visible()
        expect(page.get_by_text("cuebox loadtest")).to_be_visible()


def test_while_the_server_is_gone_the_last_figures_stay_and_it_goes_on_by_itself(
    person: Person, server: ServerProcess
) -> None:
    work(server)
    page = person.open("monitor")
    expect(page.get_by_role("row", name="banking77")).to_be_visible()
    person.forgiving = True
    gone: dict[str, Any] = {"url": lambda url: True, "handler": lambda route: route.abort()}
    page.route(**gone)
    expect(page.get_by_text("No answer since")).to_be_visible(timeout=SOON)
    expect(page.get_by_role("row", name="banking77")).to_be_visible()
    assert person.violations() == []
    page.unroute_all()
    expect(page.get_by_text("No answer since")).to_be_hidden(timeout=SOON)
    expect(page.get_by_text("Seen just now")).to_be_visible()


@pytest.mark.parametrize(("status", "words"), [(429, "too many"), (500, "broken"), (403, "lacks")])
def test_refusals_are_told_and_figures_stay(
    person: Person, server: ServerProcess, status: int, words: str
) -> None:
    work(server)
    page = person.open("monitor")
    expect(page.get_by_role("row", name="banking77")).to_be_visible()
    error = {"message": f"this is {words}", "code": "x", "type": "x", "param": None}
    person.answer(GLOB, status=status, body=json.dumps({"error": error}))
    expect(page.get_by_text(f"this is {words}")).to_be_visible(timeout=SOON)
    expect(page.get_by_role("row", name="banking77")).to_be_visible()
    page.unroute_all()
    if status != 403:
        expect(page.get_by_text(f"this is {words}")).to_be_hidden(timeout=SOON)


def test_out_of_sight_it_does_not_ask(person: Person) -> None:
    asked: list[str] = []

    def note(route: Route) -> None:
        asked.append(route.request.url)
        route.continue_()

    person.page.route(GLOB, note)
    page = person.open("monitor")
    page.clock.install()
    page.reload()
    expect(
        page.get_by_text("Seen just now").or_(page.get_by_text("asked anything"))
    ).to_be_visible()
    hide = "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true}); document.dispatchEvent(new Event('visibilitychange')) }"
    page.evaluate(hide, arg=True)
    before = len(asked)
    page.clock.run_for(60_000)
    assert len(asked) == before
    with page.expect_response(GLOB):
        page.evaluate(hide, arg=False)
    assert len(asked) == before + 1
