"""Children that die, die again, cannot be started, or will not stop."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cuebox.app import kept_process
from cuebox.app.kept_process import KeptProcess

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Family:
    """Starts children that sleep.

    Attributes:
        replaced: for each child, whether it took another's place.
        dead: process ids that were reported as dead.
    """

    def __init__(self) -> None:
        self.replaced: list[bool] = []
        self.dead: list[int] = []
        self.children: list[subprocess.Popen[bytes]] = []
        self.fault: OSError | None = None
        self.kept = KeptProcess("child", self.start, self.dead.append)

    def start(self, restarted: bool) -> subprocess.Popen[bytes]:
        if self.fault is not None:
            raise self.fault
        self.replaced.append(restarted)
        program = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: 0); print(1, flush=True); time.sleep(60)"
        child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        self.children.append(child)
        return child

    def kill(self) -> int:
        child = self.children[-1]
        child.kill()
        child.wait()
        return child.pid


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(kept_process, "monotonic", made)
    return made


@pytest.fixture
def family() -> Iterator[Family]:
    made = Family()
    yield made
    for child in made.children:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def test_one_that_was_stable_is_replaced_at_once(clock: Clock, family: Family) -> None:
    family.kept.look_after()
    family.kept.look_after()
    assert family.replaced == [False]
    clock.now += 31
    dead = family.kill()
    family.kept.look_after()
    assert family.replaced == [False, True]
    assert family.dead == [dead]


def test_one_that_keeps_dying_is_replaced_ever_more_slowly(clock: Clock, family: Family) -> None:
    waits = []
    family.kept.look_after()
    for _ in range(3):
        family.kill()
        family.kept.look_after()
        waits.append(family.kept.delay)
        assert family.kept.process is None
        clock.now += family.kept.delay
        family.kept.look_after()
    assert waits == [0.5, 1.0, 2.0]
    assert family.replaced == [False, True, True, True]


def test_one_that_cannot_be_started_is_tried_again(
    clock: Clock, family: Family, capfd: pytest.CaptureFixture[str]
) -> None:
    family.fault = OSError("no memory")
    family.kept.look_after()
    assert family.kept.process is None
    assert "no memory" in capfd.readouterr().err
    family.fault = None
    clock.now += family.kept.delay
    family.kept.look_after()
    assert family.kept.process is not None


def test_one_that_does_not_stop_is_killed(family: Family) -> None:
    family.kept.look_after()
    child = family.children[0]
    assert child.stdout is not None
    child.stdout.readline()  # it ignores the signal from now on
    child.terminate()
    assert not family.kept.wait(0.05)
    assert child.returncode == -9
