"""Where Chromium is: for tests, pictures and benchmarks."""

from __future__ import annotations

import shutil

__all__ = ["find_chromium"]

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str:
    """Path of the browser.

    Raises:
        FileNotFoundError: there is none; the message says how to get one.
    """
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    raise FileNotFoundError("no Chromium: run `make setup`")
