"""Classify a whole file: bounded memory, and after an interrupt it goes on where it stopped."""

from __future__ import annotations

import csv
import io
import os
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.core.digests import sha256_data
from cuebox.core.errors import ConfigError, DataError, InvalidRequest
from cuebox.inputs.rows import TextRow, read_texts
from cuebox.serving.requests import ClassifyRequest, ModelInfo, RowResult, Timings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from cuebox.core.types import Classification
    from cuebox.inputs.settings import SourceSettings
    from cuebox.serving.service import Service

__all__ = ["BulkPrediction", "BulkSummary"]

_FORMATS = (".jsonl", ".csv", ".tsv")


class _Progress(msgspec.Struct, frozen=True):
    """How far an interrupted run came; everything past `size` in the output is torn."""

    job: str
    rows: int
    size: int
    failed: int


@dataclass(slots=True)
class BulkSummary:
    """What was done: rows written, how many of them are errors, and rows an earlier run wrote."""

    rows: int = 0
    failed: int = 0
    resumed: int = 0


@dataclass(slots=True)
class BulkPrediction:
    """One input file to one output file.

    Rows are answered in order and written in batches; after each batch the output is on disk and
    a small progress file beside it says how far it is, so a kill at any moment loses at most one
    batch of work and never leaves a wrong line. The output gets its name when it is complete.

    Attributes:
        source: the input; every column of it is carried to the output.
        base: folder that relative input paths start from.
        output: `.jsonl` (a `predictions` object per row), `.csv` or `.tsv` (columns
            `<model>.label`, `<model>.score` and `error`).
        models: served names; `["*"]` is every classifier.
        top_k: labels per model in JSON lines; delimited files keep the best.
        batch: rows per write.
        restart: throw an earlier, unfinished run away.
    """

    source: SourceSettings
    base: Path
    output: Path
    models: Sequence[str]
    top_k: int | None = None
    batch: int = 512
    restart: bool = False
    _columns: list[str] = field(default_factory=list)

    async def run(self, service: Service, progress: Callable[[int], None]) -> BulkSummary:
        """Do it; `progress` is told how many more rows are done.

        Raises:
            ConfigError: the output's format, or an unfinished run of another job.
            DataError: the input cannot be read.
            UnknownModel: a model is not served.
        """
        models = self._resolve(service)
        done = self._begin(models)
        summary = BulkSummary(rows=done.rows, failed=done.failed, resumed=done.rows)
        progress(done.rows)
        rows = read_texts(self.source, base=self.base)
        with self._partial.open("ab") as out:
            for batch in _batches(islice(rows, done.rows, None), self.batch):
                results = await self._classify(service, models, [row.text for row in batch])
                out.write(self._encode(models, batch, results, header=not summary.rows))
                out.flush()
                os.fsync(out.fileno())
                summary.rows += len(batch)
                summary.failed += sum(result.error is not None for result in results)
                self._save(_Progress(done.job, summary.rows, out.tell(), summary.failed))
                progress(len(batch))
        self._partial.replace(self.output)
        self._progress.unlink(missing_ok=True)
        return summary

    @property
    def _partial(self) -> Path:
        return self.output.with_name(self.output.name + ".partial")

    @property
    def _progress(self) -> Path:
        return self.output.with_name(self.output.name + ".progress")

    def _resolve(self, service: Service) -> list[ModelInfo]:
        if self.output.suffix not in _FORMATS:
            raise ConfigError(
                f"{self.output}: name the output .jsonl, .csv or .tsv", param="output"
            )
        if list(self.models) == ["*"]:
            models = [info for info in service.models() if info.labels]
        else:
            models = [service.model(name) for name in self.models]
        for info in models:
            if not info.labels:
                raise InvalidRequest(f"model {info.name!r} is not a classifier", param="model")
        if not models:
            raise ConfigError("the store serves no classifier: train one first", param="model")
        return models

    def _begin(self, models: list[ModelInfo]) -> _Progress:
        """Where to go on from; cuts a torn end off."""
        job = self._job(models)
        fresh = _Progress(job, 0, 0, 0)
        if self.restart or not self._progress.exists():
            self._partial.unlink(missing_ok=True)
            self._progress.unlink(missing_ok=True)
            return fresh
        try:
            done = msgspec.json.decode(self._progress.read_bytes(), type=_Progress)
        except msgspec.DecodeError:
            return fresh
        if done.job != job:
            raise ConfigError(
                f"{self._partial} was begun with another input, model version or options: "
                "pass --restart to begin anew",
                param="restart",
            )
        os.truncate(self._partial, done.size)
        return done

    def _job(self, models: list[ModelInfo]) -> str:
        path = self.base / self.source.path
        try:
            stat = path.stat()
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from error
        return sha256_data(
            [
                [str(path.resolve()), stat.st_size, stat.st_mtime_ns],
                self.source,
                [[info.name, info.version] for info in models],
                self.top_k,
                self.output.suffix,
            ]
        )

    def _save(self, progress: _Progress) -> None:
        new = self._progress.with_name(self._progress.name + ".new")
        new.write_bytes(msgspec.json.encode(progress))
        new.replace(self._progress)

    async def _classify(
        self, service: Service, models: list[ModelInfo], texts: list[str]
    ) -> list[RowResult]:
        request = ClassifyRequest(
            model=[info.name for info in models], input=texts, top_k=self.top_k, on_error="row"
        )
        # A file has no client that waits: a batch may take as long as it takes.
        answer = await service.classify(
            request, timings=Timings(), deadline=time.monotonic() + 86_400
        )
        return answer.data

    def _encode(
        self,
        models: list[ModelInfo],
        batch: list[TextRow],
        results: list[RowResult],
        *,
        header: bool,
    ) -> bytes:
        if self.output.suffix == ".jsonl":
            return b"".join(
                msgspec.json.encode(_document(row, result)) + b"\n"
                for row, result in zip(batch, results, strict=True)
            )
        self._columns = self._columns or [*batch[0].record]
        text = io.StringIO()
        writer = csv.writer(text, delimiter="\t" if self.output.suffix == ".tsv" else ",")
        if header:
            writer.writerow([*self._columns, *_prediction_columns(models), "error"])
        for row, result in zip(batch, results, strict=True):
            writer.writerow(
                [*(row.record.get(column, "") for column in self._columns), *_cells(models, result)]
            )
        return text.getvalue().encode()


def _batches(rows: Iterator[TextRow], size: int) -> Iterator[list[TextRow]]:
    while batch := list(islice(rows, size)):
        yield batch


def _document(row: TextRow, result: RowResult) -> dict[str, Any]:
    document = dict(row.record)
    if result.error is not None:
        message = result.error.message if row.error is None else row.error.message
        document["error"] = message
    else:
        document["predictions"] = {each.model: each for each in result.results or ()}
    return document


def _prediction_columns(models: list[ModelInfo]) -> list[str]:
    return [f"{info.name}.{column}" for info in models for column in ("label", "score")]


def _cells(models: list[ModelInfo], result: RowResult) -> list[str]:
    if result.error is not None:
        return [""] * (2 * len(models)) + [result.error.message]
    cells: list[str] = []
    for each in result.results or ():
        cells += _best(each)
    return [*cells, ""]


def _best(result: Classification) -> list[str]:
    """Label and score; several labels of a multi-label model are joined by `|`."""
    labels = result.labels
    return [
        "|".join(each.label for each in labels),
        "|".join(f"{each.score:.4f}" for each in labels),
    ]
