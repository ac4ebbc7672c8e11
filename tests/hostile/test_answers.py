"""Hostile names, batches and texts for the review of answer lists."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest

from cuebox.api.settings import ServerSettings
from cuebox.kinds.reply.answers.answer_list import Answer
from cuebox.kinds.reply.answers.review_folder import ReviewFolder
from cuebox.kinds.reply.answers.table import read_answers, write_answers
from tests.fakes.http_server import RunningServer, running_server
from tests.fakes.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAR = "/v1/admin/answers/star"


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    write_answers(folder.parent / "secret.csv", [Answer(id="s", text="kept from you")])
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    return folder


@pytest.fixture(scope="module")
def server(lists: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = ServerSettings(drain_delay=0.0, shutdown_timeout=5)
    service = Service(answer_lists=ReviewFolder(lists))
    with running_server(tmp_path_factory.mktemp("run"), service, settings) as running:
        yield running


@pytest.fixture
def star(lists: Path) -> Path:
    write_answers(lists / "star.csv", [Answer(id="a", text="Hello"), Answer(id="b", text="Bye")])
    return lists / "star.csv"


def send(server: RunningServer, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "name",
    [
        "..%2Fsecret", "%2e%2e%2fsecret", "..%5csecret", "link", "star%00", "star.csv", "star%20",
        "%2Fetc%2Fpasswd", "....", "~root", "$HOME", "con", "%f0%9f%8d%95", "%ff", "a" * 5000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_no_name_leaves_the_folder(
    server: RunningServer, lists: Path, star: Path, name: str, method: str
) -> None:
    body = b'{"add": [{"text": "x"}]}' if method == "PATCH" else b""
    status, told = send(server, method, f"/v1/admin/answers/{name}", body)
    assert status in {400, 404}
    assert b"kept from you" not in told
    assert [one.text for one in read_answers(lists.parent / "secret.csv")] == ["kept from you"]
    assert [one.text for one in read_answers(star)] == ["Hello", "Bye"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b'"x"', b"{", b'{"edits": null}', b'{"edits": {}}', b'{"add": [null]}',
        b'{"edits": [{"id": "a", "set": null}]}', b'{"edits": [{"id": 1, "set": {}}]}',
        b'{"edits": [{"id": "a", "set": {"text": "\\ud800"}, "was": {"text": "Hello"}}]}',
        b'{"edits": [{"id": "a", "set": {"text": "\xff"}, "was": {"text": "Hello"}}]}',
        b'{"edits": [{"id": "a", "set": {"tags": "x"}, "was": {"tags": []}}]}',
        b'{"edits": [{"id": "a", "set": {"note": null}, "was": {"note": ""}}]}',
        b'{"add": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)  # fmt: skip
def test_odd_batches_are_refused(server: RunningServer, star: Path, body: bytes) -> None:
    before = star.read_bytes()
    status, told = send(server, "PATCH", STAR, body)
    assert status == 400, told
    assert json.loads(told)["error"]["message"]
    assert star.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|' /C calc'!A0", "'=1", "+1", "@SUM(A1)", "\t=1", "\u202eevil", "a\x00b", "\r\n\r\n",
        '","",""\n"x', "\ufeffx", "a\u2028b\x85c\x1dd", "\U0001f355" * 2000, "{" * 1000, "'" * 50,
        "id,status,text", "a;b\tc", " spaced ", "\x1b[31m", "<script>alert(1)</script>",
    ],
)  # fmt: skip
def test_whatever_is_written_comes_back(server: RunningServer, star: Path, text: str) -> None:
    new: dict[str, Any] = {"note": text}
    if text.strip():
        new["text"] = text
    edit = {"id": "a", "set": new, "was": {"note": "", "text": "Hello"}}
    status, told = send(server, "PATCH", STAR, json.dumps({"edits": [edit]}).encode())
    assert status == 200, told
    first, second = json.loads(send(server, "GET", STAR)[1])["answers"]
    assert (first["note"], first["text"]) == (text, new.get("text", "Hello"))
    assert second["text"] == "Bye"
    on_disk = read_answers(star)
    assert (on_disk[0].note, on_disk[0].text) == (text, new.get("text", "Hello"))
    assert len(on_disk) == 2
