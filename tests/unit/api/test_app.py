from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cuebox.api.settings import LimitSettings, LogSettings, ServerSettings
from cuebox.core.errors import DeadlineExceeded, Overloaded, Unavailable
from tests.fakes.asgi import Lines, call, make_application, request_scope
from tests.fakes.service import Service, failing

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.api.app import Application

BODY = {"model": "mood", "input": "hello"}
TIMINGS = ["queue", "tokenize", "cache", "encode", "head", "total"]


@pytest.fixture
def application(tmp_path: Path) -> Application:
    return make_application(tmp_path)


def test_every_answer_says_who_it_is_and_where_time_went(application: Application) -> None:
    for method, path in (("POST", "/v1/classify"), ("GET", "/nowhere"), ("GET", "/docs")):
        answer = call(application, method, path, BODY)
        names = [part.split(";")[0] for part in answer.headers["server-timing"].split(", ")]
        assert names == TIMINGS
        assert answer.headers["x-request-id"]
        assert answer.headers["cache-control"] == "no-store"


def test_request_ids_are_taken_over_or_made(application: Application) -> None:
    given = call(application, "GET", "/v1/models", headers={"X-Request-Id": "abc-1.2:3"})
    assert given.headers["x-request-id"] == "abc-1.2:3"
    made = {call(application, "GET", "/v1/models").headers["x-request-id"] for _ in range(20)}
    assert len(made) == 20
    for bad in ("a b", "x" * 129, "é", 'a"b'):
        answer = call(application, "GET", "/v1/models", headers={"X-Request-Id": bad})
        assert answer.headers["x-request-id"] != bad


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1/classify", 405, "method_not_allowed"),
        ("DELETE", "/v1/models/mood", 405, "method_not_allowed"),
        ("GET", "/v1/models/nobody", 404, "model_not_found"),
    ],
)
def test_what_is_not_there(
    application: Application, method: str, path: str, status: int, code: str
) -> None:
    answer = call(application, method, path)
    assert answer.status == status
    error = answer.json()["error"]
    assert error["code"] == code
    assert set(error) == {"message", "type", "param", "code"}


def test_errors_under_v2_have_their_own_form(application: Application) -> None:
    for path in ("/v2/nowhere", "/v2/models/nobody"):
        answer = call(application, "GET", path)
        assert answer.status == 404
        assert isinstance(answer.json()["error"], str)


def test_options_and_allow(application: Application) -> None:
    answer = call(application, "OPTIONS", "/v1/classify")
    assert (answer.status, answer.headers["allow"]) == (204, "OPTIONS, POST")
    assert call(application, "PUT", "/v1/models").headers["allow"] == "GET, HEAD, OPTIONS"
    assert call(application, "OPTIONS", "/nowhere").status == 404


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Overloaded("full", retry_after=1.5), 429),
        (DeadlineExceeded("late"), 504),
        (Unavailable("not yet", retry_after=1), 503),
    ],
)
def test_the_services_errors(tmp_path: Path, error: Exception, status: int) -> None:
    answer = call(make_application(tmp_path, failing(error)), "POST", "/v1/classify", BODY)
    assert answer.status == status
    assert answer.json()["error"]["message"] == str(error)


def test_a_bug_is_logged_with_its_id_and_not_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    application = make_application(tmp_path, failing(RuntimeError("secret detail")))
    with caplog.at_level(logging.ERROR):
        answer = call(application, "POST", "/v1/classify", BODY, {"X-Request-Id": "bug-7"})
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert b"bug-7" in answer.body
    assert "bug-7" in caplog.text
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("pieces", [1, 3, 40])
def test_bodies_in_pieces(application: Application, pieces: int) -> None:
    assert call(application, "POST", "/v1/classify", BODY, pieces=pieces).status == 200


def test_too_large_by_announcement_and_by_count(tmp_path: Path) -> None:
    settings = ServerSettings(limits=LimitSettings(max_body_bytes=100))
    application = make_application(tmp_path, settings=settings)
    body = msgspec.json.encode({"model": "mood", "input": "x" * 200})
    announced = {"Content-Length": str(len(body))}
    for headers, pieces in ((announced, 1), ({}, 1), ({}, 9)):
        answer = call(application, "POST", "/v1/classify", body, headers, pieces=pieces)
        assert answer.status == 413


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("application/problem+json", 200),
        ("application/x-www-form-urlencoded", 200),
        ("text/plain", 200),
        ("multipart/form-data; boundary=x", 415),
        ("application/xml", 415),
    ],
)
def test_content_types(application: Application, content_type: str, status: int) -> None:
    headers = {"Content-Type": content_type}
    assert call(application, "POST", "/v1/classify", BODY, headers).status == status


def test_a_form_and_a_compressed_body_are_refused_clearly(application: Application) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = call(application, "POST", "/v1/classify", b"model=mood&input=x", form)
    assert answer.status == 415
    assert "application/json" in answer.json()["error"]["message"]
    packed = call(application, "POST", "/v1/classify", BODY, {"Content-Encoding": "gzip"})
    assert packed.status == 415


@pytest.mark.parametrize("header", ["0", "-1", "x", "1.5", "9" * 13, ""])
def test_a_bad_deadline_is_named(application: Application, header: str) -> None:
    headers = {"X-Request-Timeout-Ms": header}
    answer = call(application, "POST", "/v1/classify", BODY, headers)
    assert answer.status == 400
    assert answer.json()["error"]["param"] == "X-Request-Timeout-Ms"


def test_a_client_may_shorten_its_deadline_only(tmp_path: Path) -> None:
    service = Service()
    application = make_application(tmp_path, service)
    for header in ("100", "999999999"):
        call(application, "POST", "/v1/classify", BODY, {"X-Request-Timeout-Ms": header})
    short, long = (deadline or 0 for deadline in service.deadlines)
    assert short < time.monotonic() + 0.2
    assert long < time.monotonic() + service.settings.request_timeout + 0.2


def test_readiness_while_starting_and_draining(tmp_path: Path) -> None:
    service = Service()
    service.state = "starting"
    application = make_application(tmp_path, service)
    for path in ("/health/ready", "/v2/health/ready"):
        assert call(application, "GET", path).status == 503
    service.state = "ready"
    assert call(application, "GET", "/health/ready").status == 200
    application.draining = True
    answer = call(application, "GET", "/health/ready")
    assert (answer.status, answer.json()["state"]) == (503, "draining")
    assert call(application, "GET", "/health/live").status == 200


def test_a_client_that_leaves_cancels_its_request_under_any_asgi_server(tmp_path: Path) -> None:
    service, lines = Service(), Lines()
    application = make_application(tmp_path, service, lines=lines)

    async def scenario() -> None:
        service.hold = asyncio.Event()
        messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        await messages.put({"type": "http.request", "body": msgspec.json.encode(BODY)})

        async def send(message: Any) -> None:
            raise AssertionError("nobody is there to be answered")

        scope = request_scope("POST", "/v1/classify", {})
        answering = asyncio.create_task(application(scope, messages.get, send))
        await service.entered.wait()
        await messages.put({"type": "http.disconnect"})
        await answering

    asyncio.run(scenario())
    assert service.cancelled == 1
    assert msgspec.json.decode(lines.lines[0])["status"] == 499


def test_lifespan_and_web_sockets(application: Application) -> None:
    async def scenario(kind: str, *received: str) -> list[str]:
        messages = [{"type": name} for name in received]
        sent: list[str] = []

        async def receive() -> dict[str, Any]:
            return messages.pop(0)

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await application({"type": kind}, receive, send)
        return sent

    lifespan = scenario("lifespan", "lifespan.startup", "lifespan.shutdown")
    assert asyncio.run(lifespan) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert asyncio.run(scenario("websocket", "websocket.connect")) == ["websocket.close"]


def test_the_access_line(tmp_path: Path) -> None:
    lines = Lines()
    application = make_application(tmp_path, lines=lines)
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "X-Request-Id": "id-1"}
    call(application, "POST", "/v1/classify", {"model": "mood", "input": ["a", "b"]}, headers)
    line = msgspec.json.decode(lines.lines[0])
    assert line.pop("ms") >= 0
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "method": "POST",
        "path": "/v1/classify",
        "status": 200,
        "model": "mood",
        "rows": 2,
        "request_id": "id-1",
        "trace_id": trace,
        "client": "127.0.0.1",
    }


def test_a_model_that_is_asked_for_forges_no_line(tmp_path: Path) -> None:
    lines = Lines()
    lines.as_text = True
    application = make_application(tmp_path, lines=lines)
    forged = "x\nGET /v1/admin/store 200 1.0 ms"
    call(application, "POST", "/v1/classify", {"model": forged, "input": "a"})
    call(application, "GET", f"/v1/admin/models/{forged.replace('/', '')}/versions/1")
    call(application, "POST", "/v1/classify", {"model": "m" * 10_000, "input": "a"})
    assert [line.count(b"\n") for line in lines.lines] == [1, 1, 1]
    assert rb"ms x\nGET /v1" in lines.lines[0]
    assert len(lines.lines[2]) < 400


def test_sampling_leaves_errors(tmp_path: Path) -> None:
    lines = Lines()
    settings = ServerSettings(logs=LogSettings(access_sample=0))
    application = make_application(tmp_path, settings=settings, lines=lines)
    call(application, "GET", "/v1/models")
    call(application, "GET", "/nowhere\n{}")
    (line,) = lines.lines
    assert line.count(b"\n") == 1
    assert msgspec.json.decode(line)["status"] == 404
