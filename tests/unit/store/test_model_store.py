"""Any sequence of calls leaves the store as a simple model says it should be."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from cuebox.core.errors import BlobNotFound, Conflict, VersionNotFound
from cuebox.core.manifest import FileRef, Manifest, version_key
from cuebox.store import ObjectModelStore, rollback
from cuebox.store.rollback import previous_version
from tests.fakes.objects import FakeObjects

NAMES = st.sampled_from(["a", "ab", "a.b"])
ALIASES = st.sampled_from(["production", "candidate"])
GRACE = 100.0


class StoreMachine(RuleBasedStateMachine):
    """Publishing, aliases and collection; time moves only when a rule moves it."""

    refs: ClassVar[Bundle[FileRef]] = Bundle("refs")
    published: ClassVar[Bundle[Manifest]] = Bundle("published")

    @initialize()
    def open(self) -> None:
        self.objects = FakeObjects()
        self.cache = Path(tempfile.gettempdir())
        self.store = ObjectModelStore(self.objects, self.cache)
        self.put_at: dict[FileRef, float] = {}
        self.versions: dict[str, dict[str, Manifest]] = {}
        self.moves: dict[tuple[str, str], list[str | None]] = {}

    @rule(target=refs, content=st.binary(max_size=2))
    def put(self, content: bytes) -> FileRef:
        ref = self.store.put_bytes(content)
        self.put_at[ref] = self.objects.now
        assert self.store.read(ref) == content
        return ref

    @rule(target=published, name=NAMES, files=st.lists(refs, max_size=3))
    def publish(self, name: str, files: list[FileRef]) -> Manifest | MultipleResults[Manifest]:
        draft = Manifest(
            kind="x", name=name, files={str(index): ref for index, ref in enumerate(files)}
        )
        if not set(files) <= set(self.put_at):
            with pytest.raises(BlobNotFound):
                self.store.publish(draft)
            return multiple()
        manifest = self.store.publish(draft)
        taken = self.versions.setdefault(name, {})
        assert all(version_key(manifest.version) > version_key(version) for version in taken)
        taken[manifest.version] = manifest
        return manifest

    @rule(name=NAMES, alias=ALIASES, manifest=published)
    def promote(self, name: str, alias: str, manifest: Manifest) -> None:
        if manifest.version not in self.versions.get(name, {}):
            with pytest.raises(VersionNotFound):
                self.store.move_alias(name, alias, manifest.version)
            return
        self.store.move_alias(name, alias, manifest.version)
        self.moves.setdefault((name, alias), []).append(manifest.version)

    @rule(name=NAMES, alias=ALIASES, expected=st.integers(0, 4))
    def withdraw(self, name: str, alias: str, expected: int) -> None:
        moves = self.moves.setdefault((name, alias), [])
        if expected != len(moves):
            with pytest.raises(Conflict):
                self.store.move_alias(name, alias, None, expected=expected)
            return
        self.store.move_alias(name, alias, None, expected=expected)
        moves.append(None)

    @rule(name=NAMES, alias=ALIASES)
    def roll_back(self, name: str, alias: str) -> None:
        target = previous_version(self.store.history(name, alias))
        if target is None:
            with pytest.raises(VersionNotFound):
                rollback(self.store, name, alias)
            return
        assert rollback(self.store, name, alias).version == target
        self.moves[name, alias].append(target)

    @rule(seconds=st.sampled_from([1.0, GRACE / 2, 2 * GRACE]))
    def wait(self, seconds: float) -> None:
        self.objects.now += seconds

    @rule()
    def reopen(self) -> None:
        self.store = ObjectModelStore(self.objects, self.cache)

    @rule()
    def collect(self) -> None:
        needed = {
            ref
            for versions in self.versions.values()
            for manifest in versions.values()
            for ref in manifest.files.values()
        }
        free = {ref: at for ref, at in self.put_at.items() if ref not in needed}
        removed = set(self.store.collect_garbage(grace_seconds=GRACE)["removed"])
        # What was refused at a publish was claimed then, so it may stay a little longer.
        assert removed <= {ref.sha256 for ref, at in free.items() if self.objects.now - at >= GRACE}
        self.put_at = {ref: at for ref, at in self.put_at.items() if ref.sha256 not in removed}

    @invariant()
    def everything_published_is_there(self) -> None:
        assert self.store.names() == sorted(name for name, found in self.versions.items() if found)
        for name, versions in self.versions.items():
            assert self.store.versions(name) == sorted(versions, key=version_key)
            for version, manifest in versions.items():
                assert self.store.manifest(name, version) == manifest
                self.store.verify(name, version)

    @invariant()
    def every_move_is_there(self) -> None:
        for (name, alias), moves in self.moves.items():
            history = self.store.history(name, alias)
            assert [record.version for record in history] == moves
            assert [record.number for record in history] == list(range(1, len(moves) + 1))
            if moves:
                assert self.store.aliases(name)[alias] == history[-1]


TestStore = StoreMachine.TestCase
TestStore.settings = settings(deadline=None, max_examples=60, stateful_step_count=25)
