"""Whether a server will need an engine process, found out before anything heavy is imported.

The engine process then starts while this one still imports what HTTP and encoders need, which
hides most of its start.
"""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cuebox.core.errors import CueboxError
from cuebox.serving.references import served_references
from cuebox.store.opening import open_store
from cuebox.store.references import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuebox.app.settings import Settings
    from cuebox.core.manifest import Manifest

__all__ = ["will_complete"]


def will_complete(settings: Settings) -> bool:
    """Whether a completion model is to be served, as far as a local store tells.

    A guess in time: looking through a bucket takes longer than it gains, and what cannot be read
    is for the loader to report.
    """
    if "://" in settings.store.url or find_spec("openvino") is None:
        return False
    with suppress(CueboxError, OSError):
        return any(manifest.decoder is not None for manifest in _manifests(settings))
    return False


def _manifests(settings: Settings) -> Iterator[Manifest]:
    store = open_store(settings.store.url, cache_dir=settings.store.cache_dir)
    for reference, version in served_references(store, settings.serving.models):
        with suppress(CueboxError):
            if version is None:
                yield resolve(store, reference)
            else:
                yield store.manifest(reference, version)
