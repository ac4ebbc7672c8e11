"""Garbage collection that cannot take what a publisher is about to need.

A blob is garbage when no manifest names it, nobody claimed it within the grace period, and it
was written longer ago than that. Looking first and deleting afterwards would race with a
publisher that finds the old blob still there; deleting cannot be made conditional on every
store. So both sides leave a mark before they look, as in Dekker's algorithm:

    put:      claim the blob,            then look; upload what is missing
    publish:  claim every blob,          then look; refuse if one is missing; manifest; unclaim
    collect:  move the blob to the trash, then look at claims and manifests;
              bring back what is needed, delete the rest

Say a publisher looked and found the blob. Either the move came later, and then the collector's
look, later still, sees the claim (or, once that is gone, the manifest, which was written before
it went; claims are read before manifests for this reason) and brings the blob back. Or the move
came first, and then the publisher did not find it: `put` uploads it anew, `publish` takes it
back from the trash or refuses before anything is committed. Nothing depends on how long a step
takes. A blob is only ever missing while a collector is between its two steps; a reader that
meets that moment, or a collector killed in it, takes the blob back from the trash itself.
Names in the trash are unique and each collector deletes only names that it listed before its
look, so several collectors may run at once.

What it rests on: listings see every finished write (true of local file systems, S3, GCS,
Azure), and a publisher does not sleep for longer than the grace period between claim and
manifest. All times are the store's own clock, read by writing an object, so clocks that differ
between machines do not matter.

A manifest that cannot be read stops the collection before anything is moved: what it names
is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cuebox.core.errors import CueboxError, InvalidRequest, StoreError
from cuebox.store import layout
from cuebox.store.claims import claimed_since
from cuebox.store.manifests import blobs_of

if TYPE_CHECKING:
    from cuebox.store.manifests import Manifests
    from cuebox.store.objects import ObjectInfo, Objects

__all__ = ["collect_garbage"]


def collect_garbage(
    objects: Objects, manifests: Manifests, *, grace_seconds: float, dry_run: bool
) -> dict[str, Any]:
    """Remove what nothing needs; see the module for why it is safe.

    Returns:
        `removed` (digests), `bytes` freed, `kept` and `young` (how many blobs are needed, and
        how many are not but are within the grace period), `staged` (half-written files
        removed) and `dry_run`.

    Raises:
        InvalidRequest: the grace period is negative or not a number.
        ModelError: a manifest cannot be read; nothing was removed.
    """
    if not grace_seconds >= 0:
        raise InvalidRequest(f"a grace period of {grace_seconds} s makes no sense", param="grace")
    since = _now(objects) - grace_seconds
    collector = _Collector(objects, manifests, since)
    blobs = [info for info in objects.walk(layout.BLOBS) if layout.digest_of(info.path)]
    needed = collector.needed()
    free = [info for info in blobs if layout.digest_of(info.path) not in needed]
    old = [info for info in free if info.modified <= since]
    report: dict[str, Any] = {
        "removed": sorted(str(layout.digest_of(info.path)) for info in old),
        "bytes": sum(info.size for info in old),
        "kept": len(blobs) - len(free),
        "young": len(free) - len(old),
        "staged": 0,
        "dry_run": dry_run,
    }
    if not dry_run:
        saved = collector.remove(old)
        report["removed"] = [digest for digest in report["removed"] if digest not in saved]
        report["bytes"] -= sum(info.size for info in old if layout.digest_of(info.path) in saved)
        report["kept"] += len(saved)
        report["staged"] = objects.discard_staged(since)
    return report


class _Collector:
    """One run of the collection: what it read of the manifests, which never change, is kept."""

    def __init__(self, objects: Objects, manifests: Manifests, since: float) -> None:
        self._objects = objects
        self._manifests = manifests
        self._since = since
        self._named: dict[tuple[str, str], set[str]] = {}

    def needed(self) -> set[str]:
        """Digests that are claimed or named by a manifest now; claims are read first."""
        digests = claimed_since(self._objects, self._since)
        for owner in self._manifests.all():
            if owner not in self._named:
                manifest = self._manifests.get(*owner)
                self._named[owner] = {ref.sha256 for ref in blobs_of(manifest)}
            digests |= self._named[owner]
        return digests

    def remove(self, blobs: list[ObjectInfo]) -> set[str]:
        """Trash the blobs, empty the trash of what is not needed; digests that were."""
        moved = set()
        for info in blobs:
            digest = str(layout.digest_of(info.path))
            if self._objects.move(info.path, layout.trash(digest)):
                moved.add(digest)
        pending = list(self._objects.walk(layout.TRASH))
        try:
            needed = self.needed()
        except CueboxError:
            for info in pending:
                self._objects.move(info.path, layout.blob(str(layout.digest_of(info.path))))
            raise
        for info in pending:
            digest = str(layout.digest_of(info.path))
            if digest in needed:
                self._objects.move(info.path, layout.blob(digest))
            else:
                self._objects.delete(info.path)
        self._drop_claims()
        return moved & needed

    def _drop_claims(self) -> None:
        for info in list(self._objects.walk(layout.CLAIMS)):
            if info.modified <= self._since:
                self._objects.delete(info.path)


def _now(objects: Objects) -> float:
    path = layout.clock()
    objects.mark(path)
    try:
        found = objects.head(path)
    finally:
        objects.delete(path)
    if found is None:
        raise StoreError(f"{objects.location} loses what was just written: check its settings")
    return found.modified
