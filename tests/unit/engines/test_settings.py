"""Counts of workers and threads."""

from __future__ import annotations

import pytest

from cuebox.core.errors import ConfigError
from cuebox.engines.settings import EngineSettings


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
