from __future__ import annotations

import stat
import threading
import time
from typing import TYPE_CHECKING

import pytest

from cuebox.api.keys import KeyFile, KeyRing
from cuebox.core.errors import ConfigError, Conflict, InvalidRequest, NotFound

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "deep" / "keys.json")


def _find(file: KeyFile, token: str, now: float | None = None) -> str | None:
    key = KeyRing(file.keys()).find(token, time.time() if now is None else now)
    return key.name if key else None


def test_a_created_key_is_found_by_its_token(file: KeyFile) -> None:
    _, first = file.create("shop")
    _, second = file.create("batch")
    assert (_find(file, first), _find(file, second)) == ("shop", "batch")


def test_the_token_is_not_in_the_file(file: KeyFile) -> None:
    _, token = file.create("shop")
    secret = token.rpartition("_")[2]
    assert secret.encode() not in file.path.read_bytes()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("wrong", ["", "cue", "cue_", "cue_x_y", "Bearer", "\udcff", "a_b_c"])
def test_wrong_tokens_find_nothing(file: KeyFile, wrong: str) -> None:
    file.create("shop")
    assert _find(file, wrong) is None


def test_another_secret_for_the_same_id_finds_nothing(file: KeyFile) -> None:
    _, token = file.create("shop")
    assert _find(file, token[:-1] + ("A" if token[-1] != "A" else "B")) is None


def test_revoked_and_expired_keys_are_refused(file: KeyFile) -> None:
    _, revoked = file.create("one")
    _, expiring = file.create("two", expires=time.time() + 60)
    file.revoke("one")
    assert _find(file, revoked) is None
    assert _find(file, expiring) == "two"
    assert _find(file, expiring, time.time() + 61) is None
    with pytest.raises(NotFound):
        file.revoke("one")


def test_a_name_may_be_used_again_after_it_was_revoked(file: KeyFile) -> None:
    first, _ = file.create("shop")
    with pytest.raises(Conflict):
        file.create("shop")
    file.revoke(first.id)
    second, token = file.create("shop")
    assert second.number > first.number
    assert _find(file, token) == "shop"


@pytest.mark.parametrize(
    "options", [{"scopes": ["root"]}, {"scopes": []}, {"rate": -1}, {"burst": 0}, {"name": ""}]
)
def test_nonsense_is_refused(file: KeyFile, options: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        file.create(**{"name": "shop", **options})  # type: ignore[arg-type]


def test_concurrent_writers_lose_nothing(file: KeyFile) -> None:
    threads = [threading.Thread(target=file.create, args=(f"k{i}",)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = file.keys()
    assert {key.name for key in keys} == {f"k{i}" for i in range(12)}
    assert sorted(key.number for key in keys) == list(range(1, 13))


def test_a_damaged_or_writable_file_is_refused(file: KeyFile) -> None:
    file.create("shop")
    file.path.chmod(0o622)
    with pytest.raises(ConfigError, match="chmod"):
        file.keys()
    file.path.chmod(0o600)
    file.path.write_bytes(b"{")
    with pytest.raises(ConfigError, match="damaged"):
        file.keys()
