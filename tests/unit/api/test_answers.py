from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cuebox.api.settings import AuthSettings, ServerSettings
from cuebox.kinds.reply.answers.answer_list import Answer
from cuebox.kinds.reply.answers.review_folder import ReviewFolder
from cuebox.kinds.reply.answers.table import read_answers, write_answers
from tests.fakes.asgi import call, make_application
from tests.fakes.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.api.app import Application

STAR = "/v1/admin/answers/star"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    hello = Answer(id="a1", text="Hello", count=3, share=0.75, said="Hello")
    write_answers(folder / "star.csv", [hello, Answer(id="a2", text="Good bye")])
    return folder


@pytest.fixture
def application(tmp_path: Path, folder: Path) -> Application:
    return make_application(tmp_path, Service(answer_lists=ReviewFolder(folder)))


def accept(was: str = "proposed") -> dict[str, Any]:
    return {"edits": [{"id": "a1", "set": {"status": "accepted"}, "was": {"status": was}}]}


def test_lists_and_a_list(application: Application) -> None:
    (info,) = call(application, "GET", "/v1/admin/answers").json()["data"]
    assert info.pop("changed").startswith("20")
    assert info == {
        "name": "star",
        "answers": 2,
        "counts": {"proposed": 2, "accepted": 0, "rejected": 0, "merged": 0},
        "problem": "",
    }
    answer = call(application, "GET", STAR)
    told = answer.json()
    assert answer.headers["etag"] == f'"{told["revision"]}"'
    assert told["answers"][0] == {
        "id": "a1", "text": "Hello", "count": 3, "share": 0.75, "said": "Hello",
    }  # fmt: skip


def test_a_list_that_nobody_changed_is_not_sent_again(
    application: Application, folder: Path
) -> None:
    tag = call(application, "GET", STAR).headers["etag"]
    again = call(application, "GET", STAR, headers={"If-None-Match": tag})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    # It would have to be the length of the whole list.
    assert "content-length" not in again.headers
    write_answers(folder / "star.csv", [Answer(id="a2", text="Good bye")])
    assert call(application, "GET", STAR, headers={"If-None-Match": tag}).status == 200


def test_an_edit_is_in_the_file_when_it_is_answered(application: Application, folder: Path) -> None:
    seen = call(application, "GET", STAR).json()["revision"]
    answer = call(application, "PATCH", STAR, accept())
    assert answer.status == 200, answer.body
    told = answer.json()
    assert (told["before"], told["answers"][0]["status"]) == (seen, "accepted")
    assert call(application, "GET", STAR).json()["revision"] == told["revision"]
    assert read_answers(folder / "star.csv")[0].status == "accepted"


def test_someone_else_was_first(application: Application, folder: Path) -> None:
    call(application, "PATCH", STAR, accept())
    answer = call(
        application, "PATCH", STAR,
        {"edits": [
            {"id": "a2", "set": {"note": "x"}, "was": {"note": ""}},
            {"id": "a1", "set": {"status": "rejected"}, "was": {"status": "proposed"}},
        ]},
    )  # fmt: skip
    assert answer.status == 409
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("conflict", "edits[1].set.status")
    assert "answer a1: its status is 'accepted' now" in error["message"]
    assert read_answers(folder / "star.csv")[1].note == ""


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "edits"),
        ({"edits": []}, "edits"),
        ({"edits": [{"id": "a1"}]}, "edits[0].set"),
        ({"edits": [{"id": "a1", "set": {"status": "maybe"}}]}, "edits[0].set.status"),
        ({"edits": [{"id": "a1", "set": {"count": 4}}]}, "edits[0].set.count"),
        ({"edits": [{"id": "", "set": {}}]}, "edits[0].id"),
        ({"edits": [{"id": "a1", "set": {"text": "x" * 10_001}}]}, "edits[0].set.text"),
        ({"edits": [{"id": "a1", "set": {"text": ""}}]}, "edits[0].set.text"),
        ({"edits": [{"id": "a1", "set": {"text": "Hi"}}]}, "edits[0].was.text"),
        ({"edits": [{"id": "a1", "set": {"tags": ["a,b"]}}]}, "edits[0].set.tags[0]"),
        ({"edits": [{"id": "a1", "set": {}}] * 1001}, "edits"),
        ({"add": [{"text": " "}]}, "add[0].text"),
        ({"add": [{"text": "x", "id": "../x"}]}, "add[0].id"),
        ({"revison": "x", "add": [{"text": "x"}]}, "revison"),
    ],
)
def test_bad_batches_name_the_field(
    application: Application, folder: Path, body: Any, param: str
) -> None:
    before = (folder / "star.csv").read_bytes()
    answer = call(application, "PATCH", STAR, body)
    assert answer.status == 400, answer.body
    assert answer.json()["error"]["param"] == param
    assert (folder / "star.csv").read_bytes() == before


def test_a_revision_stands_for_was(application: Application) -> None:
    blind = {"edits": [{"id": "a1", "set": {"note": "x"}}]}
    assert call(application, "PATCH", STAR, blind).status == 400
    seen = call(application, "GET", STAR).json()["revision"]
    assert call(application, "PATCH", STAR, blind | {"revision": seen}).status == 200
    other = {"edits": [{"id": "a1", "set": {"note": "y"}}], "revision": seen}
    assert call(application, "PATCH", STAR, other).status == 409


def test_no_folder_says_how_to_switch_it_on(tmp_path: Path) -> None:
    application = make_application(tmp_path)
    listed = call(application, "GET", "/v1/admin/answers").json()
    assert listed["data"] == []
    assert "start the server with --answers FOLDER" in listed["hint"]
    for method, path in (("GET", STAR), ("PATCH", STAR)):
        answer = call(application, method, path, accept() if method == "PATCH" else b"")
        assert answer.status == 404
        assert "start the server with --answers FOLDER" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/admin/answers/none", 404),
        ("/v1/admin/answers/STAR", 400),
        ("/v1/admin/answers/..", 400),
        ("/v1/admin/answers/../star", 404),
        ("/v1/admin/answers/", 404),
    ],
)
def test_other_names(application: Application, path: str, status: int) -> None:
    assert call(application, "GET", path).status == status


def test_it_takes_an_admin(tmp_path: Path, folder: Path) -> None:
    settings = ServerSettings(auth=AuthSettings(mode="on"))
    application = make_application(tmp_path, Service(answer_lists=ReviewFolder(folder)), settings)
    assert call(application, "GET", STAR).status == 401
    local = make_application(tmp_path, Service(answer_lists=ReviewFolder(folder)))
    assert call(local, "PATCH", STAR, accept(), client="10.0.0.9").status == 403
