"""`POST /v1/suggest` over a service that has one reply and one completion."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from cuebox.core.conversation import Turn
from cuebox.core.errors import Conflict, Overloaded
from tests.fakes.asgi import Answer, call, make_application, request_scope
from tests.fakes.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.api.app import Application


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def application(tmp_path: Path, service: Service) -> Application:
    return make_application(tmp_path, service)


def ask(application: Application, **fields: Any) -> Answer:
    body = {"conversation": [{"role": "user", "text": "Hello"}]} | fields
    return call(application, "POST", "/v1/suggest", body)


def test_the_answer(application: Application) -> None:
    answer = ask(application, draft="Hello")
    assert answer.status == 200
    assert answer.json() == {
        "id": "s0",
        "replies": [
            {"id": "s1", "text": "Hello {name}", "slots": [], "score": 0.5, "source": "reply",
             "answer": "a"},
        ],
        "completion": {"id": "s2", "text": " there", "score": -0.5, "source": "completion"},
        "late": [],
        "failed": [],
        "models": {
            "reply": {"name": "replies", "version": "2026-11-21.1"},
            "completion": {"name": "writer", "version": "2026-11-21.1"},
        },
        "usage": {
            "encoder_tokens": 3, "cached_rows": 0, "prompt_tokens": 0, "cached_tokens": 0,
            "completion_tokens": 0,
        },
    }  # fmt: skip
    timing = answer.headers["server-timing"]
    assert "rank;dur=2.00, complete;dur=30.00, total;dur=" in timing


def test_what_the_service_is_asked(application: Application, service: Service) -> None:
    lookup = {"role": "tool", "text": "orders", "facts": {"id": 7, "paid": True, "note": None}}
    ask(application, conversation=[lookup], draft="  It ", k=2, session="tab", completion=False)
    ((asked, client, key),) = service.suggested
    assert asked.conversation == [
        Turn(role="tool", text="orders", facts={"id": 7, "paid": True, "note": None})
    ]
    assert (asked.draft, asked.k, asked.completion) == ("  It ", 2, False)
    assert (client, key) == ("peer:127.0.0.1", "")


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"conversation": None}, 400, "conversation"),
        ({"conversation": [{"text": "a"}]}, 400, "conversation[0].role"),
        ({"conversation": [{"role": "boss"}]}, 400, "conversation[0].role"),
        ({"conversation": [{"role": "user", "text": 7}]}, 400, "conversation[0].text"),
        ({"conversation": [{"role": "user", "mood": "bad"}]}, 400, "conversation[0].mood"),
        ({"conversation": [{"role": "tool", "facts": {"a": [1]}}]}, 400, "conversation[0].facts[...]"),
        ({"conversation": [{"role": "user", "text": "x" * 1_000_000}]}, 413, "conversation[0].text"),
        ({"conversation": [{"role": "user"}] * 2_001}, 413, "conversation"),
        ({"draft": 3}, 400, "draft"),
        ({"draft": "\ud800"}, 400, None),
        ({"k": 0}, 400, "k"),
        ({"k": 21}, 400, "k"),
        ({"session": "x" * 129}, 400, "session"),
        ({"model": "nobody"}, 404, "model"),
        ({"model": "mood"}, 400, "model"),
        ({"completion": "mood"}, 400, "completion"),
        ({"completion": 3}, 400, "completion"),
        ({"coverage": {"reply": 0}}, 400, "coverage.reply"),
        ({"coverage": {"trie": 1}}, 400, "coverage.trie"),
        ({"min_score": {"completion": 0.5}}, 400, "min_score.completion"),
        ({"max_time_ms": 0}, 400, "max_time_ms"),
        ({"drafts": ""}, 400, "drafts"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(
    application: Application, fields: dict[str, Any], status: int, param: str | None
) -> None:
    body = {"conversation": [{"role": "user", "text": "Hello"}]} | fields
    answer = call(application, "POST", "/v1/suggest", json.dumps(body).encode())
    assert answer.status == status, answer.body
    assert answer.json()["error"]["param"] == param


def test_a_newer_keystroke_took_its_place(application: Application, service: Service) -> None:
    service.fail = Conflict("a newer request of the session came")
    answer = ask(application)
    assert answer.status == 409
    assert answer.json()["error"]["code"] == "superseded"
    assert answer.headers["x-should-retry"] == "false"


def test_a_full_queue_says_when_to_come_back(application: Application, service: Service) -> None:
    service.fail = Overloaded("full", retry_after=1)
    answer = ask(application)
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")


def test_a_client_that_leaves_is_not_worked_for(tmp_path: Path) -> None:
    async def go() -> None:
        service = Service()
        service.hold = asyncio.Event()
        application = make_application(tmp_path, service)
        body = b'{"conversation": []}'
        messages = [{"type": "http.request", "body": body}]

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop()
            await service.entered.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            raise AssertionError(f"nobody is there to read {message}")

        await application(request_scope("POST", "/v1/suggest", {}), receive, send)
        assert service.cancelled == 1

    asyncio.run(go())
