"""`POST /v1/explain` over a service that knows one word."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from cuebox.core.errors import DeadlineExceeded, InvalidRequest, Overloaded, UnknownModel
from tests.fakes.asgi import Lines, call, make_application, request_scope
from tests.fakes.service import Service, failing

if TYPE_CHECKING:
    from pathlib import Path

BODY = {"model": "mood", "input": "well"}


def test_the_answer(tmp_path: Path) -> None:
    lines = Lines()
    answer = call(make_application(tmp_path, lines=lines), "POST", "/v1/explain", BODY)
    assert answer.status == 200
    assert answer.json() == {
        "object": "list",
        "data": [
            {
                "model": "mood",
                "version": "2026-11-21.1",
                "label": "glad",
                "score": 0.75,
                "words": [
                    {"start": 0, "end": 4, "text": "well", "effect": 0.25, "log_odds": 1.5}
                ],
            }
        ],
        "truncated": False,
        "usage": {"rows": 2, "tokens": 6},
    }  # fmt: skip
    assert "encode;dur=" in answer.headers["server-timing"]
    logged = json.loads(lines.lines[-1])
    assert (logged["path"], logged["model"], logged["rows"]) == ("/v1/explain", "mood", 1)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": "a"}, "model"),
        ({"model": "mood"}, "input"),
        ({"model": "mood", "input": ["a"]}, "input"),
        (BODY | {"label": 7}, "label"),
        (BODY | {"label": {"mood": 7}}, "label"),
        (BODY | {"truncate": "start"}, "truncate"),
        (BODY | {"model": []}, "model"),
        (BODY | {"words": 3}, "words"),
    ],
)
def test_a_bad_field_is_named(tmp_path: Path, body: dict[str, Any], param: str) -> None:
    answer = call(make_application(tmp_path), "POST", "/v1/explain", body)
    assert answer.status == 400
    assert answer.json()["error"]["param"].startswith(param)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnknownModel("no such model", param="model"), 404),
        (InvalidRequest("no such label", param="label"), 400),
        (Overloaded("the queue is full", retry_after=1.0), 429),
        (DeadlineExceeded("too late"), 504),
    ],
)
def test_what_the_service_refuses(tmp_path: Path, error: Exception, status: int) -> None:
    answer = call(make_application(tmp_path, failing(error)), "POST", "/v1/explain", BODY)
    assert answer.status == status
    assert ("retry-after" in answer.headers) is (status == 429)


def test_the_clients_deadline_reaches_the_service(tmp_path: Path) -> None:
    service = Service()
    answer = call(
        make_application(tmp_path, service), "POST", "/v1/explain", BODY,
        {"X-Request-Timeout-Ms": "50"},
    )  # fmt: skip
    assert answer.status == 200
    (deadline,) = service.deadlines
    assert deadline is not None


def test_a_client_that_leaves_cancels_it(tmp_path: Path) -> None:
    service = Service()
    application = make_application(tmp_path, service)

    async def go() -> None:
        service.hold = asyncio.Event()
        messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        messages.put_nowait({"type": "http.request", "body": json.dumps(BODY).encode()})

        async def send(_message: Any) -> None:
            return

        scope = request_scope("POST", "/v1/explain", {})
        task = asyncio.create_task(application(scope, messages.get, send))
        await service.entered.wait()
        messages.put_nowait({"type": "http.disconnect"})
        await asyncio.wait([task])

    asyncio.run(go())
    assert service.cancelled == 1
