"""A folder of lists under several hands: reviewers, spreadsheets, other processes."""

from __future__ import annotations

import fcntl
import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cuebox.core.answers import AnswerEdits
from cuebox.core.errors import Conflict, InvalidRequest, NotFound, Unavailable
from cuebox.kinds.reply.answers import files
from cuebox.kinds.reply.answers.answer_list import Answer
from cuebox.kinds.reply.answers.review_folder import ReviewFolder
from cuebox.kinds.reply.answers.table import (
    join_rows,
    read_answers,
    render_rows,
    write_answers,
)

if TYPE_CHECKING:
    from pathlib import Path

LIST = [
    Answer(
        id="a1", text='Hello {name}, "you"', count=12, share=0.25, said="Hello Ann",
        examples=("Hi Ann", "=1+1"), flags=("person",), note="keep;\nreally",
    ),
    Answer(id="a2", text="Größe 日本", status="accepted", tags=("x", "y")),
    Answer(id="a3", text="-2 degrees", status="rejected"),
    Answer(id="a4", text="Hi {name}", merged_into="a1"),
]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_answers(tmp_path / "star.csv", LIST)
    return tmp_path / "star.csv"


def batch(identity: str, new: dict[str, Any], was: dict[str, Any]) -> AnswerEdits:
    return msgspec.convert({"edits": [{"id": identity, "set": new, "was": was}]}, AnswerEdits)


ACCEPT = batch("a1", {"status": "accepted"}, {"status": "proposed"})


def test_lists_are_told_with_how_far_they_are(path: Path) -> None:
    (path.parent / "broken.csv").write_text("id,text\na,x\na,y\n")
    (told, info) = ReviewFolder(path.parent).lists()
    assert (told.name, told.answers) == ("broken", 0)
    assert told.problem.startswith("broken.csv, line 3, id: 'a' stands in line 2 already")
    assert (info.name, info.answers, info.problem) == ("star", 4, "")
    assert info.counts == {"proposed": 1, "accepted": 1, "rejected": 1, "merged": 1}
    assert info.changed.endswith("+00:00")


def test_a_list_is_read_as_it_stands(path: Path) -> None:
    answers = ReviewFolder(path.parent).read("star").answers
    assert [msgspec.to_builtins(one) for one in answers] == [
        {
            "id": "a1", "text": 'Hello {name}, "you"', "count": 12, "share": 0.25,
            "said": "Hello Ann", "examples": ["Hi Ann", "=1+1"], "flags": ["person"],
            "note": "keep;\nreally",
        },
        {"id": "a2", "text": "Größe 日本", "status": "accepted", "tags": ["x", "y"], "share": 0.0},
        {"id": "a3", "text": "-2 degrees", "status": "rejected", "share": 0.0},
        {"id": "a4", "text": "Hi {name}", "share": 0.0, "merged_into": "a1"},
    ]  # fmt: skip


def test_an_edit_there_and_back_leaves_the_very_bytes(path: Path) -> None:
    before, folder = path.read_bytes(), ReviewFolder(path.parent)
    edited = folder.edit("star", ACCEPT)
    assert [answer.status for answer in edited.answers] == ["accepted"]
    assert read_answers(path)[0].status == "accepted"
    assert edited.revision == folder.read("star").revision != edited.before
    undone = folder.edit("star", batch("a1", {"status": "proposed"}, {"status": "accepted"}))
    assert undone.before == edited.revision
    assert undone.revision == edited.before
    assert path.read_bytes() == before
    assert sorted(each.name for each in path.parent.iterdir()) == [".star.csv.lock", "star.csv"]


def test_an_edit_that_changes_nothing_does_not_touch_the_file(path: Path) -> None:
    folder = ReviewFolder(path.parent)
    folder.edit("star", ACCEPT)
    written = path.stat()
    again = folder.edit("star", ACCEPT)
    assert again.before == again.revision
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)


def test_what_a_spreadsheet_saved_meanwhile_is_seen_and_kept(path: Path) -> None:
    folder = ReviewFolder(path.parent)
    before = folder.read("star").revision
    stamp = path.stat()
    table = path.read_bytes().replace(b"accepted", b"rejected")
    path.write_bytes(table)  # of the same size
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # and of the same time
    edited = folder.edit("star", ACCEPT)
    assert edited.before != before
    assert [one.status for one in read_answers(path)][:2] == ["accepted", "rejected"]
    with pytest.raises(Conflict, match="its status is 'rejected' now, not 'accepted'"):
        folder.edit("star", batch("a2", {"status": "proposed"}, {"status": "accepted"}))


def test_the_separator_of_another_country_stays(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("id;status;text\na1;proposed;Hi, there\n;;Added by hand\n")
    ReviewFolder(tmp_path).edit("list", ACCEPT)
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "id;status;text;tags;count;share;flags;said;examples;note;merged_into"
    assert lines[1] == "a1;accepted;Hi, there;;0;0.000000;;;;;"
    assert lines[2].split(";")[1:3] == ["accepted", "Added by hand"]


@pytest.mark.parametrize(
    "name",
    ["..", "../star", "a/b", "/etc/passwd", "", "Star", ".star", "star.csv/", "a\0b", "x" * 65],
)
def test_a_name_is_a_name(path: Path, name: str) -> None:
    folder = ReviewFolder(path.parent)
    with pytest.raises(InvalidRequest):
        folder.read(name)
    with pytest.raises(InvalidRequest):
        folder.edit(name, ACCEPT)


def test_links_folders_and_pipes_are_no_lists(path: Path, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(path)
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / ".hidden.csv").write_text("id,text\na,b\n")
    (tmp_path / "UPPER.csv").write_text("id,text\na,b\n")
    (tmp_path / "notes.txt").write_text("hello")
    folder = ReviewFolder(tmp_path)
    assert [info.name for info in folder.lists()] == ["star"]
    for name in ("link", "folder", "pipe", "none"):
        with pytest.raises(NotFound, match=f"there is no answer list '{name}' here"):
            folder.read(name)
        with pytest.raises(NotFound):
            folder.edit(name, ACCEPT)
    assert not list(tmp_path.glob(".none*"))


def test_a_link_in_the_place_of_the_lock_is_not_followed(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    (tmp_path / ".star.csv.lock").symlink_to(target)
    with pytest.raises(Unavailable, match=r"star\.csv cannot be locked"):
        ReviewFolder(tmp_path).edit("star", ACCEPT)
    assert not target.exists()


def test_a_broken_file_is_a_conflict_until_it_is_mended(path: Path) -> None:
    folder = ReviewFolder(path.parent)
    good = path.read_bytes()
    for bad in (b"", b"id,text\n", b"id,text\na,\xff\n", b'id,text\na,"open\n', b"\x00" * 10):
        path.write_bytes(bad)
        with pytest.raises(Conflict, match=r"^star\.csv"):
            folder.read("star")
        with pytest.raises(Conflict):
            folder.edit("star", ACCEPT)
        assert path.read_bytes() == bad
    path.write_bytes(good)
    assert folder.edit("star", ACCEPT).answers[0].status == "accepted"


def test_the_folder_is_gone(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"No such file or directory; see `answers\.folder`"):
        ReviewFolder(tmp_path / "none").lists()


def test_what_cannot_be_saved_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, folder = path.read_bytes(), ReviewFolder(path.parent)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="cannot be saved: No space left on device"):
        folder.edit("star", ACCEPT)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert sorted(each.name for each in path.parent.iterdir()) == [".star.csv.lock", "star.csv"]
    assert folder.edit("star", ACCEPT).answers[0].status == "accepted"


def test_a_lock_that_is_never_given_back_is_not_waited_for_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_LOCK_SECONDS", 0.05)
    with (path.parent / ".star.csv.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Unavailable, match="is being written by another process") as caught:
            ReviewFolder(path.parent).edit("star", ACCEPT)
    assert caught.value.retry_after == 1.0


def test_many_reviewers_at_once_lose_nothing(tmp_path: Path) -> None:
    write_answers(tmp_path / "l.csv", [Answer(id=f"a{n}", text=f"Text {n}") for n in range(40)])
    folders = [ReviewFolder(tmp_path) for _ in range(4)]
    failures: list[BaseException] = []

    def review(number: int) -> None:
        try:
            for answer in range(number, 40, 4):
                for field in ("note", "text"):
                    was = "" if field == "note" else f"Text {answer}"
                    edit = batch(f"a{answer}", {field: f"by {number}"}, {field: was})
                    folders[number].edit("l", edit)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=review, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert [(one.note, one.text) for one in read_answers(tmp_path / "l.csv")] == [
        (f"by {number % 4}", f"by {number % 4}") for number in range(40)
    ]


def test_rows_that_are_not_written_anew_are_the_right_ones(path: Path) -> None:
    here, there = ReviewFolder(path.parent), ReviewFolder(path.parent)
    for number in range(6):
        folder = here if number % 2 else there
        was = f"Größe {number - 1}" if number else "Größe 日本"
        folder.edit("star", batch("a2", {"text": f"Größe {number}"}, {"text": was}))
        # A spreadsheet turns the rows round, and writes other separators now and then.
        answers = read_answers(path)
        if number == 3:
            path.write_bytes(join_rows(render_rows(answers[::-1], delimiter=";"), delimiter=";"))
        answers = read_answers(path)
        assert sorted(answer.id for answer in answers) == ["a1", "a2", "a3", "a4"]
        assert {answer.id: answer for answer in answers} == {
            **{answer.id: answer for answer in LIST},
            "a2": replace(LIST[1], text=f"Größe {number}"),
        }
    assert path.read_bytes().split(b"\r\n")[0].count(b";") == 10


def test_the_mode_of_the_file_stays(path: Path) -> None:
    path.chmod(0o640)
    ReviewFolder(path.parent).edit("star", ACCEPT)
    assert path.stat().st_mode & 0o777 == 0o640
