"""A server's answers as offers."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cuebox.cli.suggest_client import ServedSuggest
from cuebox.core.conversation import Turn
from cuebox.core.errors import Unavailable
from cuebox.core.replies import Slot
from cuebox.serving.suggestion_requests import (
    CompletionSuggestion,
    ModelVersion,
    ReplySuggestion,
    SourceFailure,
    SuggestModels,
    SuggestRequest,
    SuggestResponse,
    SuggestUsage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWER = SuggestResponse(
    id="1",
    replies=[
        ReplySuggestion(
            id="2",
            text="Bye, {name}!",
            slots=[Slot(name="name", start=5, end=11, filled=False)],
            score=0.4,
            answer="bye",
        )
    ],
    completion=CompletionSuggestion(id="3", text="ye.", score=-0.5),
    late=[],
    failed=[],
    models=SuggestModels(ModelVersion("replies", "1"), None),
    usage=SuggestUsage(),
)


class Answering:
    """What a little server answers, and what it was asked."""

    def __init__(self, answer: SuggestResponse, status: int) -> None:
        self.body = msgspec.json.encode(answer)
        self.status = status
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.url = ""


@contextmanager
def answering(answer: SuggestResponse, status: int = 200) -> Iterator[Answering]:
    """A server on a free port that always gives the same answer."""
    told = Answering(answer, status)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.asked.append((self.path, dict(self.headers), body))
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()


def test_everything_the_server_has_to_say_is_asked_for() -> None:
    turns = [Turn(role="tool", text="order", facts={"name": "Ann"}), Turn(role="user", text="hi")]
    with answering(ANSWER) as server:
        ask = ServedSuggest(server.url, "replies", replies=3, completions=True, key="secret")
        offered = ask(turns, "B")
    assert [(one.text, one.score, one.slots[0].filled) for one in offered.replies] == [
        ("Bye, {name}!", 0.4, False)
    ]
    assert offered.completion is not None
    assert (offered.completion.text, offered.completion.score) == ("ye.", -0.5)
    path, headers, body = server.asked[0]
    assert path == "/v1/suggest"
    assert headers["Authorization"] == "Bearer secret"
    asked = msgspec.json.decode(body, type=SuggestRequest)
    assert (asked.conversation, asked.draft, asked.k) == (turns, "B", 3)
    assert (asked.model, asked.completion) == ("replies", True)
    assert asked.min_score.reply == 0
    assert json.loads(body)["coverage"] == {"reply": None, "completion": None}


def test_what_fails_ends_the_evaluation() -> None:
    failed = msgspec.structs.replace(
        ANSWER, failed=[SourceFailure("completion", "model_not_found", "no such model")]
    )
    with answering(failed) as server, pytest.raises(Unavailable, match="no such model"):
        ServedSuggest(server.url, "replies", replies=3, completions=True)([], "")
    late = msgspec.structs.replace(ANSWER, late=["reply"])
    with answering(late) as server, pytest.raises(Unavailable, match="reply was late"):
        ServedSuggest(server.url, "replies", replies=3, completions=True)([], "")
    with answering(ANSWER, 429) as server, pytest.raises(Unavailable, match="answered 429"):
        ServedSuggest(server.url, "replies", replies=3, completions=True)([], "")
