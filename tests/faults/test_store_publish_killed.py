"""A publisher that is killed at any moment leaves a store that works."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from cuebox.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

# Publishes for ever: two blobs of half a megabyte, a version, a move of the alias.
PUBLISHER = """
import os, sys
from cuebox.core.manifest import Manifest
from cuebox.store import open_store
store = open_store(sys.argv[1], cache_dir=sys.argv[2])
print("ready", flush=True)
while True:
    files = {str(n): store.put_bytes(os.urandom(1 << 19)) for n in range(2)}
    version = store.publish(Manifest(kind="x", name="a", files=files)).version
    store.move_alias("a", "production", version)
    print(version, flush=True)
"""


def test_a_publisher_killed_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(7)
    acknowledged: list[str] = []
    for _ in range(25):
        acknowledged += _publish_and_kill(tmp_path, after=chance.uniform(0.0, 0.15))

        store = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
        versions = store.versions("a")
        assert set(acknowledged) <= set(versions)
        for version in versions:
            store.verify("a", version)
        history = store.history("a", "production")
        assert [record.number for record in history] == list(range(1, len(history) + 1))
        assert {record.version for record in history} <= set(versions)

    report = store.collect_garbage(grace_seconds=0)
    assert report["kept"] == 2 * len(versions)
    assert store.collect_garbage(grace_seconds=0)["removed"] == []
    for version in versions:
        store.verify("a", version)
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert len(files) == 1 + 3 * len(versions) + len(history)


def _publish_and_kill(folder: Path, after: float) -> list[str]:
    """Versions whose publish had returned when the publisher was killed."""
    command = [sys.executable, "-c", PUBLISHER, str(folder / "store"), str(folder / "cache")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as publisher:
        assert publisher.stdout is not None
        assert publisher.stdout.readline() == "ready\n"
        try:
            publisher.wait(after)
        except subprocess.TimeoutExpired:
            publisher.send_signal(signal.SIGKILL)
        # The last line may be cut: only whole lines were said.
        return [line.strip() for line in publisher.stdout if line.endswith("\n")]
