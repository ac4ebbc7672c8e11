"""`cuebox evaluate` of a reply model, from the command line to the page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cuebox.cli.main import run
from cuebox.store.opening import open_store
from tests.fakes.replies import FakeReplyKind, publish_replies

if TYPE_CHECKING:
    from pathlib import Path

TALK = [
    ("user", "Hello", {}),
    ("agent", "Could I get your name, please?", {"turn_kind": "picked", "agent": "a"}),
    ("user", "Ann", {}),
    ("agent", "Goodbye, Ann!", {"turn_kind": "free", "agent": "a"}),
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a store, a reply model and conversations of two splits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUEBOX_SERVING__SUGGEST__REPLY_COVERAGE", "1")
    monkeypatch.setenv("CUEBOX_SERVING__SUGGEST__REPLY_FLOOR", "0")
    kind = FakeReplyKind()
    monkeypatch.setattr("cuebox.app.kinds.find_kind", lambda name: kind)
    publish_replies(open_store(tmp_path / "store", cache_dir=tmp_path / "cache"))
    lines = [
        json.dumps(
            {"conversation": f"{split}{number}", "role": role, "text": text, "split": split} | more
        )
        for split, count in (("train", 3), ("test", 4))
        for number in range(count)
        for role, text, more in TALK
    ]
    (tmp_path / "talks.jsonl").write_text("\n".join(lines))
    return tmp_path


def evaluate(*arguments: str) -> int:
    return run(["evaluate", "replies", "--data", "talks.jsonl", "--store", "store", *arguments])


def figures(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_figures_of_the_model_and_of_what_does_without(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("--json", "--output", "report") == 0
    found = figures(capsys)
    assert (found["model"].split("@")[0], found["conversations"]) == ("replies", 4)
    # 30 characters for one key; "Goodbye, {name}!" for one key and the three of Ann.
    model = found["suggesters"]["replies"]
    assert model["saved_at_3"] == pytest.approx(1 - 5 / 43)
    assert model["picked_at_3"] == pytest.approx(1 - 1 / 30)
    assert 0 < model["wrong_shown_at_80_saved"] < 100
    assert set(found["suggesters"]) == {
        "replies", "nearest neighbour", "prefix trie", "most frequent"
    }  # fmt: skip
    # What the agents of the training conversations sent is there, word for word.
    assert found["suggesters"]["nearest neighbour"]["saved_at_3"] == pytest.approx(1 - 2 / 43)
    page = (place / "report" / "report.html").read_text()
    assert "nearest neighbour" in page
    report = json.loads((place / "report" / "report.json").read_text())
    assert report["model"]["at"][1]["groups"]["agent"][0]["name"] == "a"


def test_a_table_for_a_person(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--no-baselines", "--sample", "2", "--replies", "1") == 0
    shown = capsys.readouterr().out
    assert "replies on 2 test conversations" in shown
    assert "nearest" not in shown
    assert "report.html" in shown


def test_without_training_conversations_there_are_no_baselines(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (place / "talks.jsonl").read_text().splitlines()
    (place / "talks.jsonl").write_text("\n".join(one for one in lines if "train" not in one))
    assert evaluate("--json") == 0
    out = capsys.readouterr()
    assert list(json.loads(out.out)["suggesters"]) == ["replies"]
    assert "no baselines" in out.err


def test_an_interrupted_evaluation_goes_on(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("cuebox.kinds.reply.replay.nearest.NearestNeighbour.__call__", interrupted)
        assert evaluate("--workers", "1") != 0
    with monkeypatch.context() as patched:
        patched.setattr("cuebox.kinds.reply.replay.in_process.InProcess.__call__", interrupted)
        assert evaluate("--json") == 0
    out = capsys.readouterr().out
    assert len(json.loads(out[out.index("{") :])["suggesters"]) == 4
    assert len(list((place / "runs" / "replies-evaluate").iterdir())) == 1


def interrupted(self: object, turns: object, draft: str) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--split", "validation"], "no conversations of the split 'validation'"),
        (["--url", "nowhere"], "--url 'nowhere'"),
        (["--url", "http://127.0.0.1:9"], "http://127.0.0.1:9: "),
    ],
)
def test_what_cannot_be_done_is_said(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert evaluate(*arguments) == 2
    assert message in capsys.readouterr().err


def test_a_model_alone_does_not_say_which_conversations(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", "replies", "--store", "store"]) == 2
    assert "which conversations? Give --data FILE" in capsys.readouterr().err
