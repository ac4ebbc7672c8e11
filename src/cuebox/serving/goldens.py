"""Golden examples, replayed before a version takes traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cuebox.core.digests import sha256_data
from cuebox.core.errors import ModelError
from cuebox.core.manifest import GOLDENS_FILE, Golden

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import Marks, ModelStore, Predictor
    from cuebox.core.types import FloatArray

__all__ = ["replay_goldens"]


def replay_goldens(
    predictor: Predictor,
    run: Callable[[str], FloatArray],
    *,
    engine: str,
    store: ModelStore,
    marks: Marks,
) -> None:
    """Replay the goldens: all of them the first time on this engine and CPU, then one.

    Args:
        run: what the model makes of a golden's input, as `Predictor.check` wants it.

    Raises:
        GoldenMismatch: an answer differs from the recorded one.
        ModelError: the version has no goldens, or they cannot be read.
    """
    manifest = predictor.manifest
    goldens = _read(manifest, store)
    key = sha256_data([engine, manifest.files, manifest.encoder or manifest.decoder])
    seen = marks.has(key)
    for golden in goldens[:1] if seen else goldens:
        predictor.check(golden, run(golden.input))
    if not seen:
        marks.add(key)


def _read(manifest: Manifest, store: ModelStore) -> Sequence[Golden]:
    if GOLDENS_FILE not in manifest.files:
        raise ModelError(f"{manifest.name} {manifest.version} has no {GOLDENS_FILE}")
    content = store.read(manifest.files[GOLDENS_FILE])
    try:
        return msgspec.json.decode(content, type=list[Golden])
    except msgspec.DecodeError as error:
        raise ModelError(f"{manifest.name} {manifest.version}: bad goldens: {error}") from error
