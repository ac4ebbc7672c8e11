"""What a person may set about inference engines."""

from __future__ import annotations

import msgspec

from cuebox.core.errors import ConfigError

__all__ = ["DecoderSettings", "EngineSettings"]

_SMALL_MODEL_BYTES = 16 << 20


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


class DecoderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How language models run on this machine.

    Attributes:
        threads: of each model; 0 for as many as the cores allow, and one for a model so small
            that a second thread saves less than it costs.
        kv_cache_mb: room for keys and values, of running and of remembered texts, for each
            model. Memory is taken as it is used, 16 MB ahead.
        exact: compute in float32 throughout: nothing is quantised but what the weights file
            has quantised, and keys and values are not rounded to float16. About half as fast,
            twice the memory per token; for comparing with the trained model.
    """

    threads: int = 0
    kv_cache_mb: int = 128
    exact: bool = False

    def __post_init__(self) -> None:
        """Refuse counts that make no sense."""
        if self.threads < 0:
            raise ConfigError(
                f"threads is {self.threads}: use 0 (automatic) or more", param="decoder.threads"
            )
        if self.kv_cache_mb < 1:
            raise ConfigError(
                f"kv_cache_mb is {self.kv_cache_mb}: use 1 or more", param="decoder.kv_cache_mb"
            )

    def thread_count(self, cores: int, weight_bytes: int) -> int:
        """Threads to use: as set, else by the cores and the size of the model.

        A core reads a small model's weights from its own cache in less than a millisecond;
        the other core does more good to the HTTP workers.
        """
        if self.threads:
            return self.threads
        return 1 if weight_bytes < _SMALL_MODEL_BYTES else cores
