"""The studio's page and files over HTTP."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest

from cuebox.web import studio
from tests.fakes.asgi import call, make_application

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.api.app import Application


@pytest.fixture
def application(tmp_path: Path) -> Application:
    return make_application(tmp_path)


def files_of(page: str) -> list[str]:
    """What the page loads at once, relative to `/`."""
    return re.findall(r'(?:src|href)="\./(assets/[^"]+)"', page)


def test_the_page_forbids_what_is_not_its_own(application: Application) -> None:
    answer = call(application, "GET", "/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["form-action"] == policy["base-uri"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_everything_the_page_names_is_served_for_good(application: Application) -> None:
    named = files_of(call(application, "GET", "/").body.decode())
    assert {name.rpartition(".")[2] for name in named} == {"js", "css", "svg"}
    for name in named:
        answer = call(application, "GET", f"/{name}")
        assert answer.status == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert re.search(r"-[\w-]{8}\.\w+$", name), "the name must change with the content"


def test_the_page_itself_has_neither_scripts_nor_styles(application: Application) -> None:
    page = call(application, "GET", "/").body.decode()
    assert "<style" not in page
    assert "style=" not in page
    assert all(re.search(r"\ssrc=", tag) for tag in re.findall(r"<script[^>]*>", page))


@pytest.mark.parametrize(
    "accepted", ["gzip", "br, gzip;q=0.8", "GZIP", "gzip;q=0.001", "*;q=0, gzip"]
)
def test_files_are_packed_for_those_who_unpack(application: Application, accepted: str) -> None:
    plain = call(application, "GET", "/")
    packed = call(application, "GET", "/", headers={"Accept-Encoding": accepted})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "accept-encoding"
    assert gzip.decompress(packed.body) == plain.body
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(
    "accepted",
    ["gzip;q=0", "br, GZIP; q=0.000", "gzip ;Q = 0.0", "identity", "x-gzip;q=1", ";", ""],
)
def test_files_are_plain_for_those_who_do_not(application: Application, accepted: str) -> None:
    plain = call(application, "GET", "/", headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in plain.headers
    assert plain.body.startswith(b"<!doctype html>")


def test_a_build_that_takes_the_place_of_another_is_served_when_the_page_is_reloaded(
    application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio, "_FOLDER", tmp_path)
    (tmp_path / "assets").mkdir()
    for old, new in (("1", "2"), ("2", "3")):
        studio._names.cache_clear()
        studio._read.cache_clear()
        (tmp_path / "index.html").write_text(f"page {old}")
        (tmp_path / "assets" / f"page-{old}.js").write_text(f"script {old}")
        assert call(application, "GET", "/").body == b"page " + old.encode()
        # The names are known from the first look, whatever it was for.
        assert call(application, "GET", "/assets/none.js").status == 404
        (tmp_path / "assets" / f"page-{old}.js").unlink()
        (tmp_path / "index.html").write_text(f"page {new}")
        (tmp_path / "assets" / f"page-{new}.js").write_text(f"script {new}")
        assert call(application, "GET", f"/assets/page-{old}.js").status == 404
        assert call(application, "GET", "/").body == b"page " + new.encode()
        found = call(application, "GET", f"/assets/page-{new}.js")
        assert found.body == b"script " + new.encode()
    studio._names.cache_clear()
    studio._read.cache_clear()


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2Findex.html", "index.html", "../__init__.py", "%2e%2e", "\x00"]
)
def test_other_files_are_not_served(application: Application, name: str) -> None:
    assert call(application, "GET", f"/assets/{name}").status == 404


def test_a_link_from_elsewhere_may_be_followed_but_not_fetched(application: Application) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert call(application, "GET", "/", headers=followed).status == 200
    assert call(application, "GET", "/v1/models", headers=followed).status == 403
    assert call(application, "POST", "/", headers=followed).status in (403, 405)
    fetched = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    assert call(application, "GET", "/", headers=fetched).status == 403
