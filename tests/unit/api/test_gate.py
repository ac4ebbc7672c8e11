from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cuebox.api import gate as gate_module
from cuebox.api.gate import Gate, is_loopback
from cuebox.api.keys import KeyFile
from cuebox.api.listening import check_exposure
from cuebox.api.rate import RateLimiter
from cuebox.api.settings import AuthSettings, ServerSettings
from cuebox.core.errors import ConfigError
from tests.fakes.asgi import Answer, call, make_application

if TYPE_CHECKING:
    from pathlib import Path

BODY = {"model": "mood", "input": "hello"}


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json")


@pytest.fixture(autouse=True)
def always_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "_POLL_SECONDS", 0.0)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_key_is_asked_for_as_soon_as_there_is_one(tmp_path: Path, file: KeyFile) -> None:
    application = make_application(tmp_path)
    assert call(application, "POST", "/v1/classify", BODY).status == 200
    _, token = file.create("shop")
    refused = call(application, "POST", "/v1/classify", BODY)
    assert refused.status == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert call(application, "POST", "/v1/classify", BODY, bearer(token)).status == 200
    assert call(application, "POST", "/v1/classify", BODY, {"X-API-Key": token}).status == 200
    assert call(application, "POST", "/v1/classify", BODY, bearer(token + "x")).status == 401
    file.revoke("shop")
    assert call(application, "POST", "/v1/classify", BODY, bearer(token)).status == 401


def test_a_deleted_keys_file_locks_rather_than_opens(tmp_path: Path, file: KeyFile) -> None:
    application = make_application(tmp_path)
    _, token = file.create("shop")
    assert call(application, "POST", "/v1/classify", BODY, bearer(token)).status == 200
    file.path.unlink()
    assert call(application, "POST", "/v1/classify", BODY).status == 401
    assert call(application, "POST", "/v1/classify", BODY, bearer(token)).status == 200


def test_a_damaged_keys_file_changes_nothing(tmp_path: Path, file: KeyFile) -> None:
    _, token = file.create("shop")
    application = make_application(tmp_path)
    file.path.write_bytes(b"{")
    assert call(application, "POST", "/v1/classify", BODY, bearer(token)).status == 200


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [("predict", "/v1/models"), ("metrics", "/metrics"), ("admin", "/v1/admin/reload")],
)
def test_scopes(tmp_path: Path, file: KeyFile, scope: str, allowed: str) -> None:
    _, token = file.create("x", scopes=[scope])
    application = make_application(tmp_path)
    for path in ("/v1/models", "/metrics", "/v1/admin/reload"):
        method = "POST" if path.endswith("reload") else "GET"
        answer = call(application, method, path, headers=bearer(token))
        assert answer.status == (200 if path == allowed else 403), path


@pytest.mark.parametrize("path", ["/health/live", "/v2/health/ready", "/openapi.json", "/docs"])
def test_probes_and_documentation_need_no_key(tmp_path: Path, file: KeyFile, path: str) -> None:
    file.create("x")
    assert call(make_application(tmp_path), "GET", path).status == 200


def test_over_the_rate(tmp_path: Path, file: KeyFile) -> None:
    _, token = file.create("x", rate=0.5, burst=2)
    application = make_application(tmp_path)

    def ask() -> Answer:
        return call(application, "POST", "/v1/classify", BODY, bearer(token))

    first, second, third = ask(), ask(), ask()
    assert [first.status, second.status, third.status] == [200, 200, 429]
    assert [a.headers["ratelimit-remaining"] for a in (first, second, third)] == ["1", "0", "0"]
    assert int(third.headers["retry-after"]) in (1, 2)
    assert third.json()["error"]["code"] == "rate_limited"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "[::1]:8080", "LOCALHOST:1"])
def test_loopback_names_pass(tmp_path: Path, host: str) -> None:
    application = make_application(tmp_path)
    assert call(application, "GET", "/v1/models", headers={"Host": host}).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.nip.io", ""])
def test_a_rebound_name_is_refused(tmp_path: Path, host: str) -> None:
    application = make_application(tmp_path)
    assert call(application, "GET", "/v1/models", headers={"Host": host}).status == 403


def test_hosts_may_be_named(tmp_path: Path) -> None:
    settings = ServerSettings(allowed_hosts=["api.example"])
    application = make_application(tmp_path, settings=settings)
    assert call(application, "GET", "/v1/models", headers={"Host": "api.example"}).status == 200
    assert call(application, "GET", "/v1/models", headers={"Host": "localhost"}).status == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost:8080"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:3000"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({}, 200),
    ],
)
def test_other_web_pages_cannot_call_without_a_key(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    application = make_application(tmp_path)
    assert call(application, "POST", "/v1/admin/reload", headers=headers).status == status
    assert call(application, "POST", "/v1/classify", BODY, headers).status == status


def test_admin_without_keys_is_for_this_machine(tmp_path: Path) -> None:
    settings = ServerSettings(host="0.0.0.0", auth=AuthSettings(mode="off"))
    application = make_application(tmp_path, settings=settings)
    far = call(application, "POST", "/v1/admin/reload", client="10.0.0.9")
    near = call(application, "POST", "/v1/admin/reload", client="127.0.0.1")
    assert (far.status, near.status) == (403, 200)
    assert call(application, "POST", "/v1/classify", BODY, client="10.0.0.9").status == 200


@pytest.mark.parametrize(
    ("host", "mode", "with_key", "safe"),
    [
        ("127.0.0.1", "auto", False, True),
        ("localhost", "auto", False, True),
        ("0.0.0.0", "auto", False, False),
        ("0.0.0.0", "on", False, False),
        ("0.0.0.0", "auto", True, True),
        ("0.0.0.0", "off", False, True),
        ("::", "auto", False, False),
    ],
)
def test_an_open_address_needs_a_key(
    tmp_path: Path, host: str, mode: str, with_key: bool, safe: bool
) -> None:
    file = KeyFile(tmp_path / "keys.json")
    if with_key:
        file.create("x")
    settings = ServerSettings(host=host, auth=AuthSettings(mode=mode))  # type: ignore[arg-type]
    gate = Gate(settings, file.path, RateLimiter())
    if safe:
        check_exposure(settings, gate)
    else:
        with pytest.raises(ConfigError, match="cuebox keys create"):
            check_exposure(settings, gate)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("0.0.0.0", False), ("x", False)],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_an_unreadable_file_at_start_is_an_error(tmp_path: Path, file: KeyFile) -> None:
    file.path.write_bytes(b"not json")
    file.path.chmod(0o600)
    with pytest.raises(ConfigError):
        Gate(ServerSettings(), file.path, RateLimiter())


SCOPES = ("predict", "metrics", "admin")
NAMED = ("model", "version", "file", "ticket", "list", "window")


def test_with_keys_only_these_paths_are_open(tmp_path: Path, file: KeyFile) -> None:
    tokens = {scope: file.create(scope, scopes=[scope])[1] for scope in SCOPES}
    application = make_application(tmp_path)
    paths = call(application, "GET", "/openapi.json").json()["paths"]
    open_paths = set()
    for path, operations in paths.items():
        asked = path.format_map(dict.fromkeys(NAMED, "x"))
        for method in operations:
            if call(application, method.upper(), asked).status != 401:
                open_paths.add(path)
                continue
            wanted = "admin" if path.startswith("/v1/admin") else "predict"
            wanted = "metrics" if path in ("/metrics", "/v1/monitor/{window}") else wanted
            for scope, token in tokens.items():
                answer = call(application, method.upper(), asked, headers=bearer(token))
                assert (answer.status == 403) == (scope != wanted), (method, path, scope)
    assert open_paths == {
        "/", "/assets/{file}", "/docs", "/docs/docs.css", "/docs/docs.js", "/health/live",
        "/health/ready", "/openapi.json", "/reports/{ticket}", "/v2/health/live",
        "/v2/health/ready",
    }  # fmt: skip
