"""Aliases: append-only logs of numbered records, the highest in force."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.errors import Conflict, StoreError, VersionNotFound
from cuebox.core.manifest import AliasRecord, check_name
from cuebox.store import layout

if TYPE_CHECKING:
    from cuebox.store.manifests import Manifests
    from cuebox.store.objects import Objects

__all__ = ["Aliases"]


class Aliases:
    """The aliases of all models of one store."""

    def __init__(self, objects: Objects, manifests: Manifests) -> None:
        self._objects = objects
        self._manifests = manifests

    def current(self, name: str) -> dict[str, AliasRecord]:
        """Implement `ModelStore.aliases`."""
        highest: dict[str, int] = {}
        for info in self._objects.walk(layout.aliases_folder(name)):
            number = layout.record_number(info.path)
            if number is not None:
                alias = info.path.split("/")[-2]
                highest[alias] = max(number, highest.get(alias, 0))
        return {alias: self._read(name, alias, highest[alias]) for alias in sorted(highest)}

    def history(self, name: str, alias: str) -> list[AliasRecord]:
        """Implement `ModelStore.history`."""
        return [self._read(name, alias, number) for number in self._numbers(name, alias)]

    def move(
        self,
        name: str,
        alias: str,
        version: str | None,
        *,
        actor: str,
        reason: str,
        expected: int | None,
    ) -> AliasRecord:
        """Implement `ModelStore.move_alias`; `expected=0` means that there is none yet.

        Raises:
            VersionNotFound: the model has no such version.
            Conflict: the record in force is not the one that was expected.
        """
        check_name(name)
        layout.check_alias(alias)
        if version is not None and not self._manifests.exists(name, version):
            raise VersionNotFound(
                f"{name}@{version} is not in {self._objects.location}: publish it first"
            )
        number = max(self._numbers(name, alias), default=0)
        if expected is not None and expected != number:
            raise self._conflict(name, alias, expected)
        while True:
            number += 1
            at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
            record = AliasRecord(
                number=number, alias=alias, version=version, at=at, actor=actor, reason=reason
            )
            path = layout.alias_record(name, alias, number)
            if self._objects.create(path, msgspec.json.encode(record, order="sorted")):
                return record
            if expected is not None:
                raise self._conflict(name, alias, expected)

    def _numbers(self, name: str, alias: str) -> list[int]:
        found = (
            layout.record_number(info.path)
            for info in self._objects.walk(layout.alias_folder(name, alias))
        )
        return sorted(number for number in found if number is not None)

    def _read(self, name: str, alias: str, number: int) -> AliasRecord:
        path = layout.alias_record(name, alias, number)
        try:
            return msgspec.json.decode(self._objects.get(path) or b"", type=AliasRecord)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            where = f"{self._objects.location}/{path}"
            raise StoreError(f"{where} is not a record of an alias: {error}") from error

    def _conflict(self, name: str, alias: str, expected: int) -> Conflict:
        return Conflict(
            f"alias {alias!r} of {name} was moved by somebody else: record {expected} is not in "
            "force; look at its history and try again"
        )
