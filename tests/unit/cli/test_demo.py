"""What `cuebox demo` trains from and tells people to try."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from cuebox.api.completion_request import CompletionRequest
from cuebox.cli.demo import _GOODBYE, _list_answers, _serve, _settings
from cuebox.core.answers import AnswerEdit, AnswerEdits, AnswerFields
from cuebox.kinds.reply.answers.answer_list import Answer, answer_id
from cuebox.kinds.reply.answers.review_folder import ReviewFolder
from cuebox.kinds.reply.answers.table import read_answers, write_answers
from cuebox.kinds.reply.conversations.reading import read_conversations
from cuebox.kinds.reply.data import load_data
from cuebox.kinds.reply.settings import ReplySettings
from cuebox.serving.requests import ClassifyRequest
from cuebox.serving.suggestion_requests import SuggestRequest
from cuebox.training.progress import SilentProgress

DEMO = Path(__file__).resolve().parents[3] / "examples" / "demo"
REQUESTS = {
    "/v1/classify": ClassifyRequest,
    "/v1/completions": CompletionRequest,
    "/v1/suggest": SuggestRequest,
}


@pytest.mark.parametrize("config", sorted(DEMO.glob("*.toml")), ids=lambda path: path.stem)
def test_its_settings_are_read(config: Path) -> None:
    assert _settings(config).name


def test_its_conversations_hold_agents_out() -> None:
    settings = _settings(DEMO / "replies.toml")
    assert isinstance(settings, ReplySettings)
    (source,) = settings.sources
    conversations = list(read_conversations(source, base=DEMO))
    assert {each.split for each in conversations} == {"train", "validation", "test"}
    assert len(conversations) == 160


def test_its_list_of_answers_is_real_and_a_review_of_it_stays(tmp_path: Path) -> None:
    config, store = DEMO.parent / "demo_answers.toml", DEMO.parents[1] / "starter"
    folder = tmp_path / "answers"
    _list_answers(config, folder, str(store))
    before = (folder / "star.csv").read_bytes()
    answers = read_answers(folder / "star.csv")
    assert len(answers) > 50
    assert (answers[0].text, answers[0].count) == ("Thank you and goodbye.", 80)
    # Read and written without an edit it is the same file.
    write_answers(folder / "star.csv", answers)
    assert (folder / "star.csv").read_bytes() == before

    review = ReviewFolder(folder)
    accept = AnswerEdit(id=answers[0].id, set=AnswerFields(status="accepted"))
    revision = review.read("star").revision
    review.edit("star", AnswerEdits(revision=revision, edits=[accept]))
    _list_answers(config, folder, str(store))
    assert read_answers(folder / "star.csv") == [
        replace(answers[0], status="accepted"),
        *answers[1:],
    ]


def test_merged_answers_are_trained_as_one(tmp_path: Path) -> None:
    may, could = (
        Answer(id=answer_id(text), text=text, count=count)
        for text, count in (
            ("May I have your name, please?", 30),
            ("Could I get your name, please?", 45),
        )
    )
    write_answers(tmp_path / "list.csv", [could, replace(may, merged_into=could.id)])
    settings = _settings(DEMO / "replies.toml")
    assert isinstance(settings, ReplySettings)
    chosen = msgspec.structs.replace(settings.answers, file=str(tmp_path / "list.csv"))
    data = load_data(
        msgspec.structs.replace(settings, answers=chosen), base=DEMO, progress=SilentProgress()
    )
    assert [(answer.id, answer.count) for answer in data.answers] == [(could.id, 75)]
    said = {
        example.text
        for examples in data.examples.values()
        for example in examples
        if example.answer
    }
    assert said == {could.text, may.text}


def test_what_it_says_to_try_is_understood() -> None:
    told = _GOODBYE.format(url="http://127.0.0.1:8080", runs="runs")
    commands = re.findall(r"8080(/v1/\w+) -H .*?-d '(.*?)'\n", told, re.DOTALL)
    assert {path for path, _ in commands} == set(REQUESTS)
    for path, body in commands:
        msgspec.json.decode(body, type=REQUESTS[path])


@pytest.mark.parametrize("taken", [True, False])
def test_a_browser_is_not_sent_to_a_server_that_was_there_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, taken: bool
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("cuebox.cli.demo.is_ready", lambda _url: taken)
    monkeypatch.setattr("cuebox.cli.demo.open_when_ready", lambda url, _running: shown.append(url))
    monkeypatch.setattr("signal.signal", lambda *_: None)

    class Ended:
        def __init__(self, arguments: list[str]) -> None:
            assert "--answers" in arguments

        def wait(self) -> int:
            return 3

    monkeypatch.setattr("subprocess.Popen", Ended)
    assert _serve("store", 8080, tmp_path, "http://127.0.0.1:8080") == 3
    assert shown == ([] if taken else ["http://127.0.0.1:8080"])
