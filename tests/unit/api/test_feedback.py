"""`POST /v1/feedback` over a service that remembers what it was told."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, Any

import pytest

from cuebox.api.keys import KeyFile
from tests.fakes.asgi import call, make_application
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


def test_one_event(application: Application, service: Service) -> None:
    before = time()
    answer = call(application, "POST", "/v1/feedback", {"suggestion": "s.1", "event": "accepted"})
    assert (answer.status, answer.json()) == (200, {"object": "feedback", "recorded": 1})
    (record,) = service.told
    assert (record.suggestion, record.event, record.text) == ("s.1", "accepted", "")
    assert before <= record.at <= time()


def test_a_list_of_events_with_their_times(application: Application, service: Service) -> None:
    events = [
        {"suggestion": "s.1", "event": "shown", "time": 1763735423.5},
        {"suggestion": "s.1", "event": "edited", "text": "Grüße, Anna", "time": 1763735425},
    ]
    answer = call(application, "POST", "/v1/feedback", events)
    assert answer.json()["recorded"] == 2
    assert [(each.event, each.text, each.at) for each in service.told] == [
        ("shown", "", 1763735423.5),
        ("edited", "Grüße, Anna", 1763735425.0),
    ]


def test_the_key_that_told_is_recorded(tmp_path: Path) -> None:
    _, token = KeyFile(tmp_path / "keys.json").create("desk")
    service = Service()
    body = {"suggestion": "s.1", "event": "ignored"}
    headers = {"Authorization": f"Bearer {token}"}
    application = make_application(tmp_path, service)
    assert call(application, "POST", "/v1/feedback", body, headers).status == 200
    assert [each.client for each in service.told] == ["desk"]
    assert call(application, "POST", "/v1/feedback", body).status == 401


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"event": "shown"}, "suggestion"),
        ({"suggestion": "s"}, "event"),
        ({"suggestion": "", "event": "shown"}, "suggestion"),
        ({"suggestion": "s" * 201, "event": "shown"}, "suggestion"),
        ({"suggestion": "s", "event": "liked"}, "event"),
        ({"suggestion": "s", "event": "sent", "text": 3}, "text"),
        ({"suggestion": "s", "event": "sent", "time": -1}, "time"),
        ({"suggestion": "s", "event": "sent", "time": 1763735423000}, "time"),
        ({"suggestion": "s", "event": "sent", "final": "x"}, "final"),
        ([{"suggestion": "s", "event": "sent"}, {"suggestion": "s"}], "[1].event"),
        ([{"suggestion": "s", "event": "sent", "time": 1e12}], "[0].time"),
        ([], None),
        ("text", None),
    ],
)
def test_a_wrong_field_is_named_and_nothing_recorded(
    application: Application, service: Service, body: Any, param: str | None
) -> None:
    answer = call(application, "POST", "/v1/feedback", body)
    assert answer.status == 400
    assert answer.json()["error"]["param"] == param
    assert service.told == []


def test_bounds(application: Application, service: Service) -> None:
    one = {"suggestion": "s", "event": "sent"}
    assert call(application, "POST", "/v1/feedback", [one] * 1000).json()["recorded"] == 1000
    assert call(application, "POST", "/v1/feedback", [one] * 1001).status == 400
    long = one | {"text": "x" * (service.settings.max_text_chars + 1)}
    answer = call(application, "POST", "/v1/feedback", [one, long])
    assert (answer.status, answer.json()["error"]["param"]) == (413, "[1].text")
