"""Showing a page to the person who started a command, where there is a screen to show it on."""

from __future__ import annotations

import os
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["has_desktop", "is_ready", "open_when_ready"]

_SECONDS = 60.0
_PAUSE = 0.2


def has_desktop() -> bool:
    """Whether somebody sits before this terminal with a desktop to open a browser on."""
    if not sys.stderr.isatty() or "SSH_CONNECTION" in os.environ:
        return False
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_when_ready(url: str, running: Callable[[], bool]) -> threading.Thread:
    """Open `url` in the person's browser once the server there is ready.

    It waits in a thread of its own, as long as `running` says so and a minute at most.
    """
    thread = threading.Thread(target=_open, args=(url, running), daemon=True)
    thread.start()
    return thread


def _open(url: str, running: Callable[[], bool]) -> None:
    give_up = time.monotonic() + _SECONDS
    while running() and time.monotonic() < give_up:
        if is_ready(url):
            webbrowser.open(url)
            return
        time.sleep(_PAUSE)


def is_ready(url: str) -> bool:
    """Whether a server answers there that its models are loaded."""
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=5) as answer:  # noqa: S310 - ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
