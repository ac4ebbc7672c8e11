"""Garbage collection that cannot take what a publisher is about to need.

A blob is garbage when no manifest names it, nobody claimed it within the grace period, and it
was written longer ago than that. Looking first and deleting afterwards would race with a
publisher that finds the old blob still there; deleting cannot be made conditional on every
store. So both sides leave a mark before they look, as in Dekker's algorithm:

    put:      claim the blob,    then look; copy back from the trash or upload what is missing
    publish:  claim every blob,  then look; copy back or refuse; manifest; give the claims back
    collect:  copy the blob to the trash and delete it, then look at claims and manifests;
              copy back what is needed, empty the trash

Say a publisher looked and found the blob, and consider the last time it was deleted after
that. The collector that did so looks later still, sees the claim (or, once that is gone, the
manifest, which was written before it went; claims are read first for this reason) and copies
the blob back from its own place in the trash, which nobody else empties. If the blob was
deleted before the publisher looked, then `put` uploads it anew and `publish` takes it back or
refuses before anything is committed. So every committed version keeps its blobs, however the
steps of any number of publishers and collectors interleave.

A blob may be missing for a moment between a collector's two steps, and a collector may be
killed there. Whoever misses a blob therefore looks in the trash, and a later collector empties
it, copying back first what is needed.

What this rests on: listings see every finished write (true of local file systems, S3, GCS and
Azure), and neither a publisher nor a collector sleeps for longer than the grace period in the
middle of its work. All times are by the store's own clock, read by writing an object, so
clocks that differ between machines do not matter.

A manifest that cannot be read stops the collection before anything is taken: what it names is
unknown.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cuebox.core.errors import CueboxError, InvalidRequest, StoreError
from cuebox.store import layout
from cuebox.store.claims import claimed_since
from cuebox.store.manifests import blobs_of

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    now = _now(objects)
    collector = _Collector(objects, manifests, now, now - grace_seconds)
    blobs = {
        digest: info
        for info in objects.walk(layout.BLOBS)
        if (digest := layout.digest_of(info.path)) is not None
    }
    free = blobs.keys() - collector.needed()
    garbage = {digest for digest in free if blobs[digest].modified <= now - grace_seconds}
    young = len(free) - len(garbage)
    staged = 0
    if not dry_run:
        garbage = collector.remove([blobs[digest] for digest in garbage])
        staged = objects.discard_staged(now - grace_seconds)
    return {
        "removed": sorted(garbage),
        "bytes": sum(blobs[digest].size for digest in garbage),
        "kept": len(blobs) - len(garbage) - young,
        "young": young,
        "staged": staged,
        "dry_run": dry_run,
    }


class _Collector:
    """One run of the collection; manifests never change, so each is read once.

    Args:
        now: when the run started, by the store's clock.
        since: claims and other runs' trash made before this are left over from the dead.
    """

    def __init__(self, objects: Objects, manifests: Manifests, now: float, since: float) -> None:
        self._objects = objects
        self._manifests = manifests
        self._since = since
        self._run = layout.TrashRun(now, os.urandom(8).hex())
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

    def remove(self, blobs: Iterable[ObjectInfo]) -> set[str]:
        """Take the blobs away, bring back what turns out to be needed; digests that stay away."""
        taken = {digest for info in blobs if (digest := self._take(info)) is not None}
        pending = [info for info in self._objects.walk(layout.TRASH) if self._may_empty(info)]
        try:
            needed = self.needed()
        except CueboxError:
            self._bring_back(pending)
            raise
        self._bring_back(info for info in pending if layout.digest_of(info.path) in needed)
        for info in pending:
            self._objects.delete(info.path)
        self._drop_old_claims()
        return taken - needed

    def _take(self, blob: ObjectInfo) -> str | None:
        digest = str(layout.digest_of(blob.path))
        if not self._objects.copy(blob.path, layout.trash(digest, self._run)):
            return None  # another collector was quicker
        self._objects.delete(blob.path)
        return digest

    def _may_empty(self, info: ObjectInfo) -> bool:
        run = layout.trash_run(info.path)
        return run is not None and (run.key == self._run.key or run.started <= self._since)

    def _bring_back(self, trashed: Iterable[ObjectInfo]) -> None:
        for info in trashed:
            self._objects.copy(info.path, layout.blob(str(layout.digest_of(info.path))))

    def _drop_old_claims(self) -> None:
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
