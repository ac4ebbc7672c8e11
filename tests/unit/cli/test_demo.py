"""What `cuebox demo` trains from and tells people to try."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from cuebox.api.completion_request import CompletionRequest
from cuebox.cli.demo import _GOODBYE, _settings
from cuebox.kinds.reply.conversations.reading import read_conversations
from cuebox.kinds.reply.settings import ReplySettings
from cuebox.serving.requests import ClassifyRequest
from cuebox.serving.suggestion_requests import SuggestRequest

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


def test_what_it_says_to_try_is_understood() -> None:
    told = _GOODBYE.format(url="http://127.0.0.1:8080", runs="runs")
    commands = re.findall(r"8080(/v1/\w+) -H .*?-d '(.*?)'\n", told, re.DOTALL)
    assert {path for path, _ in commands} == set(REQUESTS)
    for path, body in commands:
        msgspec.json.decode(body, type=REQUESTS[path])
