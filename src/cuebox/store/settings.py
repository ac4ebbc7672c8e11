"""Settings of the store."""

from __future__ import annotations

import msgspec

__all__ = ["StoreSettings"]


class StoreSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where models are kept.

    Attributes:
        url: a folder, or `s3://bucket/prefix`, `gs://bucket/prefix`,
            `az://account/container/prefix`.
        cache_dir: a folder of this machine for blobs downloaded from a bucket and for marks of
            what was verified; safe to delete, shared by processes of one user.
        options: settings of the bucket as obstore names them (`region`, `endpoint`, ...); what
            is left out comes from the vendor's own environment variables.
        client_options: HTTP settings as obstore names them (`timeout`, `allow_http`, ...).
    """

    url: str = ".cuebox/store"
    cache_dir: str = ".cuebox/cache"
    options: dict[str, str] = {}
    client_options: dict[str, str | bool] = {}
