"""Bulk prediction: complete, exact, and the same after an interrupt."""

from __future__ import annotations

import asyncio
import csv
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cuebox.app.build import build_service, open_store
from cuebox.app.bulk import BulkPrediction, BulkSummary
from cuebox.app.settings import Settings, load_settings
from cuebox.core.errors import ConfigError, DataError, UnknownModel
from cuebox.inputs.settings import SourceSettings
from tests.fakes.models import publish_head

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = 300


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = load_settings(
        None,
        {
            "store.url": str(tmp_path / "store"),
            "store.cache_dir": str(tmp_path / "cache"),
            "engine.cache_dir": str(tmp_path / "cache"),
            "serving.reload_interval": 0,
        },
        environment={},
    )
    store = open_store(made)
    publish_head(store, "colour", labels=("red", "green", "blue"), seed=1)
    publish_head(store, "tags", labels=("x", "y"), task="multi", favourite=1)
    return made


@pytest.fixture
def source(tmp_path: Path) -> SourceSettings:
    with (tmp_path / "in.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        for number in range(ROWS):
            text = "" if number == 7 else f'text "{number}", and\nmore'
            writer.writerow([number, text])
    return SourceSettings(path="in.csv", label=None)


def work(
    settings: Settings, job: BulkPrediction, progress: Callable[[int], None] = lambda _: None
) -> BulkSummary:
    async def go() -> BulkSummary:
        service = build_service(settings)
        await service.start()
        try:
            return await job.run(service, progress)
        finally:
            await service.drain(5)

    return asyncio.run(go())


def job(tmp_path: Path, source: SourceSettings, output: str, **options: Any) -> BulkPrediction:
    options = {"models": ["*"], "batch": 50, **options}
    return BulkPrediction(source=source, base=tmp_path, output=tmp_path / output, **options)


def test_json_lines_carry_the_record_and_its_predictions(
    settings: Settings, tmp_path: Path, source: SourceSettings
) -> None:
    summary = work(settings, job(tmp_path, source, "out.jsonl"))
    assert (summary.rows, summary.failed, summary.resumed) == (ROWS, 1, 0)
    lines = (tmp_path / "out.jsonl").read_bytes().splitlines()
    documents = [msgspec.json.decode(line) for line in lines]
    assert [document["id"] for document in documents] == [str(n) for n in range(ROWS)]
    assert "error" in documents[7]
    assert documents[8]["predictions"]["tags"]["labels"][0]["label"] == "y"
    assert not (tmp_path / "out.jsonl.partial").exists()
    assert not (tmp_path / "out.jsonl.progress").exists()


def test_delimited_output_has_a_column_per_model(
    settings: Settings, tmp_path: Path, source: SourceSettings
) -> None:
    work(settings, job(tmp_path, source, "out.csv"))
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == ROWS
    assert rows[3]["text"] == 'text "3", and\nmore'
    assert rows[3]["colour.label"] in {"red", "green", "blue"}
    assert 0 <= float(rows[3]["colour.score"]) <= 1
    assert rows[7]["colour.label"] == ""
    assert "blank" in rows[7]["error"] or "empty" in rows[7]["error"]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_interrupted_it_goes_on_and_the_result_is_the_same(
    settings: Settings, tmp_path: Path, source: SourceSettings, name: str
) -> None:
    work(settings, job(tmp_path, source, f"whole-{name}"))
    done = 0

    def interrupt(rows: int) -> None:
        nonlocal done
        done += rows
        if done >= 150:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(settings, job(tmp_path, source, name), interrupt)
    assert not (tmp_path / name).exists()
    # A kill in the middle of a write leaves a torn line behind what was recorded.
    with (tmp_path / f"{name}.partial").open("ab") as file:
        file.write(b'{"torn')
    summary = work(settings, job(tmp_path, source, name))
    assert summary.resumed == 150
    assert summary.rows == ROWS
    assert (tmp_path / name).read_bytes() == (tmp_path / f"whole-{name}").read_bytes()


def test_an_unfinished_run_of_another_job_is_not_mixed_in(
    settings: Settings, tmp_path: Path, source: SourceSettings
) -> None:
    def interrupt(rows: int) -> None:
        if rows:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(settings, job(tmp_path, source, "out.jsonl"), interrupt)
    with pytest.raises(ConfigError, match="--restart"):
        work(settings, job(tmp_path, source, "out.jsonl", top_k=2))
    assert work(settings, job(tmp_path, source, "out.jsonl", top_k=2, restart=True)).resumed == 0


def test_mistakes_are_named(settings: Settings, tmp_path: Path, source: SourceSettings) -> None:
    with pytest.raises(ConfigError, match=r"\.jsonl"):
        work(settings, job(tmp_path, source, "out.xml"))
    with pytest.raises(DataError, match=r"nothing\.csv"):
        work(settings, job(tmp_path, SourceSettings(path="nothing.csv", label=None), "out.csv"))
    with pytest.raises(UnknownModel):
        work(settings, job(tmp_path, source, "out.csv", models=["no-such"]))
