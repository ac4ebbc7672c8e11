"""A manifest survives the round trip and refuses what it cannot know."""

from __future__ import annotations

import pytest

from cuebox.core.errors import InvalidRequest, ModelError
from cuebox.core.manifest import FileRef, Manifest, check_name, parse_manifest, version_key


def test_round_trip() -> None:
    manifest = Manifest(
        kind="classifier", name="spam", files={"head": FileRef("0" * 64, 3)}, body={"a": [1]}
    )
    assert parse_manifest(manifest.encode()) == manifest


def test_a_newer_schema_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match="upgrade cuebox"):
        parse_manifest(b'{"schema_version": 99, "brand_new": true}')


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"schema_version": 1}'])
def test_damage_is_a_clear_error(content: bytes) -> None:
    with pytest.raises(ModelError, match="not a manifest"):
        parse_manifest(content)


def test_versions_sort_by_number() -> None:
    versions = ["2026-11-21.10", "2026-11-21.9", "2026-02-01.1"]
    assert max(versions, key=version_key) == "2026-11-21.10"


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "a..b", ".a", "x" * 65, "a\n", "ä"])
def test_unsafe_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        check_name(name)


@pytest.mark.parametrize("version", ["", "1", "2026-11-21", "2026-11-21.x", "2026-11-21.1/.."])
def test_bad_versions_are_refused(version: str) -> None:
    with pytest.raises(InvalidRequest):
        version_key(version)
