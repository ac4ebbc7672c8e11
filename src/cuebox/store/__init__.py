"""Versions, aliases and content-addressed blobs in a folder or an object store."""

from cuebox.store.copying import copy_version
from cuebox.store.model_store import ObjectModelStore
from cuebox.store.opening import open_store
from cuebox.store.references import (
    DEFAULT_ALIAS,
    Reference,
    parse_reference,
    resolve,
    resolve_version,
)
from cuebox.store.rollback import rollback
from cuebox.store.settings import StoreSettings

__all__ = [
    "DEFAULT_ALIAS",
    "ObjectModelStore",
    "Reference",
    "StoreSettings",
    "copy_version",
    "open_store",
    "parse_reference",
    "resolve",
    "resolve_version",
    "rollback",
]
