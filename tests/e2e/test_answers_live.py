"""Answer lists reviewed through a real server: several reviewers, workers, and a sudden end."""

from __future__ import annotations

import http.client
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from cuebox.kinds.reply.answers.answer_list import Answer
from cuebox.kinds.reply.answers.table import read_answers, write_answers
from tests.fakes.server_process import ServerProcess, server_process

if TYPE_CHECKING:
    from pathlib import Path

STAR = "/v1/admin/answers/star"
_ANSWERS = 400


@pytest.fixture
def star(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    write_answers(
        folder / "star.csv",
        [Answer(id=f"a{n}", text=f"Text {n}", said="x" * 200) for n in range(_ANSWERS)],
    )
    return folder / "star.csv"


def note(number: int, new: str, was: str = "") -> dict[str, Any]:
    return {"edits": [{"id": f"a{number}", "set": {"note": new}, "was": {"note": was}}]}


def test_two_reviewers_and_two_workers_lose_nothing(
    tmp_path: Path, store: Path, star: Path
) -> None:
    arguments = ("--store", str(store), "--answers", str(star.parent), "--workers", "2")
    failures: list[Any] = []
    with server_process(tmp_path, *arguments) as server:

        def review(numbers: range) -> None:
            for number in numbers:
                status, told, _ = server.request("PATCH", STAR, note(number, f"seen {number}"))
                if status != 200:
                    failures.append(told)

        reviewers = [threading.Thread(target=review, args=(range(n, 60, 2),)) for n in range(2)]
        for each in reviewers:
            each.start()
        for each in reviewers:
            each.join(60)
        assert not failures
        read = server.request("GET", STAR)[1]["answers"]
        assert [answer["note"] for answer in read[:60]] == [f"seen {n}" for n in range(60)]

        # Both saw the same answer; the second is told what the first made of it.
        assert server.request("PATCH", STAR, note(99, "mine"))[0] == 200
        status, told, _ = server.request("PATCH", STAR, note(99, "yours"))
        assert (status, told["error"]["param"]) == (409, "edits[0].set.note")
        assert "its note is 'mine' now" in told["error"]["message"]
    assert read_answers(star)[99].note == "mine"


def test_a_server_killed_while_it_saves_leaves_a_whole_list(
    tmp_path: Path, store: Path, star: Path
) -> None:
    arguments = ("--store", str(store), "--answers", str(star.parent))
    acknowledged = 0
    for _ in range(3):
        with server_process(tmp_path, *arguments) as server:
            enough = threading.Event()
            thread = threading.Thread(target=_kill, args=(server, enough))
            thread.start()
            try:
                while True:
                    change = note(
                        0, str(acknowledged + 1), str(acknowledged) if acknowledged else ""
                    )
                    status, told, _ = server.request("PATCH", STAR, change)
                    assert status == 200, told
                    acknowledged += 1
                    if acknowledged % 15 == 0:
                        enough.set()
            except (OSError, http.client.HTTPException):
                thread.join(60)
            assert server.wait() == -signal.SIGKILL
        answers = read_answers(star)
        assert len(answers) == _ANSWERS
        # What was answered is on the disk; what was in flight is there as a whole or not at all.
        assert int(answers[0].note) in {acknowledged, acknowledged + 1}
        acknowledged = int(answers[0].note)
    assert acknowledged >= 45
    with server_process(tmp_path, *arguments) as server:
        assert server.request("PATCH", STAR, note(0, "end", str(acknowledged)))[0] == 200
    assert sorted(each.name for each in star.parent.iterdir() if not _partial(each)) == [
        ".star.csv.lock",
        "star.csv",
    ]


def _kill(server: ServerProcess, enough: threading.Event) -> None:
    enough.wait(60)
    os.kill(server.process.pid, signal.SIGKILL)


def _partial(path: Path) -> bool:
    """What a kill leaves behind: a file that no list is read from."""
    return path.name.startswith(".star.csv.") and path.name.rpartition(".")[2].isdigit()


def test_it_is_off_unless_asked_for(server: ServerProcess) -> None:
    status, told, _ = server.request("GET", "/v1/admin/answers")
    assert (status, told["data"]) == (200, [])
    assert "--answers FOLDER" in told["hint"]
