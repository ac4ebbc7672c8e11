"""From a folder of exported files to a version in the store, and into production."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from cuebox.core.errors import ModelError
from cuebox.training.environment import current_user

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import ModelStore
    from cuebox.training.gates import Verdict

__all__ = ["PRODUCTION", "PromoteChoice", "production_version", "promote_judged", "publish_folder"]

PRODUCTION = "production"

PromoteChoice = Literal["auto", "yes", "no"]


def publish_folder(store: ModelStore, manifest: Manifest, folder: Path) -> Manifest:
    """Store every file below `folder` beside those the manifest names, and publish.

    A file that the manifest names but the folder lacks must be in the store already, as an
    encoder shared with other models is.

    Raises:
        ModelError: a file in the folder is not what the manifest says.
        BlobNotFound: a file that is in neither place.
    """
    files = dict(manifest.files)
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        ref = store.put_file(path)
        if name in files and files[name] != ref:
            raise ModelError(f"{path} changed after it was exported: export the model again")
        files[name] = ref
    return store.publish(msgspec.structs.replace(manifest, files=files))


def production_version(store: ModelStore, name: str) -> tuple[str | None, int]:
    """The version in production and the number of that record; None and 0 when there is none."""
    record = store.aliases(name).get(PRODUCTION)
    return (None, 0) if record is None else (record.version, record.number)


def promote_judged(
    store: ModelStore,
    manifest: Manifest,
    verdict: Verdict,
    promotion: PromoteChoice,
    *,
    expected: int,
) -> bool:
    """Make a published version the one in production when its gates say so, or when told to.

    Returns:
        Whether it was promoted.

    Raises:
        Conflict: somebody else moved the alias after record `expected`.
    """
    if promotion == "no" or (promotion == "auto" and not verdict.passed):
        return False
    outcome = "gates passed" if verdict.passed else "promoted in spite of the gates"
    store.move_alias(
        manifest.name,
        PRODUCTION,
        manifest.version,
        actor=current_user(),
        reason=f"{outcome}: {'; '.join(verdict.reasons)}",
        expected=expected,
    )
    return True
