"""An opened-to-be file: its path, format, bytes and text, and errors that name the place."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from cuebox.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuebox.inputs.settings import FileFormat, SourceSettings

__all__ = ["MAX_LINE_CHARS", "Source", "locate"]

# A line longer than this is a binary file or a lost newline, and would fill the memory.
MAX_LINE_CHARS = 16 * 1024 * 1024

_SUFFIXES: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_GZIP_MAGIC = b"\x1f\x8b"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that exists, the format it is read as, and the settings it is read with.

    Attributes:
        content: the file's bytes where they are known; then it is not opened.
    """

    path: Path
    format: FileFormat
    settings: SourceSettings
    content: bytes | None = None

    def error(self, line: int | None, message: str) -> DataError:
        """A `DataError` that starts with the file and the line (or row, for JSON and Parquet)."""
        unit = "row" if self.format in {"json", "parquet"} else "line"
        place = f"{self.path}" if line is None else f"{self.path}, {unit} {line}"
        return DataError(f"{place}: {message}")

    @contextmanager
    def open_bytes(self) -> Iterator[io.BufferedReader | gzip.GzipFile]:
        """The file's bytes, decompressed where it is gzip.

        Raises:
            DataError: the file cannot be read, or its gzip stream is broken or cut short.
        """
        try:
            with self._raw() as raw:
                if raw.peek(2)[:2] == _GZIP_MAGIC:
                    with gzip.open(raw) as unpacked:
                        yield unpacked
                else:
                    yield raw
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise self.error(
                None, f"the gzip stream is broken ({error}); copy or download the file again"
            ) from error
        except OSError as error:
            raise self.error(None, f"cannot be read: {error.strerror or error}") from error

    def _raw(self) -> io.BufferedReader:
        if self.content is None:
            return self.path.open("rb")
        return io.BufferedReader(io.BytesIO(self.content))

    @contextmanager
    def open_text(self) -> Iterator[IO[str]]:
        """The file's text, line ends untouched, a byte order mark skipped.

        Raises:
            DataError: as `open_bytes`, or bytes that are not in the encoding.
        """
        encoding = codecs.lookup(self.settings.encoding).name
        encoding = "utf-8-sig" if encoding == "utf-8" else encoding
        try:
            with (
                self.open_bytes() as file,
                io.TextIOWrapper(file, encoding, newline="") as text,
            ):
                yield text
        except UnicodeError as error:
            raise self._undecodable(encoding) from error

    def lines(self, text: IO[str]) -> Iterator[str]:
        """The lines of `text` with their ends.

        Raises:
            DataError: a line of more than `MAX_LINE_CHARS` characters.
        """
        number = 0
        while line := text.readline(MAX_LINE_CHARS + 1):
            number += 1
            if len(line) > MAX_LINE_CHARS:
                raise self.error(number, f"longer than {MAX_LINE_CHARS:,} characters; is it text?")
            yield line

    def _undecodable(self, encoding: str) -> DataError:
        """Say which byte does not decode, by reading again: the fast path keeps no count."""
        decoder = codecs.getincrementaldecoder(encoding)()
        done = 0
        with self.open_bytes() as file:
            if file.read(2) in _UTF16_MARKS and not encoding.startswith("utf-16"):
                return self.error(None, "this is UTF-16; set encoding = 'utf-16'")
            file.seek(0)
            while piece := file.read(1 << 16):
                pending = len(decoder.getstate()[0])
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError as error:
                    offset = done - pending + error.start
                    return self._bad_byte(offset, error.object[error.start])
                except UnicodeError as error:
                    return self.error(None, f"{error}; set another encoding")
                done += len(piece)
        return self.error(
            None, f"the last character is cut short for encoding {self.settings.encoding!r}"
        )

    def _bad_byte(self, offset: int, byte: int) -> DataError:
        return self.error(
            None,
            f"byte {offset} (0x{byte:02x}) is not {self.settings.encoding}; "
            "set encoding = 'latin-1' (or 'cp1252') if the file comes from an older system",
        )


def locate(settings: SourceSettings, base: Path) -> Source:
    """Find the file and settle its format.

    Raises:
        DataError: no such file, a folder, a remote address, or a suffix that says nothing.
    """
    if "://" in settings.path:
        raise DataError(f"{settings.path}: only local files can be read; copy it here first")
    path = base / Path(settings.path).expanduser()
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name a file in it")
    if not path.exists():
        raise DataError(f"{path}: no such file{_neighbours(path)}")
    return Source(path, _format_of(path, settings), settings)


def _format_of(path: Path, settings: SourceSettings) -> FileFormat:
    if settings.format != "auto":
        return settings.format
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    try:
        return _SUFFIXES[suffixes[-1]]
    except (IndexError, KeyError):
        raise DataError(
            f"{path}: the suffix does not tell the format; "
            "set format = 'csv', 'tsv', 'jsonl', 'json' or 'parquet'"
        ) from None


def _neighbours(path: Path) -> str:
    if not path.parent.is_dir():
        return f" (there is no folder {path.parent})"
    names = sorted(item.name for item in path.parent.iterdir() if item.is_file())[:8]
    return f"; the folder holds {', '.join(names)}" if names else "; the folder is empty"
