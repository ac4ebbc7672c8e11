"""What every model store promises, over a folder, memory and S3 (as moto serves it)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen
from uuid import uuid4

import msgspec
import pytest

from cuebox.core.errors import (
    BlobCorrupt,
    BlobNotFound,
    Conflict,
    InvalidRequest,
    ModelError,
    StoreError,
    VersionNotFound,
)
from cuebox.core.manifest import AliasRecord, EncoderSpec, FileRef, Manifest
from cuebox.store import ObjectModelStore, copy_version, open_store
from cuebox.store.local import LocalObjects
from cuebox.store.remote import RemoteObjects
from tests.fakes.objects import FakeObjects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cuebox.core.ports import ModelStore
    from cuebox.store.objects import Objects

ABSENT = FileRef(sha256="0" * 64, size=3)


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    with urlopen(Request(f"{endpoint}/models", method="PUT")):
        yield endpoint
    server.stop()


@pytest.fixture(params=["fake", "folder", "memory", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "fake":
        return FakeObjects()
    if request.param == "folder":
        return LocalObjects(tmp_path / "store")
    if request.param == "memory":
        return RemoteObjects("memory:///", {}, {})
    options = {
        "endpoint": request.getfixturevalue("s3_endpoint"),
        "access_key_id": "test",
        "secret_access_key": "test",
        "region": "us-east-1",
    }
    return RemoteObjects(f"s3://models/{uuid4().hex}", options, {"allow_http": True})


@pytest.fixture
def store(objects: Objects, tmp_path: Path) -> ObjectModelStore:
    return ObjectModelStore(objects, tmp_path / "cache")


def publish(store: ModelStore, name: str = "intents", content: bytes = b"weights") -> Manifest:
    ref = store.put_bytes(content)
    return store.publish(Manifest(kind="classifier", name=name, files={"head.npz": ref}))


def test_a_port_is_fulfilled(store: ObjectModelStore) -> None:
    port: ModelStore = store
    assert port.names() == []


def test_bytes_come_back_as_they_were_put(store: ModelStore) -> None:
    ref = store.put_bytes(b"hello")
    assert ref.size == 5
    assert store.read(ref) == b"hello"
    assert store.fetch(ref).read_bytes() == b"hello"
    assert store.put_bytes(b"hello") == ref
    assert store.read(store.put_bytes(b"")) == b""


def test_a_large_file_comes_back_as_it_was_put(store: ModelStore, tmp_path: Path) -> None:
    content = bytes(range(256)) * (80 << 10)  # 20 MB: several parts of an upload
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    ref = store.put_file(path)
    assert ref == store.put_file(path)
    assert store.fetch(ref).read_bytes() == content
    assert store.read(ref) == content


def test_fetched_files_cannot_be_written_by_mistake(store: ModelStore) -> None:
    path = store.fetch(store.put_bytes(b"hello"))
    assert path.stat().st_mode & 0o222 == 0


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1])
def test_files_of_any_size_come_back(store: ModelStore, tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * size)
    assert store.read(store.put_file(path)) == b"x" * size


def test_a_file_that_changes_while_it_is_stored_is_refused(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"x" * (2 << 20))
    ref = FileRef(sha256="1" * 64, size=2 << 20)
    monkeypatch.setattr("cuebox.core.file_ref.sha256_file", lambda _: ref.sha256)
    with pytest.raises(StoreError, match="changed while it was being stored"):
        store.put_file(path)
    with pytest.raises(BlobNotFound):
        store.read(ref)


def test_an_unreadable_file_is_named(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"absent\.onnx"):
        store.put_file(tmp_path / "absent.onnx")


def test_a_missing_blob_is_named(store: ModelStore) -> None:
    with pytest.raises(BlobNotFound, match=ABSENT.sha256):
        store.read(ABSENT)
    with pytest.raises(BlobNotFound, match=ABSENT.sha256):
        store.fetch(ABSENT)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "a" * 63, "é" * 64])
def test_a_digest_that_is_none_is_refused(store: ModelStore, digest: str) -> None:
    ref = FileRef(sha256=digest, size=1)
    with pytest.raises(StoreError, match="not a SHA-256"):
        store.read(ref)
    with pytest.raises(StoreError, match="not a SHA-256"):
        store.publish(Manifest(kind="classifier", name="a", files={"x": ref}))


@pytest.mark.parametrize("damaged", [b"wrong!!", b"weigh", b""])
def test_a_damaged_blob_is_never_handed_out(
    store: ModelStore, objects: Objects, damaged: bytes
) -> None:
    manifest = publish(store)
    ref = manifest.files["head.npz"]
    objects.put(f"blobs/sha256/{ref.sha256[:2]}/{ref.sha256}", [damaged])
    with pytest.raises(BlobCorrupt, match=ref.sha256):
        store.read(ref)
    with pytest.raises(BlobCorrupt, match=ref.sha256):
        store.fetch(ref)
    with pytest.raises(BlobCorrupt, match=rf"{manifest.name}@{manifest.version}.*head\.npz.*"):
        store.verify(manifest.name, manifest.version)


def test_publish_assigns_version_and_time(store: ModelStore) -> None:
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    first, second = publish(store), publish(store)
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}\.1", first.version)
    assert first.version >= f"{today}.1"
    assert second.version.endswith(".2")
    assert datetime.fromisoformat(first.created).tzinfo == UTC
    assert store.manifest("intents", first.version) == first


def test_publish_refuses_what_is_not_stored(store: ModelStore) -> None:
    with pytest.raises(BlobNotFound, match=r"head\.npz"):
        store.publish(Manifest(kind="classifier", name="a", files={"head.npz": ABSENT}))
    wrong_size = msgspec.structs.replace(store.put_bytes(b"hello"), size=4)
    with pytest.raises(BlobNotFound):
        store.publish(Manifest(kind="classifier", name="a", files={"head.npz": wrong_size}))
    assert store.names() == []


def test_publish_refuses_a_manifest_whose_encoder_is_not_stored(store: ModelStore) -> None:
    spec = EncoderSpec(
        architecture="bert",
        dim=4,
        max_tokens=8,
        pooling="mean",
        normalize=True,
        quantization="int8",
        model=ABSENT,
        tokenizer=ABSENT,
    )
    with pytest.raises(BlobNotFound, match="encoder"):
        store.publish(Manifest(kind="classifier", name="a", files={}, encoder=spec))


@pytest.mark.parametrize(
    "name", ["", "../x", "/etc", "a/b", "a..b", "Ü", "ключ", ".", "-a", "A", "a\n", "a" * 65, "a b"]
)
def test_hostile_names_are_refused(store: ModelStore, name: str) -> None:
    with pytest.raises(InvalidRequest):
        store.publish(Manifest(kind="classifier", name=name, files={}))
    with pytest.raises(InvalidRequest):
        store.versions(name)
    with pytest.raises(InvalidRequest):
        store.manifest(name, "2026-11-21.1")
    with pytest.raises(InvalidRequest):
        store.move_alias("a", name, None)
    with pytest.raises(InvalidRequest):
        store.history("a", name)


@pytest.mark.parametrize("version", ["", "../x", "1", "2026-11-21", "2026-11-21.x", "a/b.1"])
def test_hostile_versions_are_refused(store: ModelStore, version: str) -> None:
    with pytest.raises(InvalidRequest):
        store.manifest("a", version)
    with pytest.raises(InvalidRequest):
        store.move_alias("a", "production", version)


def test_an_alias_cannot_look_like_a_version(store: ModelStore) -> None:
    with pytest.raises(InvalidRequest, match="not an alias"):
        store.move_alias("a", "2026-11-21.1", None)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../b", "", "a\\b", "a\0b"])
def test_hostile_file_paths_are_refused(store: ModelStore, path: str) -> None:
    ref = store.put_bytes(b"x")
    with pytest.raises(InvalidRequest):
        store.publish(Manifest(kind="classifier", name="a", files={path: ref}))


def test_versions_sort_as_numbers(store: ObjectModelStore) -> None:
    for number in (10, 9, 1):
        manifest = Manifest(kind="classifier", name="a", version=f"2026-01-02.{number}", files={})
        assert store.adopt(manifest)
    assert store.versions("a") == ["2026-01-02.1", "2026-01-02.9", "2026-01-02.10"]


def test_a_new_version_sorts_last_even_after_a_clock_that_was_ahead(
    store: ObjectModelStore,
) -> None:
    store.adopt(Manifest(kind="classifier", name="a", version="2999-01-01.9", files={}))
    assert store.publish(Manifest(kind="classifier", name="a", files={})).version == "2999-01-01.10"


def test_an_adopted_version_is_never_overwritten(store: ObjectModelStore) -> None:
    first = Manifest(kind="classifier", name="a", version="2026-01-02.1", files={})
    assert store.adopt(first)
    assert not store.adopt(msgspec.structs.replace(first, kind="encoder"))
    assert store.manifest("a", "2026-01-02.1") == first


def test_names_are_those_with_a_version(store: ModelStore) -> None:
    publish(store, "snips")
    publish(store, "banking")
    store.move_alias("only-an-alias", "production", None)
    assert store.names() == ["banking", "snips"]
    assert store.versions("absent") == []


def test_a_name_that_begins_another_is_not_mixed_up(store: ModelStore) -> None:
    publish(store, "ab")
    assert store.versions("a") == []
    assert store.names() == ["ab"]


def test_an_unknown_version_is_named(store: ModelStore) -> None:
    with pytest.raises(VersionNotFound, match=r"a@2026-01-02\.1"):
        store.manifest("a", "2026-01-02.1")
    with pytest.raises(VersionNotFound):
        store.move_alias("a", "production", "2026-01-02.1")
    with pytest.raises(VersionNotFound):
        store.verify("a", "2026-01-02.1")
    assert store.aliases("a") == {}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a manifest"),
        (b"\xff\xfe", "not a manifest"),
        (b'{"schema_version": 1, "kind": "classifier"', "not a manifest"),
        (b'{"schema_version": 99, "anything": 1}', "newer"),
        (
            b'{"schema_version":1,"kind":"x","name":"other","version":"2026-01-02.1","files":{}}',
            "o",
        ),
    ],
)
def test_a_damaged_manifest_is_named_and_hides_no_other_model(
    store: ModelStore, objects: Objects, content: bytes, reason: str
) -> None:
    good = publish(store, "good")
    path = "models/bad/versions/2026-01-02.1/manifest.json"
    objects.put(path, [content])
    with pytest.raises(ModelError, match=rf"{path}.*{reason}"):
        store.manifest("bad", "2026-01-02.1")
    assert store.names() == ["bad", "good"]
    assert store.manifest("good", good.version) == good


def test_strangers_in_the_store_are_ignored(store: ModelStore, objects: Objects) -> None:
    publish(store, "good")
    for path in (
        "models/.DS_Store",
        "models/Not A Name/versions/2026-01-02.1/manifest.json",
        "models/good/versions/latest/manifest.json",
        "models/good/versions/2026-01-02.1/notes.txt",
        "models/good/aliases/production/readme.md",
        "blobs/sha256/ab/readme.md",
        "notes.txt",
    ):
        objects.put(path, [b"?"])
    assert store.names() == ["good"]
    assert len(store.versions("good")) == 1
    assert store.aliases("good") == {}
    assert store.collect_garbage(grace_seconds=0)["removed"] == []
    assert objects.get("blobs/sha256/ab/readme.md") == b"?"


def test_an_alias_is_a_log_of_numbered_moves(store: ModelStore) -> None:
    first, second = publish(store), publish(store)
    store.move_alias("intents", "production", first.version, actor="ann", reason="first")
    store.move_alias("intents", "candidate", second.version)
    store.move_alias("intents", "production", second.version)
    last = store.move_alias("intents", "production", None, reason="out of service")
    history = store.history("intents", "production")
    assert [record.number for record in history] == [1, 2, 3]
    assert [record.version for record in history] == [first.version, second.version, None]
    assert (history[0].actor, history[0].reason) == ("ann", "first")
    assert store.aliases("intents") == {
        "candidate": store.history("intents", "candidate")[0],
        "production": last,
    }


def test_a_move_that_expects_another_record_is_refused(store: ModelStore) -> None:
    version = publish(store).version
    store.move_alias("intents", "production", version, expected=0)
    store.move_alias("intents", "production", version, expected=1)
    for expected in (0, 1, 3):
        with pytest.raises(Conflict, match="production"):
            store.move_alias("intents", "production", None, expected=expected)
    assert len(store.history("intents", "production")) == 2


def test_a_damaged_alias_record_is_named(store: ModelStore, objects: Objects) -> None:
    path = "models/a/aliases/production/00000001.json"
    objects.put(path, [b"{"])
    with pytest.raises(StoreError, match=path):
        store.aliases("a")
    with pytest.raises(StoreError, match=path):
        store.history("a", "production")


def test_publishers_at_once_get_versions_of_their_own(store: ModelStore) -> None:
    with ThreadPoolExecutor(6) as pool:
        published = list(pool.map(lambda _: publish(store), range(12)))
    assert sorted(manifest.version for manifest in published) == sorted(store.versions("intents"))
    assert len({manifest.version for manifest in published}) == 12


def test_movers_at_once_lose_no_move(store: ModelStore) -> None:
    version = publish(store).version

    def move(number: int) -> AliasRecord:
        return store.move_alias("intents", "production", version, reason=str(number))

    with ThreadPoolExecutor(6) as pool:
        moved = list(pool.map(move, range(12)))
    history = store.history("intents", "production")
    assert [record.number for record in history] == list(range(1, 13))
    assert sorted(moved, key=lambda record: record.number) == history


def test_of_movers_that_expect_the_same_record_one_wins(store: ModelStore) -> None:
    version = publish(store).version

    def move(_: int) -> bool:
        try:
            store.move_alias("intents", "production", version, expected=0)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(move, range(6))) == 1


def test_garbage_is_what_no_version_names(store: ModelStore) -> None:
    manifest = publish(store)
    orphan = store.put_bytes(b"orphan")
    report = store.collect_garbage(grace_seconds=3600)
    assert (report["removed"], report["bytes"]) == ([], 0)
    dry = store.collect_garbage(grace_seconds=0, dry_run=True)
    assert (dry["removed"], dry["bytes"], dry["kept"]) == ([orphan.sha256], 6, 1)
    assert store.read(orphan) == b"orphan"
    report = store.collect_garbage(grace_seconds=0)
    assert (report["removed"], report["bytes"], report["kept"]) == ([orphan.sha256], 6, 1)
    with pytest.raises(BlobNotFound):
        store.read(orphan)
    store.verify(manifest.name, manifest.version)
    assert store.collect_garbage(grace_seconds=0)["removed"] == []


def test_garbage_collection_leaves_nothing_of_its_own(store: ModelStore, objects: Objects) -> None:
    publish(store)
    store.put_bytes(b"orphan")
    store.collect_garbage(grace_seconds=0)
    assert list(objects.walk("claims")) == []
    assert list(objects.walk("trash")) == []


@pytest.mark.parametrize("grace", [-1.0, float("nan")])
def test_a_senseless_grace_period_is_refused(store: ModelStore, grace: float) -> None:
    with pytest.raises(InvalidRequest):
        store.collect_garbage(grace_seconds=grace)


def test_a_damaged_manifest_stops_the_collection(store: ModelStore, objects: Objects) -> None:
    orphan = store.put_bytes(b"orphan")
    objects.put("models/bad/versions/2026-01-02.1/manifest.json", [b"{"])
    with pytest.raises(ModelError, match="models/bad"):
        store.collect_garbage(grace_seconds=0)
    assert store.read(orphan) == b"orphan"


def test_a_store_of_a_newer_cuebox_is_refused(
    store: ModelStore, objects: Objects, tmp_path: Path
) -> None:
    publish(store)
    ObjectModelStore(objects, tmp_path / "cache")
    objects.put("cuebox-store.json", [b'{"schema_version": 2, "new": true}'])
    with pytest.raises(StoreError, match="newer"):
        ObjectModelStore(objects, tmp_path / "cache")
    objects.put("cuebox-store.json", [b"nonsense"])
    with pytest.raises(StoreError, match=r"cuebox-store\.json"):
        ObjectModelStore(objects, tmp_path / "cache")


def test_a_store_that_became_newer_since_it_was_opened_is_refused(
    store: ModelStore, objects: Objects
) -> None:
    objects.put("cuebox-store.json", [b'{"schema_version": 2}'])
    with pytest.raises(StoreError, match="newer"):
        store.put_bytes(b"x")


def test_versions_are_copied_between_stores(store: ObjectModelStore, tmp_path: Path) -> None:
    for source, target in (
        (store, open_store(tmp_path / "other", cache_dir=tmp_path / "cache")),
        (open_store(tmp_path / "origin", cache_dir=tmp_path / "cache"), store),
    ):
        name = f"copied-{target is store}".lower()
        published = publish(source, name)
        assert copy_version(source, target, name, published.version) == published
        assert copy_version(source, target, name, published.version) == published
        assert target.versions(name) == [published.version]
        target.verify(name, published.version)


def test_a_copy_takes_another_version_when_its_own_is_taken(
    store: ObjectModelStore, tmp_path: Path
) -> None:
    other = open_store(tmp_path / "other", cache_dir=tmp_path / "cache")
    published = publish(store)
    publish(other, content=b"another")
    copied = copy_version(store, other, "intents", published.version)
    assert copied.version != published.version
    assert copied.files == published.files
    assert copy_version(store, other, "intents", published.version) == copied
    assert len(other.versions("intents")) == 2
