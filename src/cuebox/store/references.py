"""Model references: `name`, `name@alias` and `name@version`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cuebox.core.errors import InvalidRequest, UnknownModel, VersionNotFound
from cuebox.core.manifest import check_name, version_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import ModelStore

__all__ = ["DEFAULT_ALIAS", "Reference", "parse_reference", "resolve", "resolve_version"]

DEFAULT_ALIAS = "production"


class Reference(NamedTuple):
    """A parsed reference.

    Attributes:
        name: the model.
        alias: the alias that was asked for, or None.
        version: the version that was asked for, or None.
    """

    name: str
    alias: str | None = None
    version: str | None = None


def parse_reference(text: str) -> Reference:
    """Split `name@alias-or-version`; raises `InvalidRequest` when a part is malformed."""
    name, at, selector = text.partition("@")
    check_name(name, param="model")
    if not at:
        return Reference(name)
    try:
        version_key(selector)
    except InvalidRequest:
        return Reference(name, alias=check_name(selector, param="model"))
    return Reference(name, version=selector)


def resolve(store: ModelStore, reference: str) -> Manifest:
    """The manifest that a reference means; a bare name means `production`, else the newest.

    Raises:
        InvalidRequest: not a reference.
        UnknownModel: the store has no model of that name; near names are listed.
        VersionNotFound: the model has no such version or alias, or the alias is out of service.
    """
    name, version = resolve_version(store, reference)
    return store.manifest(name, version)


def resolve_version(store: ModelStore, reference: str) -> tuple[str, str]:
    """Name and version that a reference means, without reading the manifest; see `resolve`."""
    name, alias, version = parse_reference(reference)
    versions = store.versions(name)
    if not versions:
        raise UnknownModel(f"no model is called {name!r}{_near(name, store.names())}")
    if version is not None:
        if version not in versions:
            known = _near(version, versions[::-1])
            raise VersionNotFound(f"{name!r} has no version {version!r}{known}")
        return name, version
    aliases = store.aliases(name)
    record = aliases.get(alias or DEFAULT_ALIAS)
    if record is None and alias is None:
        return name, versions[-1]
    if record is None:
        raise VersionNotFound(f"{name!r} has no alias {alias!r}{_near(str(alias), list(aliases))}")
    if record.version is None:
        raise VersionNotFound(
            f"{name}@{record.alias} was taken out of service on {record.at}: promote a version"
        )
    return name, record.version


def _near(wanted: str, known: Sequence[str]) -> str:
    """A closing clause with the names most like the wanted one, or a few of those there are."""
    import difflib

    shown = difflib.get_close_matches(wanted, known, n=5) or list(known[:5])
    more = ", ..." if len(known) > len(shown) else ""
    return f"; there are: {', '.join(shown)}{more}" if shown else "; there are none"
