"""Copy a version from one store to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cuebox.store.manifests import blobs_of

if TYPE_CHECKING:
    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import ModelStore
    from cuebox.store.model_store import ObjectModelStore

__all__ = ["copy_version"]


def copy_version(source: ModelStore, target: ObjectModelStore, name: str, version: str) -> Manifest:
    """Copy a version with its blobs, verified on the way; aliases stay behind.

    The version keeps its number when that is free in the target and gets the next one when it
    is not. Copying again what is there already, under whatever number, changes nothing.

    Returns:
        The manifest as it is in the target.

    Raises:
        VersionNotFound: the source has no such version.
        BlobNotFound, BlobCorrupt: the source is damaged.
    """
    manifest = source.manifest(name, version)
    for ref in sorted(blobs_of(manifest), key=lambda ref: ref.sha256):
        target.put_file(source.fetch(ref))
    if target.adopt(manifest):
        return manifest
    return _same(target, manifest) or target.publish(manifest)


def _same(target: ModelStore, manifest: Manifest) -> Manifest | None:
    """The version of the target that says the same: itself, or the newest but for its number."""
    others = reversed(target.versions(manifest.name))
    for version in (manifest.version, *others):
        found = target.manifest(manifest.name, version)
        numbered = {"version": found.version, "created": found.created}
        if msgspec.structs.replace(manifest, **numbered) == found:
            return found
    return None
