"""The model store: versions, aliases and blobs over one set of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.core.errors import StoreError
from cuebox.store import layout
from cuebox.store.aliases import Aliases
from cuebox.store.blobs import Blobs
from cuebox.store.garbage import collect_garbage
from cuebox.store.manifests import Manifests

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.manifest import AliasRecord, FileRef, Manifest
    from cuebox.store.objects import Objects

__all__ = ["STORE_SCHEMA", "ObjectModelStore"]

STORE_SCHEMA = 1


class ObjectModelStore:
    """`ModelStore` on a folder or an object store; safe to use from threads and processes.

    Args:
        objects: where everything lies.
        cache: a folder of this machine, for downloads and for what was verified.

    Raises:
        StoreError: the store was written by a newer cuebox.
    """

    def __init__(self, objects: Objects, cache: Path) -> None:
        self._objects = objects
        self._blobs = Blobs(objects, cache)
        self._manifests = Manifests(objects, self._blobs)
        self._aliases = Aliases(objects, self._manifests)
        self._marked = _check_schema(objects)

    @property
    def location(self) -> str:
        """Folder or URL, for messages."""
        return self._objects.location

    def put_file(self, path: Path) -> FileRef:
        """Implement `ModelStore.put_file`."""
        self._mark()
        return self._blobs.put_file(path)

    def put_bytes(self, content: bytes) -> FileRef:
        """Implement `ModelStore.put_bytes`."""
        self._mark()
        return self._blobs.put_bytes(content)

    def read(self, ref: FileRef) -> bytes:
        """Implement `ModelStore.read`."""
        return self._blobs.read(ref)

    def fetch(self, ref: FileRef) -> Path:
        """Implement `ModelStore.fetch`."""
        return self._blobs.fetch(ref)

    def publish(self, manifest: Manifest) -> Manifest:
        """Implement `ModelStore.publish`."""
        self._mark()
        return self._manifests.publish(manifest)

    def adopt(self, manifest: Manifest) -> bool:
        """Write a manifest that has its version already, as `copy_version` does.

        Returns:
            False when that version is taken; nothing was changed then.
        """
        self._mark()
        return self._manifests.adopt(manifest)

    def names(self) -> list[str]:
        """Implement `ModelStore.names`."""
        return sorted({name for name, _ in self._manifests.all()})

    def versions(self, name: str) -> list[str]:
        """Implement `ModelStore.versions`."""
        return self._manifests.versions(name)

    def manifest(self, name: str, version: str) -> Manifest:
        """Implement `ModelStore.manifest`."""
        return self._manifests.get(name, version)

    def aliases(self, name: str) -> dict[str, AliasRecord]:
        """Implement `ModelStore.aliases`."""
        return self._aliases.current(name)

    def history(self, name: str, alias: str) -> list[AliasRecord]:
        """Implement `ModelStore.history`."""
        return self._aliases.history(name, alias)

    def move_alias(
        self,
        name: str,
        alias: str,
        version: str | None,
        *,
        actor: str = "",
        reason: str = "",
        expected: int | None = None,
    ) -> AliasRecord:
        """Implement `ModelStore.move_alias`."""
        return self._aliases.move(
            name, alias, version, actor=actor, reason=reason, expected=expected
        )

    def verify(self, name: str, version: str) -> None:
        """Implement `ModelStore.verify`."""
        self._manifests.verify(name, version)

    def collect_garbage(self, *, grace_seconds: float, dry_run: bool = False) -> dict[str, Any]:
        """Implement `ModelStore.collect_garbage`; `garbage` says why it is safe."""
        return collect_garbage(
            self._objects, self._manifests, grace_seconds=grace_seconds, dry_run=dry_run
        )

    def _mark(self) -> None:
        """Say at the first write which schema this store has."""
        if not self._marked:
            content = msgspec.json.encode(_Schema(schema_version=STORE_SCHEMA))
            if not self._objects.create(layout.SCHEMA_FILE, content):
                _check_schema(self._objects)
            self._marked = True


class _Schema(msgspec.Struct):
    schema_version: int


def _check_schema(objects: Objects) -> bool:
    content = objects.get(layout.SCHEMA_FILE)
    if content is None:
        return False
    where = f"{objects.location}/{layout.SCHEMA_FILE}"
    try:
        found = msgspec.json.decode(content, type=_Schema).schema_version
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"{where} does not describe a model store: {error}") from error
    if found > STORE_SCHEMA:
        raise StoreError(f"{where}: schema {found} is newer than {STORE_SCHEMA}: upgrade cuebox")
    return True
