"""Open a model store by its URL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cuebox.core.errors import ConfigError
from cuebox.store.local import LocalObjects
from cuebox.store.model_store import ObjectModelStore
from cuebox.store.settings import StoreSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cuebox.store.objects import Objects

__all__ = ["open_store"]

_REMOTE = frozenset({"s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss", "https", "memory"})
_DEFAULTS = StoreSettings()


def open_store(
    url: str | Path = _DEFAULTS.url,
    *,
    cache_dir: str | Path = _DEFAULTS.cache_dir,
    options: Mapping[str, str] | None = None,
    client_options: Mapping[str, str | bool] | None = None,
) -> ObjectModelStore:
    """Open the store at a folder, a `file://` URL or a bucket's URL; see `StoreSettings`.

    A folder that does not exist is an empty store and is made at the first write.
    `memory:///` is an empty store of this object alone, for tests.

    Raises:
        ConfigError: the URL is of no known sort.
        StoreError: the store cannot be reached, or was written by a newer cuebox.
    """
    objects = _objects(str(url), options or {}, client_options or {})
    return ObjectModelStore(objects, Path(cache_dir))


def _objects(
    url: str, options: Mapping[str, str], client_options: Mapping[str, str | bool]
) -> Objects:
    if not url:
        raise ConfigError("store.url is empty: give a folder or a URL", param="store.url")
    if "://" not in url:
        return LocalObjects(Path(url).expanduser())
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalObjects(Path(unquote(parts.path)))
    if parts.scheme not in _REMOTE:
        raise ConfigError(
            f"store.url {url!r}: {parts.scheme!r} is not supported; use a folder, s3://, gs:// "
            "or az://",
            param="store.url",
        )
    from cuebox.store.remote import RemoteObjects

    return RemoteObjects(url, options, client_options)
