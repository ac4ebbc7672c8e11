"""Real sentences to calibrate and compare encoders on; LICENSE.md names their sources."""

from __future__ import annotations

from importlib.resources import files

__all__ = ["calibration_sentences", "parity_sentences"]


def calibration_sentences() -> list[str]:
    """240 sentences to measure activation ranges on."""
    return _lines("calibration.txt")


def parity_sentences() -> list[str]:
    """600 sentences to compare encoders on, none of them used in calibration."""
    return _lines("parity.txt")


def _lines(name: str) -> list[str]:
    return files(__name__).joinpath(name).read_text(encoding="utf-8").splitlines()
