"""API keys: random tokens shown once, kept as hashes in one file that is re-read when it changes."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.errors import ConfigError, Conflict, InvalidRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["SCOPES", "ApiKey", "KeyFile", "KeyRing"]

SCOPES = ("predict", "metrics", "admin")

_PREFIX = "cue"
_SCHEMA = 1


class ApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One key as it is kept.

    The token is 256 random bits, so one round of SHA-256 is as good at rest as a slow hash,
    and costs half a microsecond a request.

    Attributes:
        id: public part of the token, by which it is found and revoked.
        number: position, never used twice; the slot of its rate limit in shared memory.
        digest: hex SHA-256 of the whole token.
        scopes: what it may do.
        rate: requests a second it may send on average; 0 for no limit.
        burst: requests it may send at once before the rate holds.
        created: Unix seconds.
        expires: Unix seconds after which it is refused; None never.
        revoked: Unix seconds since when it is refused; None while it is good.
    """

    id: str
    number: int
    name: str
    digest: str
    scopes: tuple[str, ...]
    rate: float = 0.0
    burst: int = 1
    created: float
    expires: float | None = None
    revoked: float | None = None

    def active(self, now: float) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked is None and (self.expires is None or now < self.expires)


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    keys: list[ApiKey] = []
    schema_version: int = _SCHEMA


class KeyRing:
    """The keys of one reading of the file; finds the key a token belongs to."""

    def __init__(self, keys: Sequence[ApiKey]) -> None:
        self._by_id = {key.id: key for key in keys}

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, token: str, now: float) -> ApiKey | None:
        """The active key of `token`; compares in constant time."""
        prefix, _, rest = token.partition("_")
        key = self._by_id.get(rest.partition("_")[0]) if prefix == _PREFIX else None
        digest = _digest(token)
        if not hmac.compare_digest(digest, key.digest if key else _digest("")):
            return None
        return key if key is not None and key.active(now) else None


class KeyFile:
    """The file behind `cuebox keys`: mode 0600, replaced atomically, one writer at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(
        self,
        name: str,
        *,
        scopes: Sequence[str] = ("predict",),
        rate: float = 0.0,
        burst: int | None = None,
        expires: float | None = None,
    ) -> tuple[ApiKey, str]:
        """Add a key; returns it with its token, which is shown this once.

        Raises:
            InvalidRequest: an unknown scope, a bad rate, or an empty name.
            Conflict: an active key has this name already.
        """
        _check(name, scopes, rate, burst)
        with self._locked() as keys:
            now = time.time()
            if any(key.name == name and key.active(now) for key in keys):
                raise Conflict(f"a key named {name!r} exists: revoke it first", param="name")
            key_id = secrets.token_hex(4)
            token = f"{_PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
            key = ApiKey(
                id=key_id,
                number=1 + max((key.number for key in keys), default=0),
                name=name,
                digest=_digest(token),
                scopes=tuple(dict.fromkeys(scopes)),
                rate=rate,
                burst=burst or max(1, round(rate)),
                created=now,
                expires=expires,
            )
            keys.append(key)
        return key, token

    def revoke(self, name_or_id: str) -> ApiKey:
        """Refuse a key from now on; its record stays.

        Raises:
            NotFound: no active key has this name or id.
        """
        with self._locked() as keys:
            now = time.time()
            for index, key in enumerate(keys):
                if name_or_id in (key.name, key.id) and key.active(now):
                    keys[index] = msgspec.structs.replace(key, revoked=now)
                    return keys[index]
            raise NotFound(f"no active key {name_or_id[:80]!r}: see `cuebox keys list`")

    def keys(self) -> list[ApiKey]:
        """Every key, revoked ones too; empty when there is no file.

        Raises:
            ConfigError: the file cannot be read, or others may write to it.
        """
        try:
            with self.path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ConfigError(f"keys file {self.path}: {error.strerror}") from error
        if mode & 0o022:
            raise ConfigError(f"others may write to the keys file {self.path}: chmod 600 it")
        try:
            return msgspec.json.decode(content, type=_Content).keys
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"keys file {self.path} is damaged: {error}") from error

    @contextmanager
    def _locked(self) -> Iterator[list[ApiKey]]:
        """Hold the lock, yield the keys, and write them back unless the block raised."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = self.path.with_name(self.path.name + ".lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            keys = self.keys()
            yield keys
            self._write(keys)
        finally:
            os.close(descriptor)

    def _write(self, keys: list[ApiKey]) -> None:
        content = msgspec.json.format(msgspec.json.encode(_Content(keys)), indent=2)
        partial = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _check(name: str, scopes: Sequence[str], rate: float, burst: int | None) -> None:
    if not name or len(name) > 64 or not name.isprintable():
        raise InvalidRequest("a key's name has 1 to 64 printable characters", param="name")
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise InvalidRequest(
            f"unknown scope {', '.join(unknown) or '(none)'}: choose from {', '.join(SCOPES)}",
            param="scope",
        )
    if not 0 <= rate < float("inf") or (burst is not None and burst < 1):
        raise InvalidRequest("rate must be at least 0 and burst at least 1", param="rate")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
