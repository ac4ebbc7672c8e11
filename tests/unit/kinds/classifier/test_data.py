from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cuebox.core.errors import DataError
from cuebox.kinds.classifier.data import ClassifierData, load_data
from cuebox.kinds.classifier.settings import parse_classifier_settings

if TYPE_CHECKING:
    from pathlib import Path


def load(path: Path, source: dict[str, Any] | None = None, **extra: Any) -> ClassifierData:
    document = {
        "name": "m",
        "encoder": "e",
        "data": {"train": {"path": path.name, **(source or {})}},
        **extra,
    }
    return load_data(parse_classifier_settings(document, source="test"), base=path.parent)


def test_one_file_can_hold_all_splits(single_tsv: Path) -> None:
    data = load(single_tsv, {"split": "split"}, out_of_scope={"label": "oos"})
    assert data.task == "single"
    assert data.labels == ["music", "travel", "weather"]
    assert [len(part) for part in (data.train, data.validation, data.test)] == [160, 80, 80]
    assert data.test.outside.sum() == 20
    assert (data.test.truth == -1).sum() == 20


def test_several_labels_or_none_make_it_multi_label(multi_tsv: Path) -> None:
    data = load(multi_tsv, {"label": "labels", "label_separator": "|"})
    assert data.task == "multi"
    assert set(data.train.targets.sum(axis=1).tolist()) == {0.0, 1.0, 2.0}
    assert data.summary.carved == ["validation", "test"]


def test_several_labels_are_refused_where_one_is_wanted(multi_tsv: Path) -> None:
    with pytest.raises(DataError, match=r"line \d+: .* labels; set task") as error:
        load(multi_tsv, {"label": "labels", "label_separator": "|"}, task="single")
    assert error.value.param == "task"


def test_sources_take_their_role_where_rows_name_no_split(tmp_path: Path) -> None:
    for name in ("train", "test"):
        rows = [f"{name} text {label} {n},{label}" for label in "ab" for n in range(10)]
        (tmp_path / f"{name}.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    document = {
        "name": "m",
        "encoder": "e",
        "data": {"train": [{"path": "train.csv"}], "test": {"path": "test.csv"}},
    }
    data = load_data(parse_classifier_settings(document, source="test"), base=tmp_path)
    assert len(data.test) == 20
    assert all(text.startswith("test") for text in data.test.texts)
    assert len(data.train) + len(data.validation) == 20


def test_labels_that_train_never_shows_are_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    rows = [f"text {n},{'ab'[n % 2]},train" for n in range(20)] + ["one,a,test", "two,new,test"]
    path.write_text("text,label,split\n" + "\n".join(rows) + "\n")
    data = load(path, {"split": "split"})
    assert data.test.texts == ["one"]
    assert data.dropped == {"a label that train does not have": 1}


@pytest.mark.parametrize(
    ("rows", "extra", "message"),
    [
        (["x,a", "y,a"], {}, "at least two"),
        (["x,a", "y,b"], {"out_of_scope": {"label": "oos"}}, "oos"),
    ],
)
def test_data_that_cannot_be_learnt_from_is_refused(
    tmp_path: Path, rows: list[str], extra: dict[str, Any], message: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n" + "\n".join(rows) + "\n")
    with pytest.raises(DataError, match=message):
        load(path, **extra)
