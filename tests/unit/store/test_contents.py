"""What versions share, and that a damaged one spoils nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cuebox.core.errors import StoreError, UnknownModel, VersionNotFound
from cuebox.core.manifest import EncoderSpec, Manifest
from cuebox.store import open_store
from cuebox.store.contents import Sharing, StoreContents

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.store import ObjectModelStore


@pytest.fixture
def store(tmp_path: Path) -> ObjectModelStore:
    return open_store(str(tmp_path / "store"), cache_dir=str(tmp_path / "cache"))


def publish(store: ObjectModelStore, name: str, own: bytes) -> Manifest:
    weights, tokenizer = store.put_bytes(b"w" * 1000), store.put_bytes(b"t" * 100)
    encoder = EncoderSpec(
        architecture="bert", dim=4, max_tokens=8, pooling="mean", normalize=True,
        quantization="int8", model=weights, tokenizer=tokenizer,
    )  # fmt: skip
    files = {
        "encoder/model.onnx": weights,
        "encoder/tokenizer.json": tokenizer,
        "head.bin": store.put_bytes(own),
    }
    body = {"labels": ["a", "b"], "task": "single"}
    return store.publish(
        Manifest(
            kind="classifier", name=name, files=files, encoder=encoder, body=body,
            metrics={"accuracy": 0.5},
        )
    )  # fmt: skip


def test_bytes_are_counted_once_and_told_apart(store: ObjectModelStore) -> None:
    publish(store, "mood", b"m" * 10)
    publish(store, "topic", b"t" * 20)
    found = StoreContents(store).look()
    assert [model.name for model in found.models] == ["mood", "topic"]
    (facts,) = found.models[0].versions
    assert (facts.bytes, facts.own_bytes, facts.coder_bytes, facts.labels) == (1110, 10, 1100, 2)
    assert found.bytes == 1000 + 100 + 10 + 20
    assert found.unshared_bytes == 1110 + 1120


def test_a_version_names_who_has_its_files_too(store: ObjectModelStore) -> None:
    first = publish(store, "mood", b"m" * 10)
    second = publish(store, "mood", b"m" * 10)
    other = publish(store, "topic", b"t" * 20)
    _, facts, blobs = StoreContents(store).version("mood", second.version)
    assert facts.own_bytes == 0
    assert [(blob.files, blob.bytes) for blob in blobs] == [
        (["encoder/model.onnx"], 1000), (["encoder/tokenizer.json"], 100), (["head.bin"], 10),
    ]  # fmt: skip
    assert blobs[0].shared_with == [
        Sharing("mood", [first.version]), Sharing("topic", [other.version]),
    ]  # fmt: skip
    assert blobs[2].shared_with == [Sharing("mood", [first.version])]


def test_two_files_of_one_content_are_one_blob(store: ObjectModelStore) -> None:
    ref = store.put_bytes(b"same")
    made = store.publish(Manifest(kind="x", name="twins", files={"b.txt": ref, "a.txt": ref}))
    _, facts, blobs = StoreContents(store).version("twins", made.version)
    assert (facts.bytes, facts.own_bytes) == (4, 4)
    assert [blob.files for blob in blobs] == [["a.txt", "b.txt"]]


def test_what_is_new_is_seen_and_what_was_read_is_not_read_again(store: ObjectModelStore) -> None:
    first = publish(store, "mood", b"1")
    contents = StoreContents(store)
    assert len(contents.look().models[0].versions) == 1
    second = publish(store, "mood", b"2")
    read: list[str] = []
    manifest = store.manifest

    def counting(name: str, version: str) -> Manifest:
        read.append(version)
        return manifest(name, version)

    store.manifest = counting  # type: ignore[method-assign]
    versions = contents.look().models[0].versions
    assert [each.version for each in versions] == [first.version, second.version]
    assert read == [second.version]


def test_a_damaged_manifest_is_told_and_spoils_nothing_else(
    store: ObjectModelStore, tmp_path: Path
) -> None:
    good = publish(store, "mood", b"1")
    bad = publish(store, "mood", b"2")
    path = tmp_path / "store" / "models" / "mood" / "versions" / bad.version / "manifest.json"
    path.chmod(0o600)
    path.write_text("{")
    contents = StoreContents(store)
    first, second = contents.look().models[0].versions
    assert first.version == good.version
    assert first.error == ""
    assert "not a manifest" in second.error
    path.write_bytes(bad.encode())
    assert contents.look().models[0].versions[1].error == ""


def test_what_is_not_there(store: ObjectModelStore) -> None:
    made = publish(store, "mood", b"1")
    contents = StoreContents(store)
    with pytest.raises(UnknownModel):
        contents.version("nobody", made.version)
    with pytest.raises(VersionNotFound):
        contents.version("mood", "1999-01-01.1")
    assert StoreContents(store).look().models[0].aliases == {}


def test_what_cannot_be_read_of_one_model_hides_no_other(
    store: ObjectModelStore, tmp_path: Path
) -> None:
    publish(store, "calm", b"1")
    store.move_alias("calm", "production", store.versions("calm")[0])
    made = publish(store, "mood", b"2")
    store.move_alias("mood", "production", made.version)
    folder = tmp_path / "store" / "models" / "mood"
    record = folder / "aliases" / "production" / "00000001.json"
    record.chmod(0o600)
    record.write_bytes(b"\xff{")
    contents = StoreContents(store)
    real = store.manifest

    def failing(name: str, version: str) -> Manifest:
        if name == "mood":
            raise StoreError("cannot read its manifest: permission denied")
        return real(name, version)

    store.manifest = failing  # type: ignore[method-assign]
    calm, mood = contents.look().models
    assert (calm.error, list(calm.aliases), calm.versions[0].error) == ("", ["production"], "")
    assert mood.aliases == {}
    assert "00000001.json is not a record of an alias" in mood.error
    assert mood.versions[0].error == "cannot read its manifest: permission denied"
    store.manifest = real  # type: ignore[method-assign]
    record.write_bytes(b'{"number": 1, "alias": "production", "version": null, "at": ""}')
    mood = contents.look().models[1]
    assert (mood.error, mood.versions[0].error, list(mood.aliases)) == ("", "", ["production"])
