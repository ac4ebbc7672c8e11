"""The verbs of a model's life, as typed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cuebox.cli.main import run
from cuebox.core.manifest import Manifest, Provenance
from cuebox.store import ObjectModelStore, open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str]]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectModelStore:
    monkeypatch.chdir(tmp_path)
    return open_store()


@pytest.fixture
def cuebox(store: ObjectModelStore, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str]:
        status = run(arguments)
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return call


def publish(store: ObjectModelStore, name: str = "banking", accuracy: float = 0.9) -> Manifest:
    return store.publish(
        Manifest(
            kind="classifier",
            name=name,
            files={"head.npz": store.put_bytes(f"{name} {accuracy}".encode())},
            metrics={"accuracy": accuracy},
            provenance=Provenance(command="cuebox train banking.toml"),
        )
    )


def printed_json(result: tuple[int, str]) -> Any:
    status, text = result
    assert status == 0
    return json.loads(text)


def test_an_empty_store_says_where_it_is(cuebox: Run, tmp_path: Path) -> None:
    assert cuebox("store", "list") == (0, f"{tmp_path}/.cuebox/store has no models\n")


def test_list_shows_the_newest_version_of_each_model(cuebox: Run, store: ObjectModelStore) -> None:
    publish(store, "snips")
    old, new = publish(store), publish(store, accuracy=0.95)
    cuebox("promote", "banking", old.version)
    status, text = cuebox("store", "list")
    assert status == 0
    lines = text.splitlines()
    assert [line.split()[0] for line in lines] == ["model", "banking", "snips"]
    assert re.search(rf"banking +classifier +{new.version} .*accuracy 0.95", lines[1])
    rows = printed_json(cuebox("store", "list", "banking", "--json"))
    assert [(row["version"], row["aliases"]) for row in rows] == [
        (old.version, "production"),
        (new.version, ""),
    ]


def test_a_damaged_manifest_is_listed_beside_the_others(
    cuebox: Run, store: ObjectModelStore
) -> None:
    publish(store)
    bad = Path(".cuebox/store/models/bad/versions/2026-01-02.1/manifest.json")
    bad.parent.mkdir(parents=True)
    bad.write_text("{")
    status, text = cuebox("store", "list")
    assert status == 0
    assert "damaged" in text
    assert "bad/versions/2026-01-02.1/manifest.json" in text
    assert "accuracy 0.9" in text


def test_show_tells_what_a_version_is(cuebox: Run, store: ObjectModelStore) -> None:
    manifest = publish(store)
    status, text = cuebox("store", "show", "banking")
    assert status == 0
    for part in (
        manifest.version,
        "cuebox train banking.toml",
        "head.npz",
        manifest.files["head.npz"].sha256,
    ):
        assert part in text
    shown = printed_json(cuebox("store", "show", "banking", "--json"))
    assert shown["version"] == manifest.version


def test_promote_and_rollback_move_the_alias(cuebox: Run, store: ObjectModelStore) -> None:
    old, new = publish(store), publish(store)
    assert cuebox("promote", "banking", old.version)[1].endswith(f"is now {old.version}\n")
    record = printed_json(cuebox("promote", "banking", "--reason", "better", "--json"))
    assert (record["version"], record["reason"], record["number"]) == (new.version, "better", 2)
    assert cuebox("promote", "banking")[1].endswith(f"is already {new.version}\n")
    assert cuebox("rollback", "banking") == (0, f"banking@production is back at {old.version}\n")
    status, text = cuebox("rollback", "banking")
    assert status == 2
    assert f"no version before {old.version}" in text
    rows = printed_json(cuebox("store", "history", "banking", "--json"))
    assert [row["version"] for row in rows] == [old.version, new.version, old.version]
    assert "better" in cuebox("store", "history", "banking")[1]


def test_what_a_candidate_is_can_be_promoted(cuebox: Run, store: ObjectModelStore) -> None:
    old = publish(store)
    publish(store)
    cuebox("promote", "banking", old.version, "--alias", "candidate")
    record = printed_json(cuebox("promote", "banking@candidate", "--json"))
    assert (record["alias"], record["version"]) == ("production", old.version)


def test_a_model_is_withdrawn_and_brought_back(cuebox: Run, store: ObjectModelStore) -> None:
    version = publish(store).version
    cuebox("promote", "banking")
    assert "out of service" in cuebox("promote", "banking", "--withdraw")[1]
    status, text = cuebox("store", "show", "banking")
    assert status == 2
    assert "out of service" in text
    assert cuebox("rollback", "banking")[1].endswith(f"{version}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("store", "show", "bankin"), "banking"),
        (("store", "show", "banking@2026-01-02.1"), "has no version"),
        (("promote", "absent"), "absent"),
        (("promote", "banking", "2026-01-02.1"), "has no version"),
        (("promote", "banking@a", "2026-01-02.1"), "leave"),
        (("promote", "../x"), "not a name"),
        (("rollback", "banking"), "no alias"),
        (("store", "copy", "banking"), "--from or --to"),
        (("store", "list", "--store", "hdfs://x"), "hdfs"),
    ],
)
def test_mistakes_are_one_clear_line(
    cuebox: Run, store: ObjectModelStore, arguments: tuple[str, ...], message: str
) -> None:
    publish(store)
    status, text = cuebox(*arguments)
    assert status == 2
    assert message in text
    assert text.count("\n") == 1


def test_verify_finds_the_damaged_version(cuebox: Run, store: ObjectModelStore) -> None:
    good, bad = publish(store, "good"), publish(store, "bad")
    assert cuebox("store", "verify") == (0, "2 of 2 versions are whole\n")
    path = store.fetch(bad.files["head.npz"])
    path.chmod(0o644)
    path.write_bytes(b"?")
    status, text = cuebox("store", "verify")
    assert status == 1
    assert f"damaged: bad@{bad.version}, head.npz" in text
    assert "1 of 2 versions are whole" in text
    assert cuebox("store", "verify", f"good@{good.version}")[0] == 0


def test_gc_says_what_it_removes(cuebox: Run, store: ObjectModelStore) -> None:
    publish(store)
    orphan = store.put_bytes(b"orphan")
    assert "0 blobs (0 B) removed, 2 in use" in cuebox("store", "gc")[1]
    assert "1 blobs (6 B) would be removed" in cuebox("store", "gc", "--grace", "0", "--dry-run")[1]
    report = printed_json(cuebox("store", "gc", "--grace", "0", "--json"))
    assert report["removed"] == [orphan.sha256]


def test_copy_brings_a_version_from_another_store(
    cuebox: Run, store: ObjectModelStore, tmp_path: Path
) -> None:
    manifest = publish(open_store(tmp_path / "starter"))
    status, text = cuebox("store", "copy", "banking", "--from", "starter")
    assert status == 0
    assert f"banking@{manifest.version}" in text
    assert store.manifest("banking", manifest.version) == manifest
    copied = printed_json(cuebox("store", "copy", "banking", "--to", "mirror", "--json"))
    assert copied == [{"name": "banking", "version": manifest.version}]
