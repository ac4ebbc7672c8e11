"""Where things lie in a store.

    cuebox-store.json                                  schema version of this layout
    blobs/sha256/ab/<digest>                           content, named by its SHA-256
    models/<name>/versions/<version>/manifest.json     written last: the commit point
    models/<name>/aliases/<alias>/00000001.json        append-only, the highest is in force
    claims/<digest>.<id>                               "about to need this blob", see `garbage`
    trash/<digest>.<time>.<id>                         blobs on their way out, see `garbage`

Every path is built here, from parts that were checked, so no name can lead out of the store.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from cuebox.core.errors import InvalidRequest, StoreError
from cuebox.core.manifest import check_name, version_key

__all__ = [
    "BLOBS",
    "CLAIMS",
    "MODELS",
    "SCHEMA_FILE",
    "TRASH",
    "TrashRun",
    "alias_folder",
    "alias_record",
    "aliases_folder",
    "blob",
    "check_alias",
    "claim",
    "clock",
    "digest_of",
    "manifest",
    "manifest_owner",
    "record_number",
    "trash",
    "trash_run",
    "versions_folder",
]

BLOBS = "blobs/sha256"
CLAIMS = "claims"
MODELS = "models"
SCHEMA_FILE = "cuebox-store.json"
TRASH = "trash"

_DIGEST = re.compile(r"[0-9a-f]{64}")
_TRASHED = re.compile(rf"{TRASH}/[0-9a-f]{{64}}\.(\d+)\.([0-9a-f]+)")
_RECORD = re.compile(r"(\d{8})\.json")
_MANIFEST = re.compile(rf"{MODELS}/([^/]+)/versions/([^/]+)/manifest\.json")


class TrashRun(NamedTuple):
    """One run of garbage collection, as its paths in the trash say.

    Attributes:
        started: when, Unix seconds by the store's clock.
        key: random, so that no two runs are the same.
    """

    started: float
    key: str


def blob(digest: str) -> str:
    """Path of a blob; raises `StoreError` for anything but a hex SHA-256."""
    return f"{BLOBS}/{_checked(digest)[:2]}/{digest}"


def claim(digest: str) -> str:
    """Path of a new claim on a blob; no two are ever the same."""
    return f"{CLAIMS}/{_checked(digest)}.{os.urandom(8).hex()}"


def trash(digest: str, run: TrashRun) -> str:
    """Path of a blob that a run of garbage collection took away."""
    return f"{TRASH}/{_checked(digest)}.{run.started:.0f}.{run.key}"


def trash_run(path: str) -> TrashRun | None:
    """The run that a path in the trash belongs to; None for any other path."""
    match = _TRASHED.fullmatch(path)
    return TrashRun(float(match[1]), match[2]) if match else None


def clock() -> str:
    """Path of an object written only to read the store's own clock."""
    return f"{CLAIMS}/clock.{os.urandom(8).hex()}"


def digest_of(path: str) -> str | None:
    """Digest that a blob, claim or trash path is about; None for any other path."""
    digest = path.rsplit("/", 1)[-1].split(".", 1)[0]
    return digest if _DIGEST.fullmatch(digest) else None


def versions_folder(name: str) -> str:
    """Folder of a model's versions."""
    return f"{MODELS}/{check_name(name)}/versions"


def manifest(name: str, version: str) -> str:
    """Path of a version's manifest; raises `InvalidRequest` for a malformed version."""
    version_key(version)
    return f"{versions_folder(name)}/{version}/manifest.json"


def manifest_owner(path: str) -> tuple[str, str] | None:
    """Name and version that a manifest's path says; None for any other path."""
    match = _MANIFEST.fullmatch(path)
    if match is None:
        return None
    name, version = match.groups()
    try:
        check_name(name)
        version_key(version)
    except InvalidRequest:
        return None
    return name, version


def check_alias(alias: str) -> str:
    """Return `alias` if it is a name that cannot be mistaken for a version."""
    check_name(alias, param="alias")
    try:
        version_key(alias)
    except InvalidRequest:
        return alias
    raise InvalidRequest(f"{alias!r} is a version, not an alias: choose a word", param="alias")


def aliases_folder(name: str) -> str:
    """Folder of a model's aliases."""
    return f"{MODELS}/{check_name(name)}/aliases"


def alias_folder(name: str, alias: str) -> str:
    """Folder of one alias's records."""
    return f"{aliases_folder(name)}/{check_alias(alias)}"


def alias_record(name: str, alias: str, number: int) -> str:
    """Path of one record of an alias."""
    return f"{alias_folder(name, alias)}/{number:08}.json"


def record_number(path: str) -> int | None:
    """Number that an alias record's path says; None for any other path."""
    match = _RECORD.fullmatch(path.rsplit("/", 1)[-1])
    return int(match[1]) if match else None


def _checked(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise StoreError(f"{digest[:80]!r} is not a SHA-256 digest of 64 hex digits")
    return digest
