"""What a person may set about inference engines."""

from __future__ import annotations

import msgspec

from cuebox.core.errors import ConfigError

__all__ = ["EngineSettings"]


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How encoders run on this machine.

    Attributes:
        cache_dir: local folder for prepacked weights, made at first load from the portable
            model; empty to keep none (slower start, no sharing between processes).
        threads: intra-op threads of one `run`. One is best for short texts; more than one
            only helps long texts on an idle machine.
        workers: how many runs proceed side by side; 0 for as many as the cores allow.
    """

    cache_dir: str = ".cuebox/cache"
    threads: int = 1
    workers: int = 0

    def __post_init__(self) -> None:
        """Refuse counts that make no sense."""
        if self.threads < 1:
            raise ConfigError(f"threads is {self.threads}: use 1 or more", param="engine.threads")
        if self.workers < 0:
            raise ConfigError(
                f"workers is {self.workers}: use 0 (automatic) or more", param="engine.workers"
            )

    def worker_count(self, cores: int) -> int:
        """Workers to start: as set, else so many that workers x threads fit into `cores`.

        Oversubscribed workers fight for the same cores and slow one another down by orders
        of magnitude, so the automatic choice never exceeds them.
        """
        return self.workers or max(1, cores // self.threads)
