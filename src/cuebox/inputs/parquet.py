"""Parquet, streamed in batches; needs the `parquet` extra."""

from __future__ import annotations

import gzip
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cuebox.core.errors import DataError

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from cuebox.inputs.source import Source

__all__ = ["parquet_count", "parquet_records"]

_BATCH_ROWS = 4096


def parquet_records(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row with its number, from 1.

    Raises:
        DataError: not a Parquet file, a column named twice, or pyarrow is not installed.
    """
    number = 0
    with _open(source) as parquet:
        names = parquet.schema_arrow.names
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise source.error(None, f"column {twice!r} is there twice; rename one")
        for batch in parquet.iter_batches(batch_size=_BATCH_ROWS):
            for record in batch.to_pylist():
                number += 1
                yield number, record


def parquet_count(source: Source) -> int:
    """How many rows the file's footer says there are."""
    with _open(source) as parquet:
        return int(parquet.metadata.num_rows)


@contextmanager
def _open(source: Source) -> Iterator[Any]:
    """The file as a `pyarrow.parquet.ParquetFile`; pyarrow's errors become `DataError`."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise DataError(
            f"{source.path}: reading Parquet needs pyarrow; pip install 'cuebox[parquet]'"
        ) from error
    try:
        with source.open_bytes() as file:
            yield ParquetFile(_seekable(file, pyarrow))
    except (pyarrow.ArrowException, pyarrow.ArrowInvalid) as error:
        raise source.error(None, f"is not a readable Parquet file: {error}") from error


def _seekable(file: io.BufferedReader | gzip.GzipFile, pyarrow: Any) -> Any:  # noqa: ANN401 - pyarrow is untyped
    """Parquet is read from its end, where a gzip stream cannot seek: unpack it in memory."""
    return pyarrow.BufferReader(file.read()) if isinstance(file, gzip.GzipFile) else file
