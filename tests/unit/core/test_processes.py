from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cuebox.core.processes import family_memory, resident_bytes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_a_process_and_its_children() -> None:
    program = "import sys; sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE)
    try:
        found = {each.pid: each for each in family_memory(os.getpid())}
        assert found[os.getpid()].role == "server"
        assert found[child.pid].role == "other"
        assert found[child.pid].resident > 1_000_000
    finally:
        child.communicate(b"")
    assert child.pid not in {each.pid for each in family_memory(os.getpid())}


def test_a_process_that_is_not_there_has_no_memory() -> None:
    assert family_memory(2**22 + 1) == []


def test_this_process_is_larger_than_an_empty_interpreter() -> None:
    assert resident_bytes() > 10_000_000
