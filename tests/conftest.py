"""What tests of several folders share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `cuebox demo`, trained once for all tests that only read it.

    `CUEBOX_DEMO` names one that is there already, for whoever runs a few tests again and again.
    """
    if made := os.environ.get("CUEBOX_DEMO"):
        return Path(made).resolve()
    folder = tmp_path_factory.mktemp("demo")
    subprocess.run(
        [sys.executable, "-m", "cuebox.cli", "demo", "--folder", str(folder), "--no-serve"],
        check=True,
        capture_output=True,
        timeout=600,
    )
    return folder
