"""References are read as people write them, and mistakes name what there is."""

from __future__ import annotations

import pytest

from cuebox.core.errors import InvalidRequest, UnknownModel, VersionNotFound
from cuebox.core.manifest import Manifest
from cuebox.store import (
    ObjectModelStore,
    Reference,
    parse_reference,
    resolve,
    resolve_version,
)
from tests.fakes.objects import FakeObjects


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> ObjectModelStore:
    store = ObjectModelStore(FakeObjects(), tmp_path_factory.mktemp("cache"))
    for number in (1, 2, 10):
        version = f"2026-01-02.{number}"
        assert store.adopt(Manifest(kind="classifier", name="banking", version=version, files={}))
    return store


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("banking", Reference("banking")),
        ("banking@candidate", Reference("banking", alias="candidate")),
        ("banking@2026-01-02.1", Reference("banking", version="2026-01-02.1")),
        ("banking@2026", Reference("banking", alias="2026")),
    ],
)
def test_references_are_parsed(text: str, expected: Reference) -> None:
    assert parse_reference(text) == expected


@pytest.mark.parametrize("text", ["", "@", "a@", "@a", "a@b@c", "../a", "a@../b", "A", "a b", "ä"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_reference(text)
    assert caught.value.param == "model"


def test_a_bare_name_is_the_newest_version_until_one_is_promoted(store: ObjectModelStore) -> None:
    assert resolve(store, "banking").version == "2026-01-02.10"
    store.move_alias("banking", "candidate", "2026-01-02.1")
    assert resolve(store, "banking").version == "2026-01-02.10"
    store.move_alias("banking", "production", "2026-01-02.2")
    assert resolve_version(store, "banking") == ("banking", "2026-01-02.2")
    assert resolve(store, "banking@candidate").version == "2026-01-02.1"
    assert resolve(store, "banking@2026-01-02.10").version == "2026-01-02.10"


def test_a_model_taken_out_of_service_is_not_served_by_its_bare_name(
    store: ObjectModelStore,
) -> None:
    store.move_alias("banking", "production", None)
    with pytest.raises(VersionNotFound, match="out of service"):
        resolve(store, "banking")
    assert resolve(store, "banking@2026-01-02.1").version == "2026-01-02.1"


def test_an_unknown_name_comes_with_near_ones(store: ObjectModelStore) -> None:
    with pytest.raises(UnknownModel, match="'bankng'; there are: banking"):
        resolve(store, "bankng")


def test_an_empty_store_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = ObjectModelStore(FakeObjects(), tmp_path_factory.mktemp("cache"))
    with pytest.raises(UnknownModel, match="there are none"):
        resolve(empty, "banking")


def test_an_unknown_version_or_alias_comes_with_near_ones(store: ObjectModelStore) -> None:
    with pytest.raises(VersionNotFound, match=r"2026-01-02\.10"):
        resolve(store, "banking@2026-01-02.11")
    with pytest.raises(VersionNotFound, match="there are none"):
        resolve(store, "banking@production")
    store.move_alias("banking", "production", "2026-01-02.2")
    with pytest.raises(VersionNotFound, match="there are: production"):
        resolve(store, "banking@prod")
