"""Counts of workers and threads."""

from __future__ import annotations

from typing import Any

import pytest

from cuebox.core.errors import ConfigError
from cuebox.engines.settings import DecoderSettings, EngineSettings


@pytest.mark.parametrize(
    ("workers", "threads", "cores", "expected"),
    [(0, 1, 2, 2), (0, 2, 4, 2), (0, 4, 2, 1), (3, 1, 2, 3)],
)
def test_automatic_workers_fit_the_cores(
    workers: int, threads: int, cores: int, expected: int
) -> None:
    assert EngineSettings(workers=workers, threads=threads).worker_count(cores) == expected


@pytest.mark.parametrize(("threads", "workers"), [(0, 0), (1, -1)])
def test_impossible_counts_are_refused(threads: int, workers: int) -> None:
    with pytest.raises(ConfigError, match=r"is (0|-1)"):
        EngineSettings(threads=threads, workers=workers)


@pytest.mark.parametrize(
    ("threads", "megabytes", "cores", "expected"),
    [(0, 7, 2, 1), (0, 120, 2, 2), (0, 120, 1, 1), (3, 7, 2, 3)],
)
def test_small_decoders_take_one_core(
    threads: int, megabytes: int, cores: int, expected: int
) -> None:
    settings = DecoderSettings(threads=threads)
    assert settings.thread_count(cores, megabytes << 20) == expected


@pytest.mark.parametrize("wrong", [{"threads": -1}, {"kv_cache_mb": 0}])
def test_impossible_decoder_settings_are_refused(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(ConfigError, match=name) as caught:
        DecoderSettings(**wrong)
    assert caught.value.param == f"decoder.{name}"
