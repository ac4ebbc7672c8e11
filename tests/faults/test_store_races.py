"""Processes that publish, move one alias and collect garbage at the same time."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from cuebox.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

# Each waits for the starting line, so that they really run side by side.
SETUP = """
import sys
from cuebox.core.errors import Conflict
from cuebox.core.manifest import Manifest
from cuebox.store import open_store
store = open_store(sys.argv[1], cache_dir=sys.argv[2])
me = sys.argv[3]
print("ready", flush=True)
sys.stdin.readline()
"""

PUBLISH = """
for n in range(15):
    ref = store.put_bytes(f"{n}".encode())
    print(store.publish(Manifest(kind="x", name="a", files={"x": ref})).version)
"""

MOVE = """
version = store.versions("a")[0]
for n in range(15):
    print(store.move_alias("a", "production", version, actor=me, reason=str(n)).number)
"""

MOVE_ONCE = """
version = store.versions("a")[0]
for n in range(15):
    try:
        print(store.move_alias("a", f"alias{n}", version, actor=me, expected=0).alias)
    except Conflict:
        pass
"""

COLLECT = """
for n in range(10):
    store.collect_garbage(grace_seconds=60)
"""


def test_two_publishers_get_versions_of_their_own(tmp_path: Path) -> None:
    first, second = _race(tmp_path, PUBLISH, PUBLISH)
    store = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    assert len(first) == len(second) == 15
    assert sorted(first + second) == sorted(store.versions("a"))
    for version in store.versions("a"):
        store.verify("a", version)


def test_two_alias_movers_lose_no_move(tmp_path: Path) -> None:
    _race(tmp_path, PUBLISH)
    first, second = _race(tmp_path, MOVE, MOVE)
    history = open_store(tmp_path / "store", cache_dir=tmp_path).history("a", "production")
    assert sorted(map(int, first + second)) == list(range(1, 31))
    for actor, numbers in (("0", first), ("1", second)):
        made = [record for record in history if record.actor == actor]
        assert [str(record.number) for record in made] == numbers
        assert [record.reason for record in made] == [str(n) for n in range(15)]


def test_of_two_movers_that_expect_no_alias_one_wins_each(tmp_path: Path) -> None:
    _race(tmp_path, PUBLISH)
    first, second = _race(tmp_path, MOVE_ONCE, MOVE_ONCE)
    assert sorted(first + second) == sorted(f"alias{n}" for n in range(15))


def test_collectors_beside_publishers_take_nothing_needed(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    _race(tmp_path, PUBLISH, COLLECT, PUBLISH, COLLECT)
    assert len(store.versions("a")) == 30
    for version in store.versions("a"):
        store.verify("a", version)


def _race(folder: Path, *programs: str) -> list[list[str]]:
    """Run programs side by side; the lines each of them printed."""
    where = [str(folder / "store"), str(folder / "cache")]
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", SETUP + program, *where, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number, program in enumerate(programs)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    printed = [racer.communicate(timeout=60)[0].split() for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * len(racers)
    return printed
