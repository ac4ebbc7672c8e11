"""Objects in a bucket of S3, GCS or Azure, or in memory, by obstore."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import from_url

from cuebox.core.errors import StoreError
from cuebox.store.objects import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from obstore import ObjectMeta

__all__ = ["RemoteObjects"]

_WRITER = "cuebox-writer"
_PIECE = 8 << 20


class RemoteObjects:
    """An object store, by URL.

    Args:
        url: `s3://bucket/prefix`, `gs://bucket/prefix`, `az://account/container/prefix` or
            `memory:///`.
        options: obstore's settings of that store, such as `endpoint` or `region`; what is not
            given comes from the environment, as the vendor's own tools read it.
        client_options: obstore's HTTP client settings, such as `allow_http` or `timeout`.
    """

    def __init__(
        self, url: str, options: Mapping[str, str], client_options: Mapping[str, str | bool]
    ) -> None:
        self.location = url.rstrip("/")
        given: dict[str, Any] = {}
        if options:
            given["config"] = dict(options)
        if client_options:
            given["client_options"] = dict(client_options)
        try:
            self._store = from_url(url, **given)
        except (BaseError, ValueError, TypeError) as error:
            raise StoreError(f"cannot open the store {url!r}: {_first_line(error)}") from error

    def get(self, path: str) -> bytes | None:
        """Implement `Objects.get`."""
        with self._explained("read", path):
            try:
                return bytes(obstore.get(self._store, path).bytes())
            except FileNotFoundError:
                return None

    def head(self, path: str) -> ObjectInfo | None:
        """Implement `Objects.head`."""
        with self._explained("read", path):
            try:
                return _info(obstore.head(self._store, path))
            except FileNotFoundError:
                return None

    def stream(self, path: str) -> Iterator[bytes] | None:
        """Implement `Objects.stream`."""
        with self._explained("read", path):
            try:
                found = obstore.get(self._store, path)
            except FileNotFoundError:
                return None

        def pieces() -> Iterator[bytes]:
            with self._explained("read", path):
                for piece in found.stream(min_chunk_size=_PIECE):
                    yield bytes(piece)

        return pieces()

    def put(self, path: str, pieces: Iterable[bytes]) -> None:
        """Implement `Objects.put`."""
        # A list is one small object; an iterator may be large and goes up in parts.
        content = b"".join(pieces) if isinstance(pieces, (list, tuple)) else iter(pieces)
        with self._explained("write", path):
            obstore.put(self._store, path, content, chunk_size=_PIECE, max_concurrency=4)

    def create(self, path: str, content: bytes) -> bool:
        """Implement `Objects.create`.

        The object carries a writer's mark, so that a retry whose first attempt succeeded
        unnoticed is told from somebody else's write.
        """
        writer = os.urandom(8).hex()
        with self._explained("write", path):
            try:
                obstore.put(self._store, path, content, mode="create", attributes={_WRITER: writer})
            except AlreadyExistsError:
                found = obstore.get(self._store, path)
                return found.attributes.get(_WRITER) == writer
            return True

    def mark(self, path: str) -> None:
        """Implement `Objects.mark`."""
        self.put(path, [])

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        """Implement `Objects.walk`."""
        with self._explained("list", prefix):
            for page in obstore.list(self._store, prefix):
                for meta in page:
                    yield _info(meta)

    def copy(self, path: str, to: str) -> bool:
        """Implement `Objects.copy`; the bytes stay in the bucket."""
        with self._explained("copy", path):
            try:
                obstore.copy(self._store, path, to)
            except FileNotFoundError:
                return False
            return True

    def delete(self, path: str) -> None:
        """Implement `Objects.delete`."""
        with self._explained("delete", path):
            try:
                obstore.delete(self._store, path)
            except FileNotFoundError:
                return

    def local_path(self, path: str) -> None:  # noqa: ARG002 - the port's signature
        """Implement `Objects.local_path`: never on this machine's disk."""
        return

    def discard_staged(self, before: float) -> int:  # noqa: ARG002 - the port's signature
        """Implement `Objects.discard_staged`: buckets drop unfinished uploads by their own rule."""
        return 0

    @contextmanager
    def _explained(self, verb: str, path: str) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            where = f"{self.location}/{path}"
            raise StoreError(f"cannot {verb} {where}: {_first_line(error)}") from error


def _info(meta: ObjectMeta) -> ObjectInfo:
    return ObjectInfo(meta["path"], meta["size"], meta["last_modified"].timestamp())


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
