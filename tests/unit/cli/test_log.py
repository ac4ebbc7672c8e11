"""`cuebox log export`, as typed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cuebox.cli.main import run
from cuebox.core.inference import FeedbackRecord
from cuebox.inference_log.database import Database
from tests.fakes.inference_log import suggestion

if TYPE_CHECKING:
    from pathlib import Path

# 2026-11-21T09:00:00Z
NINE = 1_795_251_600.0


@pytest.fixture(autouse=True)
def _log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    database = Database(tmp_path / ".cuebox" / "inference_log.sqlite")
    database.write(
        [
            suggestion("early", at=NINE - 3600),
            suggestion("nine", at=NINE),
            suggestion("late", at=NINE + 3600),
            FeedbackRecord(suggestion="nine.0", event="accepted", at=NINE + 2),
        ]
    )
    database.close()


def exported(text: str) -> list[str]:
    return [json.loads(line)["id"] for line in text.splitlines()]


def test_everything_with_its_feedback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["log", "export"]) == 0
    out = capsys.readouterr().out
    assert exported(out) == ["early", "nine", "late"]
    (shown,) = json.loads(out.splitlines()[1])["shown"]
    assert shown["feedback"] == [{"event": "accepted", "at": NINE + 2}]


@pytest.mark.parametrize(
    ("since", "until", "ids"),
    [
        ("2026-11-21T09:00", "2026-11-21T10:00", ["nine"]),
        ("2026-11-21T10:00+01:00", "2026-11-22", ["nine", "late"]),
        ("2026-11-22", "2026-11-23", []),
    ],
)
def test_a_span_of_time(
    capsys: pytest.CaptureFixture[str], since: str, until: str, ids: list[str]
) -> None:
    assert run(["log", "export", "--since", since, "--until", until]) == 0
    assert exported(capsys.readouterr().out) == ids


def test_into_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["log", "export", "-o", "log.jsonl"]) == 0
    assert exported((tmp_path / "log.jsonl").read_text()) == ["early", "nine", "late"]
    assert capsys.readouterr().err == "3 suggestions are in log.jsonl\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--since", "yesterday"], "--since is 'yesterday'"),
        (["--url", "sqlite:///absent.sqlite"], "absent.sqlite is no inference log"),
        (["--url", "postgresql://host/db"], "use sqlite:///PATH"),
    ],
)
def test_mistakes_are_told_and_make_no_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], told: str
) -> None:
    assert run(["log", "export", "-o", "log.jsonl", *arguments]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "log.jsonl").exists()
