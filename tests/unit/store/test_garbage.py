"""Garbage collection against publishers, one operation at a time, in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.digests import sha256_bytes
from cuebox.core.errors import BlobNotFound
from cuebox.core.manifest import FileRef, Manifest
from cuebox.store import ObjectModelStore
from tests.fakes.objects import FakeObjects, Killed, run_interleaved

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.store.objects import Objects

CONTENT = b"an old blob that nothing names"
REF = FileRef(sha256=sha256_bytes(CONTENT), size=len(CONTENT))
GRACE = 3600.0


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def open_at(objects: Objects, cache: Path) -> ObjectModelStore:
    return ObjectModelStore(objects, cache)


def with_an_old_blob(cache: Path) -> FakeObjects:
    objects = FakeObjects()
    open_at(objects, cache).put_bytes(CONTENT)
    objects.now = 10 * GRACE
    return objects


def versions_that_lack_a_blob(objects: Objects, cache: Path) -> list[str]:
    store = open_at(objects, cache)
    broken = []
    for version in store.versions("a"):
        try:
            store.verify("a", version)
        except BlobNotFound:
            broken.append(version)
    return broken


def test_the_interleaving_finds_the_race_of_a_careless_collector(cache: Path) -> None:
    """Without the second look the harness sees a broken version, so it can see one."""

    def careless(objects: Objects) -> None:
        named = any(objects.walk("models"))
        if not named:
            objects.delete(f"blobs/sha256/{REF.sha256[:2]}/{REF.sha256}")

    def publisher(objects: Objects) -> None:
        store = open_at(objects, cache)
        store.put_bytes(CONTENT)
        store.publish(Manifest(kind="classifier", name="a", files={"x": REF}))

    broken = []
    for start in range(12):
        objects = with_an_old_blob(cache)
        turns = [0] * start + [1] + [0] * 99
        run_interleaved(objects, [publisher, careless], turns)
        broken += versions_that_lack_a_blob(objects, cache)
    assert broken


@settings(deadline=None, max_examples=150)
@given(
    bursts=st.lists(st.tuples(st.integers(0, 11), st.integers(1, 12)), max_size=24),
    kills=st.sets(st.integers(0, 80), max_size=2),
)
def test_no_version_ever_loses_a_blob(
    cache: Path, bursts: list[tuple[int, int]], kills: set[int]
) -> None:
    objects = with_an_old_blob(cache)

    def put_and_publish(seen: Objects) -> None:
        store = open_at(seen, cache)
        store.put_bytes(CONTENT)
        store.publish(Manifest(kind="classifier", name="a", files={"x": REF}))

    def publish(seen: Objects) -> None:
        open_at(seen, cache).publish(Manifest(kind="encoder", name="a", files={"x": REF}))

    def collect(seen: Objects) -> None:
        open_at(seen, cache).collect_garbage(grace_seconds=GRACE)

    acts = [put_and_publish, collect, publish, collect]
    turns = [actor for actor, steps in bursts for _ in range(steps)]
    errors = run_interleaved(objects, acts, turns, kills)

    put_error, *_ = errors
    assert put_error is None or isinstance(put_error, Killed)
    for error in errors:
        assert error is None or isinstance(error, (Killed, BlobNotFound))
    assert versions_that_lack_a_blob(objects, cache) == []

    objects.now += 2 * GRACE
    open_at(objects, cache).collect_garbage(grace_seconds=GRACE)
    assert versions_that_lack_a_blob(objects, cache) == []
    assert [*objects.walk("trash"), *objects.walk("claims")] == []
