"""Manifests: read, list, and written last under the next free version."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.errors import (
    BlobNotFound,
    InvalidRequest,
    ModelError,
    StoreError,
    VersionNotFound,
)
from cuebox.core.manifest import check_name, parse_manifest, version_key
from cuebox.store import layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuebox.core.manifest import FileRef, Manifest
    from cuebox.store.blobs import Blobs
    from cuebox.store.objects import Objects

__all__ = ["Manifests", "blobs_of"]


def blobs_of(manifest: Manifest) -> set[FileRef]:
    """Every blob a version needs."""
    needed = set(manifest.files.values())
    if manifest.encoder is not None:
        needed |= {manifest.encoder.model, manifest.encoder.tokenizer}
    return needed


class Manifests:
    """The versions of all models of one store."""

    def __init__(self, objects: Objects, blobs: Blobs) -> None:
        self._objects = objects
        self._blobs = blobs

    def all(self) -> Iterator[tuple[str, str]]:
        """Name and version of every manifest, in no order; none of them is read."""
        for info in self._objects.walk(layout.MODELS):
            owner = layout.manifest_owner(info.path)
            if owner is not None:
                yield owner

    def versions(self, name: str) -> list[str]:
        """Implement `ModelStore.versions`."""
        found = (
            layout.manifest_owner(info.path)
            for info in self._objects.walk(layout.versions_folder(name))
        )
        return sorted((owner[1] for owner in found if owner is not None), key=version_key)

    def exists(self, name: str, version: str) -> bool:
        """Whether this version was published."""
        return self._objects.head(layout.manifest(name, version)) is not None

    def get(self, name: str, version: str) -> Manifest:
        """Implement `ModelStore.manifest`.

        Raises:
            VersionNotFound: there is none.
            ModelError: it is damaged or from a newer cuebox; the message names its path.
        """
        path = layout.manifest(name, version)
        content = self._objects.get(path)
        if content is None:
            raise VersionNotFound(f"{name}@{version} is not in {self._objects.location}")
        where = f"{self._objects.location}/{path}"
        try:
            manifest = parse_manifest(content)
        except ModelError as error:
            raise ModelError(f"{where}: {error.message}") from error
        if (manifest.name, manifest.version) != (name, version):
            raise ModelError(f"{where}: holds {manifest.name}@{manifest.version} instead")
        return manifest

    def publish(self, manifest: Manifest) -> Manifest:
        """Implement `ModelStore.publish`.

        The version is today's date and the next number, but never sorts before one that is
        there: after a publisher whose clock is ahead, its date is kept on.
        """
        self._protect(manifest)
        taken = self.versions(manifest.name)
        day, number = datetime.now(UTC).strftime("%Y-%m-%d"), 0
        if taken:
            last_day, _, last_number = taken[-1].partition(".")
            if last_day >= day:
                day, number = last_day, int(last_number)
        while True:
            number += 1
            numbered = msgspec.structs.replace(manifest, version=f"{day}.{number}", created=_now())
            if self._commit(numbered):
                return numbered

    def adopt(self, manifest: Manifest) -> bool:
        """Write a manifest under the version it has; False when another holds that version."""
        self._protect(manifest)
        return self._commit(manifest)

    def _protect(self, manifest: Manifest) -> None:
        """Claim every blob, then see that it is there; `garbage` says why in this order."""
        check_name(manifest.name)
        for path in manifest.files:
            _check_path(path)
        needed = blobs_of(manifest)
        for ref in needed:
            self._blobs.claims.add(ref.sha256)
        for ref in needed:
            if not self._blobs.holds(ref):
                raise BlobNotFound(
                    f"cannot publish {manifest.name}: blob {ref.sha256} of {ref.size} bytes "
                    f"({_used_as(manifest, ref)}) is not in {self._objects.location}; put it first"
                )

    def _commit(self, manifest: Manifest) -> bool:
        path = layout.manifest(manifest.name, manifest.version)
        if not self._objects.create(path, manifest.encode()):
            return False
        self._blobs.claims.give_back(ref.sha256 for ref in blobs_of(manifest))
        return True

    def verify(self, name: str, version: str) -> None:
        """Implement `ModelStore.verify`: errors name the version, the file and the blob."""
        manifest = self.get(name, version)
        for ref in sorted(blobs_of(manifest), key=lambda ref: ref.sha256):
            try:
                self._blobs.verify(ref)
            except StoreError as error:
                used_as = _used_as(manifest, ref)
                raise type(error)(f"{name}@{version}, {used_as}: {error.message}") from error


def _check_path(path: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or "\0" in path:
        raise InvalidRequest(
            f"{path[:80]!r} is not a path within a version: use relative parts joined by '/'",
            param="files",
        )


def _used_as(manifest: Manifest, ref: FileRef) -> str:
    paths = sorted(path for path, other in manifest.files.items() if other == ref)
    return ", ".join(paths) or "its encoder"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
