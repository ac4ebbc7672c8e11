"""The documentation page: whole, offline, and nothing in it but its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cuebox.web import asset
from tests.fakes.asgi import call, make_application

if TYPE_CHECKING:
    from pathlib import Path

FILES = ["docs.html", "docs.css", "docs.js"]


@pytest.mark.parametrize("name", FILES)
def test_nothing_comes_from_outside(name: str) -> None:
    text = asset(name).decode()
    assert not re.search(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text)
    assert "@import" not in text
    assert "innerHTML" not in text


def test_everything_the_page_names_is_served(tmp_path: Path) -> None:
    application = make_application(tmp_path)
    page = call(application, "GET", "/docs").body.decode()
    paths = re.findall(r'(?:href|src)="(/[^"#]*)"', page)
    assert {"/docs/docs.css", "/docs/docs.js", "/openapi.json"} <= set(paths)
    for path in paths:
        assert call(application, "GET", path).status == 200


def test_every_element_the_script_wants_is_there() -> None:
    page, script = asset("docs.html").decode(), asset("docs.js").decode()
    wanted = set(re.findall(r'at\("([\w-]+)"\)', script))
    assert wanted
    assert wanted <= set(re.findall(r'id="([\w-]+)"', page))


def test_the_policy_lets_nothing_else_in(tmp_path: Path) -> None:
    answer = call(make_application(tmp_path), "GET", "/docs")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    page = answer.body.decode()
    assert not re.search(r"\bon\w+=|style=|<style|<script>", page)


def test_light_and_dark() -> None:
    assert "prefers-color-scheme: dark" in asset("docs.css").decode()


def test_an_asset_is_one_of_this_room() -> None:
    with pytest.raises(OSError, match="passwd"):
        asset("../../../../../../etc/passwd")
