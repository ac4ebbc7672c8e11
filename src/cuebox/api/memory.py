"""Memory in use: what the server knows of its processes, encoders, decoders and cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from cuebox.core.processes import ProcessMemory, family_memory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cuebox.serving.metrics import Snapshot
    from cuebox.serving.requests import ModelInfo
    from cuebox.store.contents import Contents, VersionFacts

__all__ = ["Memory", "memory"]


class CoderMemory(msgspec.Struct, kw_only=True):
    """An encoder or decoder that is loaded, once for all models that share it.

    Attributes:
        bytes: of its files; as they are mapped, about what its weights take.
        key_value_bytes: of a decoder, the keys and values it holds of running and remembered
            texts; 0 until it was first asked.
    """

    part: Literal["encoder", "decoder"]
    digest: str
    bytes: int
    models: list[str]
    key_value_bytes: int


class Memory(msgspec.Struct, kw_only=True):
    """Memory in use.

    Attributes:
        processes: all of this server; empty where the system does not tell.
        coders: what is loaded, the largest first.
        cache_entries, cache_bytes: remembered embeddings, of all workers.
    """

    processes: list[ProcessMemory]
    coders: list[CoderMemory]
    cache_entries: int
    cache_bytes: int


def memory(
    root: int, models: Sequence[ModelInfo], contents: Contents, snapshot: Snapshot
) -> Memory:
    """Put it together; blocks for some milliseconds.

    Args:
        root: process id of the server, or of the supervisor of several.
        models: what is served.
        contents: of the store.
        snapshot: gauges of all workers.
    """
    facts = {(each.name, one.version): one for each in contents.models for one in each.versions}
    gauges: dict[tuple[str, str], float] = {}
    for name, labels, value in snapshot.get("gauges", ()):
        gauges[name, dict(labels).get("decoder", "")] = value
    coders: dict[str, CoderMemory] = {}
    for info in models:
        digest = info.decoder or info.encoder
        if digest and digest not in coders:
            coders[digest] = _coder(info, facts, gauges)
        if digest:
            coders[digest].models.append(info.name)
    return Memory(
        processes=family_memory(root),
        coders=sorted(coders.values(), key=lambda each: (-each.bytes, each.digest)),
        cache_entries=round(gauges.get(("cuebox_cache_entries", ""), 0)),
        cache_bytes=round(gauges.get(("cuebox_cache_bytes", ""), 0)),
    )


def _coder(
    info: ModelInfo,
    facts: Mapping[tuple[str, str], VersionFacts],
    gauges: Mapping[tuple[str, str], float],
) -> CoderMemory:
    # A model may be served by a reference, as `spam@candidate`.
    found = facts.get((info.name.partition("@")[0], info.version))
    label = info.decoder[:12]
    held = gauges.get(("cuebox_engine_blocks", label), 0)
    held -= gauges.get(("cuebox_engine_free_blocks", label), 0)
    block_bytes = gauges.get(("cuebox_engine_block_bytes", label), 0)
    return CoderMemory(
        part="decoder" if info.decoder else "encoder",
        digest=info.decoder or info.encoder,
        bytes=found.coder_bytes if found else 0,
        models=[],
        key_value_bytes=round(held * block_bytes) if label else 0,
    )
