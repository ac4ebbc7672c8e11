"""The page Classify: a table of texts, row by row."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.fakes.server_process import server_process
from tests.studio.person import Person

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

ROWS = [
    ["id", "text", "note"],
    ["1", "my card has not arrived yet", "=SUM(A1:A9)"],
    ["2", "play some jazz, please", "-5"],
    ["3", "", 'a "quoted" note\nof two lines'],
    ["4", "a burger and a large coke", "@home"],
]


def write_table(path: Path, rows: list[list[str]], delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return path


def choose(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_role("region", name="The file")).to_contain_text(path.name)


def only(page: Page, model: str) -> None:
    for name in ("banking77", "fastfood", "snips", "travel-and-money"):
        page.get_by_role("checkbox", name=name).set_checked(name == model)


def download(page: Page) -> tuple[str, list[list[str]]]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    found = waiting.value
    path = Path(found.path())
    with path.open(newline="", encoding="utf-8") as file:
        delimiter = "\t" if found.suggested_filename.endswith(".tsv") else ","
        return found.suggested_filename, list(csv.reader(file, delimiter=delimiter))


def test_a_table_comes_back_with_labels_and_scores(person: Person, tmp_path: Path) -> None:
    page = person.open("classify/file")
    choose(page, write_table(tmp_path / "mails.csv", ROWS))
    expect(page.get_by_label("Column with the texts")).to_have_value("1")
    only(page, "snips")
    page.get_by_role("button", name="Classify 4 rows").click()
    expect(page.get_by_text("Done, with errors in some rows")).to_be_visible()
    name, rows = download(page)
    assert name == "mails-classified.csv"
    assert rows[0] == [
        "id", "text", "note", "snips label", "snips score", "snips out of scope", "error",
    ]  # fmt: skip
    assert [row[:3] for row in rows[1:]] == [
        ["1", "my card has not arrived yet", "'=SUM(A1:A9)"],
        ["2", "play some jazz, please", "-5"],
        ["3", "", 'a "quoted" note\nof two lines'],
        ["4", "a burger and a large coke", "'@home"],
    ]
    assert rows[2][3] == "PlayMusic"
    assert 0.5 < float(rows[2][4]) <= 1
    assert rows[3][3:] == ["", "", "", "the text is empty"]


def test_by_keyboard_alone_on_every_screen(person_of_form: Person, tmp_path: Path) -> None:
    person = person_of_form
    page = person.open("classify/file")
    assert person.violations() == []
    page.get_by_label("Or paste rows").focus()
    page.keyboard.insert_text("message;n\nmy card has not arrived yet;1\nplay some jazz;2\n")
    person.keys("Tab", "Enter")
    expect(page.get_by_role("region", name="The file")).to_contain_text("2 rows")
    expect(page.get_by_label("Columns are separated by")).to_have_value(";")
    assert person.violations() == []
    assert not person.overflows()
    page.get_by_role("button", name="Classify 2 rows").focus()
    person.keys("Enter")
    page.get_by_role("button", name="Download the result").focus()
    assert person.violations() == []
    assert not person.overflows()
    expect(page.get_by_role("region", name="The first answers")).to_contain_text("PlayMusic")


def test_what_was_guessed_can_be_corrected(person: Person, tmp_path: Path) -> None:
    page = person.open("classify/file")
    path = tmp_path / "lines.txt"
    path.write_text("where is my card, please\nplay some jazz\nstop, now\n")
    choose(page, path)
    expect(page.get_by_label("Columns are separated by")).to_have_value("")
    expect(page.get_by_role("button", name="Classify 3 rows")).to_be_visible()
    page.get_by_label("The first row names the columns").check()
    expect(page.get_by_role("button", name="Classify 2 rows")).to_be_visible()
    page.get_by_label("Columns are separated by").select_option("commas")
    expect(page.get_by_label("Column with the texts").get_by_role("option")).to_have_count(2)


def test_a_dropped_file_is_opened(person: Person) -> None:
    page = person.open("classify")
    page.evaluate(
        """() => {
            const held = new DataTransfer();
            held.items.add(new File(["text\\nplay some jazz\\nstop\\n"], "dropped.csv"));
            const how = { dataTransfer: held, bubbles: true, cancelable: true };
            document.querySelector("main").dispatchEvent(new DragEvent("dragover", how));
            document.querySelector("main").dispatchEvent(new DragEvent("drop", how));
        }"""
    )
    expect(page.get_by_role("region", name="The file")).to_contain_text("dropped.csv")


def test_files_that_are_no_tables_are_told(person: Person, tmp_path: Path) -> None:
    page = person.open("classify/file")
    empty = tmp_path / "empty.csv"
    empty.write_text("\n\n")
    page.locator("input[type=file]").set_input_files(empty)
    expect(page.get_by_role("alert")).to_have_text("empty.csv: The file is empty.")
    endless = tmp_path / "endless.csv"
    endless.write_text('id,text\n1,"' + "never closed " * 100_000)
    page.locator("input[type=file]").set_input_files(endless)
    expect(page.get_by_role("alert")).to_contain_text("is a quote not closed?")


def test_fifty_thousand_rows_do_not_freeze_the_page(person: Person, tmp_path: Path) -> None:
    rows = [["id", "text"], *([str(n), f"text number {n % 40}"] for n in range(50_000))]
    path = write_table(tmp_path / "big.tsv", rows, "\t")
    page = person.open("classify/file")
    # The longest time between two frames while it is read and classified.
    page.evaluate(
        """() => {
            window.longest = 0;
            let before = performance.now();
            const frame = (now) => {
                window.longest = Math.max(window.longest, now - before);
                before = now;
                requestAnimationFrame(frame);
            };
            requestAnimationFrame(frame);
        }"""
    )
    choose(page, path)
    only(page, "snips")
    page.get_by_role("button", name="Classify 50,000 rows").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=120_000)
    name, found = download(page)
    assert name == "big-classified.tsv"
    assert [row[0] for row in found[1:]] == [str(n) for n in range(50_000)]
    assert {len(row) for row in found} == {6}
    print("longest frame, ms:", page.evaluate("window.longest"))  # noqa: T201  told, not asserted


def test_cancelled_it_keeps_what_was_answered(person: Person, tmp_path: Path) -> None:
    asked = 0

    def some_answered(route: Route) -> None:
        nonlocal asked
        asked += 1
        if asked <= 3:
            route.continue_()

    rows = [["text"], *([f"text {n}"] for n in range(2_000))]
    page = person.open("classify/file")
    page.route("**/v1/classify", some_answered)
    choose(page, write_table(tmp_path / "some.csv", rows))
    only(page, "snips")
    page.get_by_role("button", name="Classify 2,000 rows").click()
    expect(page.get_by_text("768 of 2,000 rows")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    _, found = download(page)
    assert [row[0] for row in found] == ["text", *(f"text {n}" for n in range(768))]
    page.get_by_role("button", name="Change the choices").click()
    expect(page.get_by_role("button", name="Classify 2,000 rows")).to_be_visible()


def test_a_run_goes_on_while_another_page_is_open(person: Person, tmp_path: Path) -> None:
    page = person.open("classify/file")
    choose(page, write_table(tmp_path / "t.csv", [["text"], *([f"t {n}"] for n in range(600))]))
    page.get_by_role("button", name="Classify 600 rows").click()
    page.get_by_role("link", name="Write").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Write")
    page.get_by_role("link", name="Classify").click()
    page.get_by_role("radio", name="A file").check()
    expect(page.get_by_text("600 of 600 rows")).to_be_visible()


def test_a_busy_server_is_asked_again(person: Person, tmp_path: Path) -> None:
    person.forgiving = True
    refused = 0
    body = json.dumps({"error": {"message": "too many requests", "code": "rate_limited"}})

    def often_busy(route: Route) -> None:
        nonlocal refused
        refused += 1
        if refused % 2:
            headers = {"retry-after": "0.1", "content-type": "application/json"}
            route.fulfill(status=429, headers=headers, body=body)
        else:
            route.continue_()

    page = person.open("classify/file")
    page.route("**/v1/classify", often_busy)
    choose(page, write_table(tmp_path / "t.csv", [["text"], *([f"t {n}"] for n in range(600))]))
    page.get_by_role("button", name="Classify 600 rows").click()
    expect(page.get_by_text("600 of 600 rows")).to_be_visible()
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    assert refused >= 6


def test_what_only_a_person_can_mend_stops_it_until_they_did(
    person: Person, tmp_path: Path
) -> None:
    person.forgiving = True
    page = person.open("classify/file")
    body = json.dumps({"error": {"message": "no such model", "code": "model_not_found"}})
    person.answer("**/v1/classify", status=404, body=body)
    choose(page, write_table(tmp_path / "t.csv", [["text"], ["play some jazz"], ["stop"]]))
    page.get_by_role("button", name="Classify 2 rows").click()
    expect(page.get_by_text("no such model")).to_be_visible()
    page.unroute("**/v1/classify")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible()


def test_a_server_that_restarts_is_waited_for(browser: Browser, demo: Path, tmp_path: Path) -> None:
    rows = [["text"], *([f"some text number {n}"] for n in range(3_000))]
    path = write_table(tmp_path / "t.csv", rows)
    with server_process(demo) as first:
        port = first.port
        with Person.at(browser, first.url) as person:
            person.forgiving = True
            page = person.open("classify/file")
            choose(page, path)
            page.get_by_role("button", name="Classify 3,000 rows").click()
            expect(page.get_by_role("region", name="What was found")).to_be_visible()
            first.process.kill()
            first.process.wait(20)
            expect(page.get_by_text("Waiting for the server")).to_be_visible()
            with server_process(demo, "--port", str(port)):
                expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=60_000)
                _, found = download(page)
                assert [row[0] for row in found[1:]] == [row[0] for row in rows[1:]]
