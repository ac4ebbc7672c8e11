"""Weights laid out for this CPU's kernels, in a file that processes map and share.

A portable model is repacked by every process that loads it, into private memory. The first
load here writes the repacked form to a local folder; later loads map it, which is several
times faster, and the pages are shared by all processes. The files fit one onnxruntime
version and one CPU family, so they are a cache beside the store and never published.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.core.digests import sha256_file
from cuebox.core.errors import ModelError
from cuebox.engines.cpu import cpu_family
from cuebox.engines.onnx_encoder import open_session, session_options

if TYPE_CHECKING:
    import onnxruntime as ort

__all__ = ["open_prepacked", "prepacked_folder"]

_log = logging.getLogger(__name__)

_GRAPH, _WEIGHTS, _CHECK = "model.onnx", "weights.bin", "check.json"
_EXTERNAL_FROM_BYTES = 1024
_CHECK_WINDOW = 4 << 20


class _Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the two files must look like; written last."""

    graph_sha256: str
    weights_size: int
    weights_sum: int


def prepacked_folder(cache_dir: Path, model_sha256: str) -> Path:
    """Where a model's prepacked files live, for this onnxruntime and this CPU."""
    import onnxruntime as ort

    return cache_dir / "prepacked" / f"{model_sha256[:32]}-ort{ort.__version__}-{cpu_family()}"


def open_prepacked(
    model: Path, model_sha256: str, cache_dir: Path, threads: int
) -> ort.InferenceSession:
    """A session on the prepacked files, making them first where needed.

    A damaged cache is rebuilt. Where the cache cannot be written (read-only folder, full
    disk) the portable model is loaded instead, with a warning.

    Raises:
        ModelError: the portable model itself cannot be loaded.
    """
    folder = prepacked_folder(cache_dir, model_sha256)
    try:
        if not _intact(folder):
            _build(model, folder)
        return open_session(folder / _GRAPH, session_options(threads))
    except (OSError, ModelError) as error:
        _log.warning("no prepacked weights in %s (%s); loading the portable model", folder, error)
    return open_session(model, session_options(threads))


def _intact(folder: Path) -> bool:
    """Whether the files are there and undamaged."""
    try:
        check = msgspec.json.decode((folder / _CHECK).read_bytes(), type=_Check)
        return check == _measure(folder)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False


def _measure(folder: Path) -> _Check:
    weights = folder / _WEIGHTS
    return _Check(sha256_file(folder / _GRAPH), weights.stat().st_size, _sum_of_words(weights))


def _sum_of_words(path: Path) -> int:
    """Sum of a file's 64-bit words, mapped window by window.

    It is there to find torn writes and failing disks, not forgery, at memory speed: a
    SHA-256 of the weights would take longer than loading them.
    """
    size, total = path.stat().st_size, 0
    for start in range(0, size, _CHECK_WINDOW):
        length = min(_CHECK_WINDOW, size - start)
        window = np.memmap(path, np.uint8, mode="r", offset=start, shape=(length,))
        words = length // 8 * 8
        total += int(window[:words].view(np.uint64).sum(dtype=np.uint64))
        total += int(window[words:].sum(dtype=np.uint64))
    return total % (1 << 64)


def _build(model: Path, folder: Path) -> None:
    """Write the prepacked files beside their place, then move them in at once.

    Several processes may do so together: the first one in wins, the others use its files.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    try:
        _write(model, scratch)
        _discard(folder)
        try:
            scratch.rename(folder)
        except OSError:
            if not _intact(folder):
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write(model: Path, folder: Path) -> None:
    options = session_options(threads=1)
    options.optimized_model_filepath = str(folder / _GRAPH)
    for key, value in (
        ("session.optimized_model_external_initializers_file_name", _WEIGHTS),
        (
            "session.optimized_model_external_initializers_min_size_in_bytes",
            str(_EXTERNAL_FROM_BYTES),
        ),
        ("session.save_external_prepacked_constant_initializers", "1"),
    ):
        options.add_session_config_entry(key, value)
    open_session(model, options)
    for name in (_GRAPH, _WEIGHTS):
        _flush_to_disk(folder / name)
    (folder / _CHECK).write_bytes(msgspec.json.encode(_measure(folder)))
    _flush_to_disk(folder / _CHECK)


def _flush_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _discard(folder: Path) -> None:
    """Take damaged files out of the way; processes that mapped them keep their pages."""
    if not folder.exists() or _intact(folder):
        return
    _log.warning("prepacked weights in %s are damaged; making them again", folder)
    aside = Path(tempfile.mkdtemp(prefix=".damaged-", dir=folder.parent))
    try:
        folder.rename(aside / folder.name)
    except FileNotFoundError:
        pass
    finally:
        shutil.rmtree(aside, ignore_errors=True)
