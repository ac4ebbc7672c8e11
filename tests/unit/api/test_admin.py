from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cuebox.core.manifest import Manifest
from cuebox.store import open_store
from tests.fakes.asgi import call, make_application
from tests.fakes.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.api.app import Application
    from cuebox.core.ports import ModelStore


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    store = open_store(str(tmp_path / "store"), cache_dir=str(tmp_path / "cache"))
    for _ in range(3):
        store.publish(Manifest(kind="classifier", name="mood", files={}))
    return store


@pytest.fixture
def service(store: ModelStore) -> Service:
    return Service(store)


@pytest.fixture
def application(tmp_path: Path, service: Service) -> Application:
    return make_application(tmp_path, service)


def test_promote_rollback_retire(
    application: Application, service: Service, store: ModelStore
) -> None:
    first, second, _ = store.versions("mood")
    base = "/v1/admin/models/mood"
    for version in (first, second):
        body = {"version": version, "reason": "better"}
        answer = call(application, "POST", f"{base}/promote", body).json()
        assert answer["record"]["version"] == version
        assert answer["readiness"]["ready"] is True
    assert service.reloads == 2
    back = call(application, "POST", f"{base}/rollback", {"reason": "worse"}).json()
    assert back["record"]["version"] == first
    gone = call(application, "POST", f"{base}/retire").json()
    assert gone["record"]["version"] is None
    described = call(application, "GET", base).json()
    assert described["versions"] == store.versions("mood")
    history = [record["version"] for record in described["history"]["production"]]
    assert history == [first, second, first, None]
    assert described["history"]["production"][0]["actor"] == "local"


def test_promote_what_another_alias_points_at(application: Application, store: ModelStore) -> None:
    newest = store.versions("mood")[-1]
    store.move_alias("mood", "candidate", newest)
    body = {"alias": "candidate"}
    answer = call(application, "POST", "/v1/admin/models/mood/promote", body).json()
    assert answer["record"]["version"] == newest


def test_expected_guards_against_a_race(application: Application, store: ModelStore) -> None:
    version = store.versions("mood")[0]
    body = {"version": version, "expected": 4}
    assert call(application, "POST", "/v1/admin/models/mood/promote", body).status == 409


@pytest.mark.parametrize("move", ["rollback", "retire"])
def test_nobody_goes_back_from_what_they_did_not_see(
    application: Application, store: ModelStore, move: str
) -> None:
    for version in store.versions("mood"):
        seen = store.move_alias("mood", "production", version)
    store.move_alias("mood", "production", store.versions("mood")[1])
    path = f"/v1/admin/models/mood/{move}"
    refused = call(application, "POST", path, {"expected": seen.number})
    assert refused.status == 409
    assert "was moved by somebody else" in refused.json()["error"]["message"]
    assert store.aliases("mood")["production"].number == seen.number + 1
    assert call(application, "POST", path, {"expected": seen.number + 1}).status == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("mood/promote", {}, 400),
        ("mood/promote", {"version": "2026-11-21.1", "alias": "x"}, 400),
        ("mood/promote", {"version": "latest"}, 400),
        ("mood/promote", {"version": "1999-01-01.1"}, 404),
        ("mood/promote", {"alias": "nobody"}, 404),
        ("mood/promote", {"alias": "UP"}, 400),
        ("mood/rollback", {}, 404),
        ("mood/retire", {}, 404),
        ("nobody/promote", {"version": "2026-11-21.1"}, 404),
        ("NOBODY/retire", {}, 400),
    ],
)
def test_refusals(application: Application, path: str, body: object, status: int) -> None:
    answer = call(application, "POST", f"/v1/admin/models/{path}", body)
    assert answer.status == status, answer.body


def test_names_and_reload(application: Application, service: Service) -> None:
    assert call(application, "GET", "/v1/admin/models").json() == {"data": ["mood"]}
    assert call(application, "GET", "/v1/admin/models/nobody").status == 404
    assert call(application, "POST", "/v1/admin/reload").json()["state"] == "ready"
    assert service.reloads == 1
