"""What a store holds, at a glance: every version, its size, and what it shares with others."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.errors import ModelError, StoreError, UnknownModel, VersionNotFound
from cuebox.core.manifest import AliasRecord, FileRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import ModelStore

__all__ = ["Blob", "Contents", "Held", "Sharing", "StoreContents", "StoredModel", "VersionFacts"]

# A bucket answers each look after tens of milliseconds.
_SIDE_BY_SIDE = 8


class VersionFacts(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One version in a listing.

    Attributes:
        bytes: of all its files, shared ones too.
        own_bytes: of those that no other version has.
        encoder, decoder: digest of what it reads or writes through.
        coder_bytes: of the files of that.
        labels: how many it tells apart.
        metrics: headline figures on held-out data.
        error: why its manifest cannot be read; everything else is empty then.
    """

    version: str
    created: str = ""
    kind: str = ""
    task: str = ""
    labels: int = 0
    encoder: str = ""
    decoder: str = ""
    coder_bytes: int = 0
    metrics: dict[str, float] = {}
    bytes: int = 0
    own_bytes: int = 0
    error: str = ""


class StoredModel(msgspec.Struct, kw_only=True):
    """A model in the store.

    Attributes:
        versions: oldest first.
        aliases: alias to its record in force.
        error: why its aliases cannot be read; there are none then.
    """

    name: str
    versions: list[VersionFacts]
    aliases: dict[str, AliasRecord]
    error: str = ""


class Contents(msgspec.Struct, kw_only=True):
    """Everything in the store.

    Attributes:
        bytes: of all files that any version names, each once.
        unshared_bytes: what they would take if nothing were shared.
    """

    models: list[StoredModel]
    bytes: int
    unshared_bytes: int


class Sharing(msgspec.Struct, frozen=True):
    """The versions of one model that have a file too."""

    model: str
    versions: list[str]


class Blob(msgspec.Struct, kw_only=True):
    """One content of a version, however many of its files have it.

    Attributes:
        files: paths within the version.
        shared_with: the other versions that have it, those of the same model first.
    """

    files: list[str]
    sha256: str
    bytes: int
    shared_with: list[Sharing]


class Held(msgspec.Struct, frozen=True):
    """What is remembered of a manifest, which never changes.

    Attributes:
        refs: its different contents.
    """

    facts: VersionFacts
    refs: frozenset[FileRef]


class StoreContents:
    """Reads manifests once; which versions and aliases there are is looked up every time.

    Blocks; safe to call from several threads, of which the slower one's work is thrown away.
    """

    def __init__(self, store: ModelStore) -> None:
        self._store = store
        self._held: dict[tuple[str, str], Held] = {}
        # One object for a content that many versions name.
        self._refs: dict[FileRef, FileRef] = {}

    def look(self) -> Contents:
        """Everything in the store.

        Raises:
            StoreError: the store cannot be read.
        """
        held = self._look()
        users = _users(held)
        names = sorted({name for name, _ in held})
        with ThreadPoolExecutor(_SIDE_BY_SIDE, "look-at-store") as pool:
            aliases = dict(zip(names, pool.map(self._aliases, names), strict=True))
        versions: dict[str, list[VersionFacts]] = {name: [] for name in names}
        for (name, _), each in held.items():
            versions[name].append(_with_own(each, users))
        return Contents(
            models=[
                StoredModel(
                    name=name,
                    versions=versions[name],
                    aliases=aliases[name][0],
                    error=aliases[name][1],
                )
                for name in names
            ],
            bytes=sum(ref.size for ref in users),
            unshared_bytes=sum(each.facts.bytes for each in held.values()),
        )

    def version(self, name: str, version: str) -> tuple[Manifest, VersionFacts, list[Blob]]:
        """A version's manifest, its facts, and its contents, the largest first.

        Raises:
            UnknownModel, VersionNotFound: there is none.
            ModelError: its manifest is damaged.
        """
        held = self._look()
        found = held.get((name, version))
        if found is None:
            if not any(owner == name for owner, _ in held):
                raise UnknownModel(f"the store has no model {name!r}", param="model")
            raise VersionNotFound(f"{name!r} has no version {version!r}")
        manifest = self._store.manifest(name, version)
        users = _users(held)
        blobs = [_blob(ref, manifest, users[ref]) for ref in found.refs]
        blobs.sort(key=lambda blob: (-blob.bytes, blob.files))
        return manifest, _with_own(found, users), blobs

    def _look(self) -> dict[tuple[str, str], Held]:
        """What is remembered of every version; by name, then oldest version first."""
        names = self._store.names()
        with ThreadPoolExecutor(_SIDE_BY_SIDE, "look-at-store") as pool:
            listed = list(pool.map(self._store.versions, names))
            keys = [
                (name, version)
                for name, versions in zip(names, listed, strict=True)
                for version in versions
            ]
            found = dict(zip(keys, pool.map(self._read, keys), strict=True))
        # A damaged manifest may be mended: it is read again each time.
        self._held = {key: each for key, each in found.items() if not each.facts.error}
        # What garbage collection took away is not remembered for good.
        self._refs = {ref: ref for each in self._held.values() for ref in each.refs}
        return found

    def _aliases(self, name: str) -> tuple[dict[str, AliasRecord], str]:
        """A model's aliases, or why they cannot be read: one damaged record hides no other model."""
        try:
            return self._store.aliases(name), ""
        except StoreError as error:
            return {}, error.message

    def _read(self, key: tuple[str, str]) -> Held:
        known = self._held.get(key)
        if known is not None:
            return known
        try:
            manifest = self._store.manifest(*key)
        except (ModelError, VersionNotFound, StoreError) as error:
            return Held(VersionFacts(version=key[1], error=error.message), frozenset())
        refs = frozenset(self._refs.setdefault(ref, ref) for ref in manifest.files.values())
        return Held(_facts(manifest, refs), refs)


def _facts(manifest: Manifest, refs: Iterable[FileRef]) -> VersionFacts:
    encoder, decoder = manifest.encoder, manifest.decoder
    labels = manifest.body.get("labels")
    return VersionFacts(
        version=manifest.version,
        created=manifest.created,
        kind=sys.intern(manifest.kind),
        task=sys.intern(str(manifest.body.get("task", ""))),
        labels=len(labels) if isinstance(labels, list) else 0,
        encoder=sys.intern(encoder.digest) if encoder else "",
        decoder=sys.intern(decoder.digest) if decoder else "",
        coder_bytes=sum(ref.size for ref in _coder(manifest)),
        metrics=manifest.metrics,
        bytes=sum(ref.size for ref in refs),
    )


def _coder(manifest: Manifest) -> set[FileRef]:
    if manifest.encoder is not None:
        return {manifest.encoder.model, manifest.encoder.tokenizer}
    if manifest.decoder is not None:
        return {manifest.decoder.weights, manifest.decoder.tokenizer}
    return set()


def _users(held: Mapping[tuple[str, str], Held]) -> dict[FileRef, list[tuple[str, str]]]:
    users: dict[FileRef, list[tuple[str, str]]] = {}
    for key, each in held.items():
        for ref in each.refs:
            users.setdefault(ref, []).append(key)
    return users


def _with_own(held: Held, users: Mapping[FileRef, list[tuple[str, str]]]) -> VersionFacts:
    own = sum(ref.size for ref in held.refs if len(users[ref]) == 1)
    return msgspec.structs.replace(held.facts, own_bytes=own)


def _blob(ref: FileRef, manifest: Manifest, users: Iterable[tuple[str, str]]) -> Blob:
    others: dict[str, list[str]] = {}
    for name, version in users:
        if (name, version) != (manifest.name, manifest.version):
            others.setdefault(name, []).append(version)
    names = sorted(others, key=lambda name: (name != manifest.name, name))
    return Blob(
        files=sorted(path for path, other in manifest.files.items() if other == ref),
        sha256=ref.sha256,
        bytes=ref.size,
        shared_with=[Sharing(name, others[name]) for name in names],
    )
