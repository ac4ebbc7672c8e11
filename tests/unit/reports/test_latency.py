"""The picture of a load test."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from cuebox.core.errors import DataError
from cuebox.reports.latency import load_test_png, load_test_svg


def test_percentiles_and_throughput_can_be_read_off() -> None:
    took = np.full(2000, 0.004)
    took[-10:] = 0.25
    svg = load_test_svg(took, 100 + np.arange(2000) / 100, title="16 clients & <one> server")
    root = ElementTree.fromstring(svg)
    text = " ".join(part.text or "" for part in root.iter() if part.text)
    assert root.get("aria-label") == "16 clients & <one> server"
    assert "p50 4 ms" in text
    assert "p99.9 250 ms" in text
    assert "mean 100/s" in text
    assert "99.9%" in text


def test_a_png_is_a_png() -> None:
    assert load_test_png([0.01, 0.02], [1, 2], title="two", scale=0.5).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("took", "came"), [([0.01], [5.0]), ([0.0, 0.0], [5.0, 5.0]), ([1e-9, 900.0], [0.0, 1e5])]
)
def test_extremes_still_make_a_picture(took: list[float], came: list[float]) -> None:
    assert "<svg" in load_test_svg(took, came, title="extreme")


@pytest.mark.parametrize(
    ("took", "came", "message"),
    [
        ([], [], "at least one"),
        ([0.1, float("nan")], [1, 2], "latencies"),
        ([0.1, 0.2], [1, float("inf")], "finished"),
        ([0.1, 0.2], [1], "2 latencies but 1 finish"),
        ([-0.1, 0.2], [1, 2], "check the clock"),
    ],
)
def test_what_is_no_time_is_refused(took: Any, came: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_test_svg(took, came, title="refused")
