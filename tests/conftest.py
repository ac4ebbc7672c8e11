"""What tests of several folders share."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `cuebox demo`, trained once for all tests that only read it."""
    folder = tmp_path_factory.mktemp("demo")
    subprocess.run(
        [sys.executable, "-m", "cuebox.cli", "demo", "--folder", str(folder), "--no-serve"],
        check=True,
        capture_output=True,
        timeout=600,
    )
    return folder
