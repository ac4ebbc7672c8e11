"""The store at a glance, cards of versions, and links that open reports without a key."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from cuebox.api import keys
from cuebox.core.manifest import Manifest, Provenance
from cuebox.store import open_store
from tests.fakes.asgi import Lines, call, make_application
from tests.fakes.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.api.app import Application
    from cuebox.core.ports import ModelStore

PAGE = b"<!doctype html><title>mood</title>"
REPORT = {"model": {"description": "How a text feels", "name": "mood"}, "scores": {}}


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    store = open_store(str(tmp_path / "store"), cache_dir=str(tmp_path / "cache"))
    files = {
        "report.html": store.put_bytes(PAGE),
        "report.json": store.put_bytes(msgspec.json.encode(REPORT)),
        "curve.png": store.put_bytes(b"\x89PNG"),
        "config.toml": store.put_bytes(b'name = "mood"\n'),
        "head.safetensors": store.put_bytes(b"weights"),
        "encoder/tokenizer.json": store.put_bytes(b"{}"),
    }
    made = store.publish(
        Manifest(
            kind="classifier",
            name="mood",
            files=files,
            body={"labels": ["glad", "sad"], "task": "single", "head": "linear", "thresholds": []},
            metrics={"ece": 0.02, "accuracy": 0.9, "strange.figure": 3.0},
            provenance=Provenance(command="cuebox train mood.toml"),
        )
    )
    store.move_alias("mood", "production", made.version)
    store.publish(Manifest(kind="encoder", name="bare", files={}))
    return store


@pytest.fixture
def application(tmp_path: Path, store: ModelStore) -> Application:
    return make_application(tmp_path, Service(store))


def path_of(store: ModelStore, name: str = "mood") -> str:
    return f"/v1/admin/models/{name}/versions/{store.versions(name)[0]}"


def link(application: Application, path: str, body: object = b"") -> str:
    answer = call(application, "POST", f"{path}/report", body)
    assert answer.status == 200, answer.body
    url: str = answer.json()["url"]
    return url


def test_the_store_at_a_glance(application: Application, store: ModelStore) -> None:
    found = call(application, "GET", "/v1/admin/store").json()
    bare, mood = found["contents"]["models"]
    assert bare["name"] == "bare"
    assert bare["aliases"] == {}
    assert mood["aliases"]["production"]["version"] == store.versions("mood")[0]
    assert mood["versions"][0]["labels"] == 2
    assert found["serving"]["mood"] == "2026-11-21.1"
    assert [each["name"] for each in found["figures"]] == ["accuracy", "ece", "strange.figure"]
    titles = [each["title"] for each in found["figures"]]
    assert titles == ["Accuracy", "Calibration error", "strange, figure"]


def test_a_card(application: Application, store: ModelStore) -> None:
    card = call(application, "GET", path_of(store)).json()
    assert card["description"] == "How a text feels"
    assert card["labels"] == ["glad", "sad"]
    assert card["body"] == {"head": "linear"}
    assert card["settings"] == 'name = "mood"\n'
    assert card["provenance"]["command"] == "cuebox train mood.toml"
    assert [(each["file"], each["view"]) for each in card["reports"]] == [
        ("report.html", "page"), ("curve.png", "picture"),
        ("config.toml", "text"), ("report.json", "text"),
    ]  # fmt: skip
    assert card["facts"]["own_bytes"] == card["facts"]["bytes"]
    assert card["encoder"] is None


def test_a_card_of_a_version_without_anything(application: Application, store: ModelStore) -> None:
    card = call(application, "GET", path_of(store, "bare")).json()
    assert (card["description"], card["labels"], card["reports"], card["blobs"]) == ("", [], [], [])


def test_a_report_that_is_damaged_is_no_obstacle(
    application: Application, store: ModelStore
) -> None:
    files = {"report.json": store.put_bytes(b'{"model": 7}')}
    store.publish(Manifest(kind="x", name="odd", files=files, body={"labels": 7}))
    card = call(application, "GET", path_of(store, "odd")).json()
    assert (card["description"], card["labels"], card["facts"].get("labels", 0)) == ("", [], 0)


def test_a_link_opens_the_page_shut_off_from_everything(
    application: Application, store: ModelStore
) -> None:
    answer = call(application, "GET", link(application, path_of(store)))
    assert (answer.status, answer.body) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == (
        "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("file", "content_type"),
    [("curve.png", "image/png"), ("report.json", "text/plain; charset=utf-8")],
)
def test_pictures_and_texts(
    application: Application, store: ModelStore, file: str, content_type: str
) -> None:
    answer = call(application, "GET", link(application, path_of(store), {"file": file}))
    assert (answer.status, answer.headers["content-type"]) == (200, content_type)


@pytest.mark.parametrize(
    "file",
    [
        "head.safetensors", "encoder/tokenizer.json", "nothing.html", "", "../report.html",
        "/etc/passwd", "report.html/..", "./report.html", "REPORT.HTML", "report.html\x00",
    ],
)  # fmt: skip
def test_what_is_no_report_is_not_opened(
    application: Application, store: ModelStore, file: str
) -> None:
    answer = call(application, "POST", f"{path_of(store)}/report", {"file": file})
    assert (answer.status, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/admin/models/nobody/versions/2026-01-01.1", 404),
        ("/v1/admin/models/mood/versions/1999-01-01.1", 404),
        ("/v1/admin/models/mood/versions/latest", 400),
        ("/v1/admin/models/..%2f/versions/2026-01-01.1", 400),
        ("/v1/admin/models/MOOD/versions/2026-01-01.1", 400),
    ],
)
def test_refusals(application: Application, path: str, status: int) -> None:
    assert call(application, "GET", path).status == status
    assert call(application, "POST", f"{path}/report").status == status


def test_a_version_without_a_report(application: Application, store: ModelStore) -> None:
    answer = call(application, "POST", f"{path_of(store, 'bare')}/report")
    assert answer.status == 404
    assert "has no report" in answer.json()["error"]["message"]


def test_the_log_does_not_tell_the_link(tmp_path: Path, store: ModelStore) -> None:
    lines = Lines()
    application = make_application(tmp_path, Service(store), lines=lines)
    url = link(application, path_of(store))
    assert call(application, "GET", url).status == 200
    logged = msgspec.json.decode(lines.lines[-1])
    assert (logged["path"], logged["model"]) == ("/reports/{ticket}", "mood")
    assert url.encode() not in b"".join(lines.lines)


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("POST", "{url}"), ("PUT", "{url}"), ("OPTIONS", "{url}"), ("GET", "{url}/"),
        ("GET", "{url}/x"), ("GET", "/{url}"), ("GET", "/studio{url}"), ("HEAD", "{url}/"),
    ],
)  # fmt: skip
def test_nor_does_it_when_something_else_is_asked_of_it(
    tmp_path: Path, store: ModelStore, method: str, address: str
) -> None:
    lines = Lines()
    application = make_application(tmp_path, Service(store), lines=lines)
    url = link(application, path_of(store))
    assert call(application, method, address.format(url=url)).status != 200
    ticket = url.rpartition("/")[2]
    assert ticket.encode() not in b"".join(lines.lines)
    assert msgspec.json.decode(lines.lines[-1])["path"].endswith("/reports/...")


def test_a_link_runs_out(
    application: Application, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = link(application, path_of(store))
    later = time() + 301
    monkeypatch.setattr("cuebox.api.endpoints.versions.time", lambda: later)
    assert call(application, "GET", url).status == 404


def test_who_reads_html_is_told_in_words_and_led_back(
    tmp_path: Path, application: Application, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = link(application, path_of(store))
    read = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert call(application, "GET", url, headers=read).body == PAGE
    later = time() + 301
    monkeypatch.setattr("cuebox.api.endpoints.versions.time", lambda: later)
    told = call(application, "GET", url, headers=read)
    assert (told.status, told.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert told.headers["content-security-policy"].startswith("sandbox allow-scripts; default-src")
    assert f'<a href="../#/models/mood/{store.versions("mood")[0]}">' in told.body.decode()
    assert "works for 5 minutes" in told.body.decode()
    # Of what was not signed here nothing is repeated.
    for made_up in (url[:-1], f"{url}x", "/reports/<script>"):
        told = call(application, "GET", made_up, headers=read)
        assert (told.status, b'<a href="../#/models">' in told.body) == (404, True)
        assert b"mood" not in told.body
        assert b"<script" not in told.body
    assert call(application, "GET", url).json()["error"]["code"] == "not_found"


def test_a_link_of_another_server_opens_nothing(
    tmp_path: Path, application: Application, store: ModelStore
) -> None:
    url = link(application, path_of(store))
    assert call(make_application(tmp_path, Service(store)), "GET", url).status == 404


def test_with_keys_a_link_takes_the_scope_admin_and_opens_without_a_key(
    tmp_path: Path, store: ModelStore
) -> None:
    file = keys.KeyFile(tmp_path / "keys.json")
    admin, predict = (
        file.create(name, scopes=scopes)[1]
        for name, scopes in (("ops", ("admin",)), ("shop", ("predict",)))
    )
    application = make_application(tmp_path, Service(store))
    path = f"{path_of(store)}/report"
    assert call(application, "POST", path).status == 401
    headers = {"Authorization": f"Bearer {predict}"}
    assert call(application, "POST", path, headers=headers).status == 403
    headers = {"Authorization": f"Bearer {admin}"}
    url = call(application, "POST", path, headers=headers).json()["url"]
    assert admin not in url
    assert call(application, "GET", url).body == PAGE
    for name in ("/v1/admin/store", "/v1/admin/memory", path_of(store)):
        assert call(application, "GET", name).status == 401


def test_memory(application: Application) -> None:
    found = call(application, "GET", "/v1/admin/memory").json()
    assert [each["role"] for each in found["processes"]][:1] == ["server"]
    assert {each["digest"]: each["models"] for each in found["coders"]} == {
        "sha256:0": ["mood", "minilm", "replies"], "0123456789abcdef": ["writer"],
    }  # fmt: skip
