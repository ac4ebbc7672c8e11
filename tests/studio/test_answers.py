"""The page Answers, used as a reviewer would: with keys, several people, and failing servers."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect

from cuebox.cli.demo import _list_answers
from cuebox.kinds.reply.answers.answer_list import Answer
from cuebox.kinds.reply.answers.table import read_answers, write_answers
from tests.fakes.server_process import ServerProcess, server_process
from tests.fakes.tiny_store import make_store
from tests.studio.person import DESKTOP, Form, Person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Route

ROOT = Path(__file__).resolve().parents[2]
THANKS = "Thank you and goodbye."
INSTRUCTIONS = "Your instructions are: {message}."
ELSE = "Is there anything else that I can do for you?"
NAME = "Could I get your name, please?"
MAY = "May I have your name, please?"
TIMES = "\N{MULTIPLICATION SIGN}"


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of lists; `star` is the demo's, of real conversations."""
    folder = tmp_path_factory.mktemp("answers") / "lists"
    _list_answers(ROOT / "examples" / "demo_answers.toml", folder, str(ROOT / "starter"))
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def reviewing(
    lists: Path, store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server with the lists."""
    folder = tmp_path_factory.mktemp("server")
    with server_process(folder, "--store", str(store), "--answers", str(lists)) as running:
        yield running


@pytest.fixture
def star(lists: Path, request: pytest.FixtureRequest) -> Path:
    """A list of this test's own."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:60]
    path = lists / f"{name}.csv"
    shutil.copy(lists / "star.csv", path)
    return path


@pytest.fixture
def reviewer(browser: Browser, reviewing: ServerProcess, star: Path) -> Iterator[Person]:
    with Person.at(browser, reviewing.url) as someone:
        open_list(someone, star)
        yield someone


def open_list(person: Person, path: Path) -> None:
    person.open(f"answers/{path.stem}")
    expect(rows(person.page).first).to_be_visible()


def rows(page: Page) -> Locator:
    return page.get_by_role("listbox").get_by_role("option")


def progress(page: Page, words: str) -> None:
    expect(page.locator(".answers-progress > p").first).to_have_text(words)


def saved(person: Person) -> None:
    expect(person.page.locator(".answers-saved")).to_have_text("Saved")


def opened(page: Page, text: str) -> None:
    expect(page.locator(".answers-wording")).to_have_text(text)


def on_disk(path: Path) -> dict[str, Answer]:
    return {answer.text: answer for answer in read_answers(path)}


def refuse(person: Person, star: Path, status: int, **headers: str) -> None:
    """From now on nothing can be saved."""
    person.forgiving = True
    code = {401: "unauthenticated", 429: "rate_limited", 503: "unavailable"}[status]
    error = {"message": "Not now.", "type": "t", "param": None, "code": code}

    def answer(route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        route.fulfill(
            status=status,
            body=json.dumps({"error": error}),
            headers={"content-type": "application/json", **headers},
        )

    person.page.route(f"**/v1/admin/answers/{star.stem}", answer)


def test_a_review_by_keys_alone(reviewer: Person, star: Path) -> None:
    page = reviewer.page
    opened(page, THANKS)
    reviewer.keys("a", "r")
    opened(page, ELSE)
    reviewer.keys("t")
    page.keyboard.type("closing, polite")
    reviewer.keys("Enter", "Escape", "n")
    page.keyboard.type("asked too often")
    reviewer.keys("Escape", "j")
    opened(page, NAME)
    reviewer.keys("m")
    expect(page.get_by_role("dialog")).to_contain_text(MAY)
    reviewer.keys("1", "e", "Control+a")
    page.keyboard.type("What is your name?")
    reviewer.keys("Enter", "a")
    progress(page, "4 of 66 reviewed")
    saved(reviewer)

    answers = on_disk(star)
    assert answers[THANKS].status == "accepted"
    assert answers[INSTRUCTIONS].status == "rejected"
    assert answers[ELSE].tags == ("closing", "polite")
    assert answers[ELSE].note == "asked too often"
    assert answers["What is your name?"].status == "accepted"
    assert answers[MAY].merged_into == answers["What is your name?"].id
    assert len(answers) == 66


def test_every_step_is_undone_also_after_a_reload(reviewer: Person, star: Path) -> None:
    before = star.read_bytes()
    reviewer.keys("a", "r", "e")
    reviewer.page.keyboard.type(" Really?")
    reviewer.keys("Enter", "m", "1")
    saved(reviewer)
    assert star.read_bytes() != before
    reviewer.page.reload()
    expect(rows(reviewer.page).first).to_be_visible()
    reviewer.keys("u", "u", "u", "u")
    progress(reviewer.page, "0 of 66 reviewed")
    expect(reviewer.page.get_by_role("button", name="Undo")).to_be_disabled()
    saved(reviewer)
    assert star.read_bytes() == before


def test_search_and_filters(reviewer: Person) -> None:
    page = reviewer.page
    reviewer.keys("/")
    page.keyboard.type("FLIGHT unavailable")
    expect(rows(page)).to_have_count(2)
    reviewer.keys("Enter", "r")
    page.get_by_role("radio", name="Rejected 1").check(force=True)
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("radio", name="All 66").check(force=True)
    page.get_by_label("Flag").select_option("person")
    expect(page.get_by_text("3 found")).to_be_visible()


def test_merged_answers_can_be_taken_apart_and_exchanged(reviewer: Person, star: Path) -> None:
    page = reviewer.page
    reviewer.keys("j", "j", "j", "m", "1")
    opened(page, NAME)
    expect(page.get_by_text("said 75 times")).to_be_visible()
    page.get_by_role("button", name="Offer this wording").click()
    opened(page, MAY)
    expect(page.get_by_text("said 75 times")).to_be_visible()
    saved(reviewer)
    answers = on_disk(star)
    assert (answers[MAY].merged_into, answers[NAME].merged_into) == ("", answers[MAY].id)
    page.get_by_role("button", name="Take apart").click()
    expect(page.get_by_text("said 30 times")).to_be_visible()
    saved(reviewer)
    assert on_disk(star)[NAME].merged_into == ""


def test_an_opened_answer_shows_the_messages_it_was_found_in(reviewer: Person, star: Path) -> None:
    page = reviewer.page
    opened(page, THANKS)
    said = page.locator(".answers-part", has_text="How it was said")
    expect(said.get_by_role("heading")).to_have_text(f"How it was said 80{TIMES}")
    expect(said).to_contain_text("Word for word as it stands above.")
    reviewer.keys("j")
    answer = next(each for each in on_disk(star).values() if each.text == INSTRUCTIONS)
    expect(said.get_by_role("heading")).to_have_text(f"How it was said 73{TIMES}")
    expect(said.get_by_role("listitem")).to_have_text([answer.said, *answer.examples])
    # Those of an answer that was merged into it stay in sight, with how often it was said.
    reviewer.keys("k", "m")
    page.get_by_role("dialog").get_by_role("combobox").fill("Your instructions are")
    reviewer.keys("Enter")
    merged = page.locator(".answers-part", has_text="Merged into it").get_by_role("listitem")
    expect(merged).to_contain_text(answer.said)
    expect(merged).to_contain_text(f"73{TIMES}")


def test_an_answer_of_ones_own(reviewer: Person, star: Path) -> None:
    reviewer.keys("+")
    reviewer.page.keyboard.type("It was a pleas")
    reviewer.page.reload()
    expect(rows(reviewer.page).first).to_be_visible()
    reviewer.keys("+")
    expect(reviewer.page.get_by_label("Text")).to_have_value("It was a pleas")
    reviewer.keys("End")
    reviewer.page.keyboard.type("ure, {name}.")
    reviewer.keys("Enter")
    opened(reviewer.page, "It was a pleasure, name.")
    saved(reviewer)
    added = on_disk(star)["It was a pleasure, {name}."]
    assert (added.status, added.count) == ("accepted", 0)


def test_someone_else_was_quicker(reviewer: Person, star: Path) -> None:
    page = reviewer.page
    answers = read_answers(star)
    theirs = [
        replace(answers[0], text="Bye!"),
        replace(answers[1], status="accepted"),
        *answers[2:],
    ]
    write_answers(star, theirs)
    reviewer.forgiving = True  # of the 409
    reviewer.keys("e")
    page.keyboard.type(" Take care.")
    reviewer.keys("Enter", "j", "t")
    page.keyboard.type("x")
    reviewer.keys("Enter", "Escape", "k")
    conflict = page.get_by_role("alert")
    expect(conflict).to_contain_text("The wording was changed by someone else")
    expect(conflict).to_contain_text("Thank you and goodbye. Take care.")
    expect(conflict).to_contain_text("Bye!")
    # All else is saved, and theirs stays.
    saved(reviewer)
    assert read_answers(star)[0].text == "Bye!"
    assert on_disk(star)[INSTRUCTIONS].tags == ("x",)
    assert on_disk(star)[INSTRUCTIONS].status == "accepted"
    assert reviewer.violations() == []
    reviewer.keys("j", "j")
    page.get_by_role("button", name="1 answer needs you").click()
    page.get_by_role("button", name="Keep yours").click()
    expect(conflict).to_have_count(0)
    saved(reviewer)
    assert read_answers(star)[0].text == "Thank you and goodbye. Take care."


def test_theirs_can_be_taken(reviewer: Person, star: Path) -> None:
    answers = read_answers(star)
    write_answers(star, [replace(answers[0], status="rejected"), *answers[1:]])
    reviewer.forgiving = True
    reviewer.keys("a", "k")
    reviewer.page.get_by_role("button", name="Take theirs").click()
    expect(reviewer.page.get_by_role("alert")).to_have_count(0)
    expect(reviewer.page.get_by_role("button", name="Reject")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert read_answers(star)[0].status == "rejected"


def test_two_reviewers_see_each_other(
    browser: Browser, reviewing: ServerProcess, reviewer: Person, star: Path
) -> None:
    with Person.at(browser, reviewing.url) as other:
        open_list(other, star)
        other.keys("j", "r")
        saved(other)
        reviewer.keys("a")
        saved(reviewer)
        progress(reviewer.page, "2 of 66 reviewed")
        other.page.evaluate("dispatchEvent(new Event('focus'))")
        progress(other.page, "2 of 66 reviewed")
    assert [one.status for one in read_answers(star)][:2] == ["accepted", "rejected"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_is_too_busy_gets_the_edits_later(
    reviewer: Person, star: Path, status: int
) -> None:
    refuse(reviewer, star, status, **{"retry-after": "1"})
    reviewer.keys("a", "e")
    reviewer.page.keyboard.type(" Now.")
    expect(reviewer.page.locator(".answers-saved")).to_contain_text("2 edits kept in this browser")
    reviewer.page.reload()
    progress(reviewer.page, "1 of 66 reviewed")
    assert read_answers(star)[0].status == "proposed"
    reviewer.page.unroute_all()
    saved(reviewer)
    assert read_answers(star)[0].status == "accepted"
    assert read_answers(star)[1].text == INSTRUCTIONS + " Now."


def test_a_key_is_asked_for_and_the_edits_wait(reviewer: Person, star: Path) -> None:
    refuse(reviewer, star, 401)
    reviewer.keys("a")
    expect(reviewer.page.get_by_role("dialog", name="API key")).to_be_visible()
    reviewer.keys("Escape")
    expect(reviewer.page.locator(".answers-saved")).to_contain_text("the server wants a key")
    reviewer.keys("r")
    progress(reviewer.page, "2 of 66 reviewed")
    reviewer.page.get_by_role("button", name="Enter a key").click()
    reviewer.page.unroute_all()
    reviewer.page.keyboard.type("sk-some-key")
    reviewer.keys("Enter")
    saved(reviewer)
    assert [one.status for one in read_answers(star)][:2] == ["accepted", "rejected"]


def test_a_server_that_is_gone_and_comes_back(
    browser: Browser, lists: Path, store: Path, star: Path, tmp_path: Path
) -> None:
    arguments = ("--store", str(store), "--answers", str(lists))
    first = ServerProcess(tmp_path, *arguments)
    with Person.at(browser, first.url) as person:
        open_list(person, star)
        person.keys("a")
        saved(person)
        person.forgiving = True
        first.stop()
        person.keys("r", "e")
        person.page.keyboard.type(" Yes?")
        person.keys("Enter")
        state = person.page.locator(".answers-saved")
        expect(state).to_contain_text("Not saved: the server is gone")
        expect(state).to_contain_text("2 edits kept in this browser")
        assert read_answers(star)[1].status == "proposed"
        with server_process(tmp_path, *arguments, "--port", str(first.port)):
            saved(person)
    answers = read_answers(star)
    assert [one.status for one in answers][:3] == ["accepted", "rejected", "proposed"]
    assert answers[2].text == ELSE + " Yes?"


def test_a_slow_server_holds_nobody_up(reviewer: Person, star: Path) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "PATCH" and not held:
            held.append(route)
        else:
            route.continue_()

    reviewer.page.route(f"**/v1/admin/answers/{star.stem}", hold)
    reviewer.keys("a")
    expect(reviewer.page.locator(".answers-saved")).to_have_text("Saving…")
    reviewer.page.wait_for_timeout(1000)
    assert len(held) == 1
    # Taken back, and more done, while the first edit is on its way.
    reviewer.keys("u", "j", "r")
    progress(reviewer.page, "1 of 66 reviewed")
    held[0].continue_()
    saved(reviewer)
    assert [one.status for one in read_answers(star)][:3] == ["proposed", "rejected", "proposed"]
    assert reviewer.page.get_by_role("alert").count() == 0


def test_a_list_that_cannot_be_read_is_told(reviewer: Person, star: Path) -> None:
    good = star.read_bytes()
    star.write_text("id,text,status\na,b,perhaps\n")
    reviewer.forgiving = True
    reviewer.keys("a")
    expect(reviewer.page.locator(".answers-saved")).to_contain_text("line 2, status: 'perhaps'")
    reviewer.page.reload()
    expect(reviewer.page.get_by_role("status").first).to_contain_text("status: 'perhaps'")
    star.write_bytes(good)
    reviewer.page.get_by_role("button", name="Read again").click()
    progress(reviewer.page, "1 of 66 reviewed")
    saved(reviewer)
    assert read_answers(star)[0].status == "accepted"


def test_ten_thousand_answers(browser: Browser, reviewing: ServerProcess, lists: Path) -> None:
    path = lists / "many.csv"
    write_answers(
        path,
        [
            Answer(id=f"a{n}", text=f"Answer number {n} of many", count=10_000 - n)
            for n in range(10_000)
        ],
    )
    with Person.at(browser, reviewing.url) as person:
        open_list(person, path)
        progress(person.page, "0 of 10,000 reviewed")
        person.keys("End")
        opened(person.page, "Answer number 9999 of many")
        last = person.page.get_by_role("listbox").get_by_role("option", selected=True)
        expect(last).to_be_in_viewport()
        expect(last).to_have_attribute("aria-setsize", "10000")
        assert rows(person.page).count() < 60
        person.keys("r", "Home", "a")
        saved(person)
    answers = read_answers(path)
    assert (answers[0].status, answers[-1].status) == ("accepted", "rejected")
    path.unlink()


def test_every_kind_of_screen(
    browser: Browser, reviewing: ServerProcess, star: Path, form: Form
) -> None:
    with Person.at(browser, reviewing.url, form) as person:
        open_list(person, star)
        page = person.page
        assert (person.violations(), person.overflows()) == ([], False)
        person.keys("a", "r", "j", "t")
        page.keyboard.type("tag")
        person.keys("Enter", "Escape", "j", "m", "1", "Enter")
        expect(page.locator(".answers-answer")).to_be_visible()
        assert (person.violations(), person.overflows()) == ([], False)
        for key, name in (("e", "reword"), ("n", "note")):
            person.keys(key)
            expect(page.locator(f"#answers-{name}")).to_be_focused()
            assert (person.violations(), person.overflows()) == ([], False)
            person.keys("Escape")
        for key in ("m", "?", "+"):
            person.keys("Enter", key)
            expect(page.get_by_role("dialog")).to_be_visible()
            assert (person.violations(), person.overflows()) == ([], False)
            person.keys("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
        saved(person)


def test_a_phone_shows_the_list_or_the_answer(
    browser: Browser, reviewing: ServerProcess, star: Path
) -> None:
    phone = Form("phone-light", 390, 844, "light")
    with Person.at(browser, reviewing.url, phone) as person:
        open_list(person, star)
        expect(person.page.locator(".answers-answer")).to_be_hidden()
        rows(person.page).nth(2).tap()
        opened(person.page, ELSE)
        expect(person.page.get_by_role("listbox")).to_be_hidden()
        person.page.get_by_role("button", name="Accept").tap()
        opened(person.page, NAME)
        person.page.get_by_role("button", name="List").tap()
        expect(person.page.get_by_role("listbox")).to_be_visible()
        saved(person)
    assert on_disk(star)[ELSE].status == "accepted"


def test_a_server_without_lists_says_how_to_have_some(
    browser: Browser, store: Path, tmp_path: Path
) -> None:
    with (
        server_process(tmp_path, "--store", str(store)) as server,
        Person.at(browser, server.url, DESKTOP) as person,
    ):
        person.open("answers")
        expect(person.page.get_by_text("start the server with --answers FOLDER")).to_be_visible()
        assert person.violations() == []
