"""The examples that ship: configs are what their script writes, tables are what they claim."""

from __future__ import annotations

import csv
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import msgspec
import pytest

from cuebox.inputs import Row, SourceSettings, read_rows
from cuebox.training.splits import Splits, SplitSettings, stratified_split

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
DATA = ROOT.parent / "shared" / "data"
# The classifiers' files; the reply model's names its kind.
DEMO = sorted(
    path
    for path in (EXAMPLES / "demo").glob("*.toml")
    if "kind" not in tomllib.loads(path.read_text())
)
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the public data sets are not here")


def run(script: str, *arguments: str) -> str:
    command = [sys.executable, str(EXAMPLES / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def load(config: Path) -> tuple[list[Row], Splits]:
    document = tomllib.loads(config.read_text())
    source = msgspec.convert(document["data"]["train"], SourceSettings)
    division = msgspec.convert(document["data"].get("split", {}), SplitSettings)
    rows = list(read_rows(source, base=config.parent))
    return rows, stratified_split(rows, division)


def test_head_configs_are_what_the_script_writes(tmp_path: Path) -> None:
    run("heads.py", "--out", str(tmp_path))
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_text() for path in (EXAMPLES / "heads").iterdir()}
    assert len(written) >= 30


def test_all_heads_share_one_encoder_and_have_names_of_their_own() -> None:
    configs = [tomllib.loads(path.read_text()) for path in (EXAMPLES / "heads").iterdir()]
    assert len({config["encoder"] for config in configs}) == 1
    assert len({config["name"] for config in configs}) == len(configs)


def test_the_demo_is_small_and_licensed() -> None:
    tables = list((EXAMPLES / "demo").glob("*.tsv"))
    assert sum(table.stat().st_size for table in tables) < 400_000
    readme = (EXAMPLES / "demo" / "README.md").read_text()
    assert all(f"- `{table.name}`: " in readme for table in tables)


@pytest.mark.parametrize("config", DEMO, ids=lambda path: path.stem)
def test_demo_tables_train_and_test_every_label(config: Path) -> None:
    _, splits = load(config)
    assert splits.summary.untrained_labels == []
    assert splits.summary.untested_labels == []
    assert splits.summary.leaking_rows == 0


def test_the_demo_has_several_labels_a_row_and_out_of_scope_rows() -> None:
    fastfood, _ = load(EXAMPLES / "demo" / "fastfood.toml")
    assert sum(len(row.labels) > 1 for row in fastfood) > 150
    _, travel = load(EXAMPLES / "demo" / "travel-and-money.toml")
    assert travel.summary.labels["oos"] == {"train": 100, "validation": 100, "test": 100}


@needs_data
def test_prepared_tables(tmp_path: Path) -> None:
    said = run("prepare.py", str(DATA), "--out", str(tmp_path), "banking77", "snips", "star")
    assert "train 10,003, test 3,080" in said
    snips = (tmp_path / "snips.tsv").read_text(encoding="utf-8")
    assert "\N{SLICE OF PIZZA}" in snips
    assert "Ã" not in snips
    with (tmp_path / "star.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, dialect="excel-tab"))
    labels = Counter(row["label"] for row in rows)
    assert (len(rows), len(labels), max(labels.values())) == (36_581, 163, 2_598)
    splits_of: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        splits_of[row["dialogue"]].add(row["split"])
    assert all(len(splits) == 1 for splits in splits_of.values())
    assert {row["label"] for row in rows if row["split"] == "train"} == set(labels)


@needs_data
def test_unknown_data_sets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run("prepare.py", str(DATA), "--out", str(tmp_path), "bankng77")
    assert "unknown data set 'bankng77'; choose from banking77" in caught.value.stderr
