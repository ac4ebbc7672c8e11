"""A store is opened by folder or URL, and opening changes nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cuebox.core.errors import ConfigError, StoreError
from cuebox.store import open_store

if TYPE_CHECKING:
    from pathlib import Path


def test_an_absent_folder_is_an_empty_store_made_at_the_first_write(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    assert store.names() == []
    assert list(tmp_path.iterdir()) == []
    ref = store.put_bytes(b"x")
    assert open_store(tmp_path / "store", cache_dir=tmp_path / "cache").read(ref) == b"x"


def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    ref = open_store(folder.as_uri(), cache_dir=tmp_path).put_bytes(b"x")
    assert open_store(str(folder), cache_dir=tmp_path).read(ref) == b"x"


def test_a_local_fetch_is_the_blob_itself(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    assert store.fetch(store.put_bytes(b"x")).is_relative_to(tmp_path / "store")


@pytest.mark.parametrize("url", ["", "hdfs://host/models", "ftp://host/x"])
def test_a_url_of_no_known_sort_is_a_settings_error(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_store(url)
    assert caught.value.param == "store.url"


def test_an_unknown_option_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nonsense"):
        open_store("s3://bucket", cache_dir=tmp_path, options={"nonsense": "1"})


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError, match=str(tmp_path / "store")):
        open_store(tmp_path / "store", cache_dir=tmp_path).put_bytes(b"x")


def test_publishing_again_repairs_a_damaged_blob(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    ref = store.put_bytes(b"weights")
    path = store.fetch(ref)
    path.chmod(0o644)
    path.write_bytes(b"WEIGHTS")
    assert store.put_bytes(b"weights") == ref
    assert store.read(ref) == b"weights"


def test_a_local_store_opens_without_the_library_for_buckets(tmp_path: Path) -> None:
    code = (
        "import sys; from cuebox.store import open_store; "
        f"open_store({str(tmp_path)!r}).names(); "
        "heavy = {'obstore', 'rich', 'typer', 'difflib', 'numpy'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
