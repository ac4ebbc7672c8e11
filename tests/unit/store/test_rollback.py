"""A rollback undoes promotions, one at a time, and never redoes what was rolled away from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.errors import VersionNotFound
from cuebox.core.manifest import AliasRecord, Manifest
from cuebox.store import ObjectModelStore, rollback
from cuebox.store.rollback import previous_version
from tests.fakes.objects import FakeObjects

if TYPE_CHECKING:
    from pathlib import Path


def history(*versions: str | None) -> list[AliasRecord]:
    return [
        AliasRecord(number=number, alias="production", version=version, at="")
        for number, version in enumerate(versions, start=1)
    ]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([], None),
        (["a"], None),
        (["a", "a"], None),
        (["a", "b"], "a"),
        (["a", "b", "b"], "a"),
        (["a", "b", "a"], None),
        (["a", "b", "c", "b"], "a"),
        (["a", "b", "c", "b", "d"], "b"),
        ([None], None),
        (["a", None], "a"),
        (["a", "b", None], "b"),
        (["a", None, "b"], "a"),
    ],
)
def test_where_a_rollback_leads(versions: list[str | None], expected: str | None) -> None:
    assert previous_version(history(*versions)) == expected


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8))
def test_rolling_back_again_and_again_ends_without_a_repeat(versions: list[str]) -> None:
    seen = [versions[-1]]
    while (target := previous_version(history(*versions))) is not None:
        assert target not in seen
        seen.append(target)
        versions = [*versions, target]


def test_a_rollback_is_another_record(tmp_path: Path) -> None:
    store = ObjectModelStore(FakeObjects(), tmp_path)
    first, second = (
        store.publish(Manifest(kind="classifier", name="a", files={})).version for _ in range(2)
    )
    store.move_alias("a", "production", first)
    store.move_alias("a", "production", second)
    record = rollback(store, "a", "production", actor="ann")
    assert (record.number, record.version, record.actor) == (3, first, "ann")
    assert second in record.reason
    with pytest.raises(VersionNotFound, match=f"before {first}"):
        rollback(store, "a", "production")


def test_an_unknown_alias_cannot_be_rolled_back(tmp_path: Path) -> None:
    with pytest.raises(VersionNotFound, match="no alias 'production'"):
        rollback(ObjectModelStore(FakeObjects(), tmp_path), "a", "production")
