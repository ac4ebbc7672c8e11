"""From counters to what a page draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cuebox.api.keys import KeyFile
from cuebox.api.monitor import Monitor, Window
from cuebox.api.monitor_view import monitor
from cuebox.api.run_dir import RunDir
from cuebox.core.errors import Unavailable
from cuebox.serving.history import History, Recorder
from cuebox.serving.metrics import Metrics
from cuebox.serving.requests import Readiness
from tests.fakes.asgi import call, make_application

if TYPE_CHECKING:
    from pathlib import Path

ROUTES = {"/v1/classify", "/v1/completions"}
KINDS = {"mood": "classifier", "quiet": "classifier"}


def asked(metrics: Metrics, route: str, status: int, times: int = 1) -> None:
    labels = (("route", route), ("status", str(status)))
    metrics.count("cuebox_http_requests_total", labels, times)
    for _ in range(times):
        metrics.observe("cuebox_http_request_seconds", 0.0007, (("route", route),))


def look(
    recorder: Recorder, metrics: Metrics, now: float, window: Window = "hour"
) -> dict[str, Any]:
    history = msgspec.msgpack.decode(recorder.encode(), type=History)
    found = monitor(window, history, metrics.snapshot(), now=now, routes=ROUTES, kinds=KINDS)
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def test_requests_are_told_by_what_came_of_them() -> None:
    metrics = Metrics()
    for status, times in ((200, 5), (429, 2), (400, 1), (499, 1), (503, 3)):
        asked(metrics, "/v1/classify", status, times)
    asked(metrics, "/health/ready", 503, 50)
    found = look(Recorder(0.0, 0.0), metrics, 60.0)
    assert (found["requests"], found["refused"], found["errors"]) == (12, 3, 3)
    request = found["phases"][0]
    assert (request["phase"], request["count"]) == ("request", 12)
    # All lie in (0.5, 1] ms.
    assert (request["p50"], request["p90"], request["mean"]) == (0.75, 0.95, 0.7)


def test_models_by_what_they_did() -> None:
    metrics = Metrics()
    mood, writer = ("model", "mood"), ("model", "writer")
    metrics.count("cuebox_rows_total", (mood,), 30)
    for outcome, times in (("answered", 7), ("cancelled", 1), ("invalid_request", 2),
                           ("overloaded", 1), ("deadline_exceeded", 3)):  # fmt: skip
        metrics.count("cuebox_model_requests_total", (mood, ("outcome", outcome)), times)
    for outcome, times in (("completed", 4), ("superseded", 5), ("unavailable", 1)):
        metrics.count("cuebox_completions_total", (writer, ("outcome", outcome)), times)
    metrics.count("cuebox_prompt_tokens_total", (writer,), 100)
    metrics.count("cuebox_cached_tokens_total", (writer,), 80)
    metrics.count("cuebox_completion_tokens_total", (writer,), 12)
    metrics.observe("cuebox_first_token_seconds", 0.03, (writer,))
    found = look(Recorder(0.0, 0.0), metrics, 60.0)
    first, second, third = found["models"]
    assert (first["model"], first["kind"], first["rows"]) == ("mood", "classifier", 30)
    assert (first["requests"], first["refused"], first["errors"]) == (14, 3, 3)
    assert first["first_token"] is None
    assert (second["model"], second["kind"]) == ("writer", "")
    assert (second["requests"], second["refused"], second["errors"]) == (10, 0, 1)
    assert (second["prompt_tokens"], second["cached_tokens"]) == (100, 80)
    assert second["first_token"]["p50"] == 37.5
    assert (third["model"], third["requests"]) == ("quiet", 0)
    assert found["token_hit_ratio"] == 0.8


def test_over_time() -> None:
    metrics = Metrics()
    depth = [0.0]
    hits = [0.0]
    metrics.gauge("cuebox_queue_jobs", lambda: depth[0], (("encoder", "e"),))
    metrics.gauge("cuebox_cache_hits_total", lambda: hits[0])
    metrics.gauge("cuebox_cache_misses_total", lambda: 10.0)
    recorder = Recorder(1000.0, 0.0)
    asked(metrics, "/v1/classify", 200, 50)
    depth[0] = 3.0
    recorder.glance(metrics.gauges())
    depth[0], hits[0] = 0.0, 30.0
    recorder.close(metrics.snapshot(), 1010.0, 10.0)
    recorder.close(metrics.snapshot(), 1020.0, 20.0)
    asked(metrics, "/v1/classify", 500, 20)
    recorder.close(metrics.snapshot(), 1030.0, 30.0)
    found = look(recorder, metrics, 1031.0)
    line = found["timeline"]
    assert line["until"] == [1010.0, 1020.0, 1030.0]
    assert line["requests"] == [5.0, 0.0, 2.0]
    assert line["errors"] == [0.0, 0.0, 2.0]
    assert line["queued"] == [3, 0, 0]
    assert line["hit_ratio"] == [0.75, None, None]
    assert line["phases"]["request"]["p50"] == [0.75, None, 0.75]
    assert line["phases"]["head"]["p50"] == [None, None, None]
    assert found["requests"] == 70
    assert found["seconds"] == 31.0


def test_an_hour_leaves_out_what_came_before_it() -> None:
    metrics = Metrics()
    recorder = Recorder(0.0, 0.0)
    for clock in range(10, 7210, 10):
        asked(metrics, "/v1/classify", 200)
        recorder.close(metrics.snapshot(), clock, clock)
    hour, start = (look(recorder, metrics, 7200.0, window) for window in ("hour", "start"))
    assert (hour["requests"], hour["seconds"]) == (360, 3600)
    assert (start["requests"], start["seconds"]) == (720, 7200)
    for found in (hour, start):
        line = found["timeline"]
        assert len(line["until"]) <= 121
        counted = [rate * s for rate, s in zip(line["requests"], line["seconds"], strict=True)]
        assert sum(counted) == pytest.approx(found["requests"], rel=0.02)


def test_columns_keep_their_borders_from_look_to_look() -> None:
    metrics = Metrics()
    recorder = Recorder(0.0, 0.0)
    for clock in range(10, 3610, 10):
        recorder.close(metrics.snapshot(), clock, clock)
    before = look(recorder, metrics, 3600.0)["timeline"]["until"]
    recorder.close(metrics.snapshot(), 3610, 3610)
    after = look(recorder, metrics, 3610.0)["timeline"]["until"]
    assert set(before[1:-1]) <= set(after)


@pytest.mark.parametrize("window", ["hour", "start"])
def test_a_server_that_has_just_started(tmp_path: Path, window: str) -> None:
    application = make_application(tmp_path)
    answer = call(application, "GET", f"/v1/monitor/{window}")
    found = msgspec.json.decode(answer.body, type=Monitor)
    assert (found.window, found.requests, found.hit_ratio) == (window, 0, None)
    assert found.timeline.until == []
    assert {each.model for each in found.models} == {"mood", "minilm", "writer", "replies"}
    assert found.live.in_flight == 0


def test_it_counts_what_models_answer_and_not_itself(tmp_path: Path) -> None:
    application = make_application(tmp_path)
    call(application, "POST", "/v1/classify", {"model": "mood", "input": "a"})
    call(application, "POST", "/v1/classify", {"model": "nobody", "input": "a"})
    for _ in range(3):
        call(application, "GET", "/v1/models")
        found = call(application, "GET", "/v1/monitor/hour").json()
    assert (found["requests"], found["refused"], found["errors"]) == (2, 1, 0)


@pytest.mark.parametrize("window", ["week", "HOUR", "hour ", "%00", "h" * 500])
def test_another_window_is_refused(tmp_path: Path, window: str) -> None:
    answer = call(make_application(tmp_path), "GET", f"/v1/monitor/{window}")
    assert (answer.status, answer.json()["error"]["param"]) == (400, "window")


def test_with_keys_it_takes_the_scope_metrics(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    tokens = {name: file.create(name, scopes=(name,))[1] for name in ("predict", "metrics")}
    application = make_application(tmp_path)

    def status(token: str | None) -> int:
        headers = {"X-API-Key": token} if token else {}
        return call(application, "GET", "/v1/monitor/hour", headers=headers).status

    assert [status(None), status(tokens["predict"]), status(tokens["metrics"])] == [401, 403, 200]


def test_workers_share_a_secret_and_a_past(tmp_path: Path) -> None:
    first, second = RunDir(tmp_path, 1), RunDir(tmp_path, 2)
    assert len(first.secret()) == 32
    assert first.secret() == second.secret()
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret"]
    with pytest.raises(Unavailable):
        first.history()
    first.write_history(b"past")
    assert second.history() == b"past"


def test_a_worker_that_is_being_buried_counts_once(tmp_path: Path) -> None:
    metrics = Metrics()
    metrics.count("asked_total", (), 5)
    metrics.gauge("cuebox_pending_rows", lambda: 2.0)
    worker = RunDir(tmp_path, 7)
    readiness = Readiness(ready=True, state="ready", models=1, failures={})
    worker.write(readiness, metrics.snapshot())
    state = (tmp_path / "worker-7").read_bytes()
    RunDir(tmp_path, 0).bury(7)
    (tmp_path / "worker-7").write_bytes(state)
    merged = RunDir(tmp_path, 8).merged({})
    assert merged["counters"] == [["asked_total", [], 5]]
    assert merged["gauges"] == []


def test_workers_that_died_one_after_another_leave_one_file(tmp_path: Path) -> None:
    readiness = Readiness(ready=True, state="ready", models=1, failures={})
    for pid in range(1, 31):
        metrics = Metrics()
        metrics.count("asked_total", (), pid)
        metrics.observe("cuebox_http_request_seconds", 0.01)
        RunDir(tmp_path, pid).write(readiness, metrics.snapshot())
        # Killed while it wrote.
        (tmp_path / f".worker-{pid}").write_bytes(b'{"pid"')
        RunDir(tmp_path, 0).bury(pid)
    assert [path.name for path in tmp_path.iterdir()] == ["past"]
    living = RunDir(tmp_path, 31)
    (state,) = living.states()
    assert state.readiness == {"ready": False}
    merged = living.merged({"counters": [["asked_total", [], 1]]})
    assert merged["counters"] == [["asked_total", [], 466]]
    assert sum(merged["histograms"][0][2][:-1]) == 30
    # One that had nothing to say leaves the others' as it is.
    RunDir(tmp_path, 0).bury(77)
    assert living.states()[0].metrics == state.metrics


def test_a_server_by_itself_draws_another_secret_each_time() -> None:
    assert RunDir(None, 1).secret() != RunDir(None, 1).secret()
