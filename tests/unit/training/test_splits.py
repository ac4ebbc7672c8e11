"""Train, validation and test parts."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.errors import DataError
from cuebox.core.text import TextSettings
from cuebox.inputs import Row, SourceSettings, read_rows
from cuebox.training.splits import Splits, SplitSettings, stratified_split

DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the public data sets are not here")


def labelled(counts: dict[str, int]) -> list[Row]:
    return [
        Row(f"{label} number {index}", (label,), None, index)
        for label, count in counts.items()
        for index in range(count)
    ]


def shown(splits: Splits) -> list[list[tuple[str, tuple[str, ...]]]]:
    parts = (splits.train, splits.validation, splits.test)
    return [[(row.text, row.labels) for row in part] for part in parts]


def keys(rows: list[Row]) -> set[str]:
    return {row.text.casefold() for row in rows}


def test_each_label_gets_its_share() -> None:
    splits = stratified_split(labelled({"a": 100, "b": 40, "c": 20}), SplitSettings(test=0.2))
    assert splits.summary.labels == {
        "a": {"train": 70, "validation": 10, "test": 20},
        "b": {"train": 28, "validation": 4, "test": 8},
        "c": {"train": 14, "validation": 2, "test": 4},
    }
    assert splits.summary.rows == {"train": 112, "validation": 16, "test": 32}
    assert splits.summary.carved == ["validation", "test"]


def test_rare_labels_stay_in_train_first_and_are_tested_next() -> None:
    summary = stratified_split(
        labelled({"one": 1, "two": 2, "three": 3, "four": 4, "many": 90}), SplitSettings()
    ).summary
    assert [tuple(summary.labels[name].values()) for name in ("one", "two", "three", "four")] == [
        (1, 0, 0),
        (1, 0, 1),
        (2, 0, 1),
        (2, 1, 1),
    ]
    assert summary.untested_labels == ["one"]
    assert summary.untrained_labels == []


def test_several_labels_are_balanced_together() -> None:
    draw = random.Random(3)
    rows = [
        Row(f"text {i}", tuple(x for x in "abcdef" if draw.random() < 0.3), None, i)
        for i in range(2_000)
    ]
    summary = stratified_split(rows, SplitSettings(validation=0.1, test=0.2)).summary
    for counts in summary.labels.values():
        total = sum(counts.values())
        assert counts["test"] / total == pytest.approx(0.2, abs=0.02)
        assert counts["validation"] / total == pytest.approx(0.1, abs=0.02)


def test_the_seed_decides_and_the_order_does_not() -> None:
    rows = [*labelled({"a": 50, "b": 7}), Row("A number 3", ("b",), None, 1)]
    mixed = random.Random(1).sample(rows, len(rows))
    first = stratified_split(rows, SplitSettings())
    assert shown(first) == shown(stratified_split(mixed, SplitSettings()))
    assert shown(first) != shown(stratified_split(rows, SplitSettings(seed=8)))


def test_the_same_text_never_straddles() -> None:
    rows = [
        Row(text, ("a",), None, line)
        for line, text in enumerate(
            variant
            for i in range(60)
            for variant in (f"text {i}", f"  TEXT  {i}", f"Text\u200b {i}")[: i % 3 + 1]
        )
    ]
    splits = stratified_split(rows, SplitSettings(validation=0.2, test=0.2))
    folded = [
        {" ".join(row.text.replace("\u200b", "").split()).casefold() for row in part}
        for part in (splits.train, splits.validation, splits.test)
    ]
    for one, other in combinations(folded, 2):
        assert not one & other
    assert splits.summary.duplicate_rows == 60
    assert splits.summary.leaking_rows == 0


def test_a_text_said_a_thousand_times_does_not_swamp_test() -> None:
    rows = labelled({"yes": 1_000, "no": 100})
    rows += [Row("okay", ("yes",), None, i) for i in range(2_000)]
    rows += [Row("okay", ("no",), None, 1)]
    summary = stratified_split(rows, SplitSettings()).summary
    assert summary.labels["yes"]["test"] == pytest.approx(300, abs=5)
    assert summary.conflicting_texts == 1


class TestGiven:
    ROWS = (
        Row("shared with test", ("a",), "train", 1),
        Row("Shared with DEV", ("a",), None, 2),
        Row("only here", ("a",), "training", 3),
        Row("shared with dev", ("a",), "dev", 4),
        Row("shared  with test", ("a",), "valid", 5),
        Row("shared with test", ("b",), "Test", 6),
    )

    def test_given_splits_stay_and_train_gives_way_to_test(self) -> None:
        splits = stratified_split(self.ROWS, SplitSettings())
        assert [row.line for row in splits.train] == [3]
        assert [row.line for row in splits.validation] == [4]
        assert [row.line for row in splits.test] == [6]
        assert (splits.summary.leaking_rows, splits.summary.dropped_rows) == (3, 3)
        assert splits.summary.untrained_labels == ["b"]
        assert splits.summary.carved == []

    def test_without_the_guard_they_are_counted_and_kept(self) -> None:
        splits = stratified_split(self.ROWS, SplitSettings(leak_guard=False))
        assert splits.summary.rows == {"train": 3, "validation": 2, "test": 1}
        assert (splits.summary.leaking_rows, splits.summary.dropped_rows) == (3, 0)

    def test_validation_is_carved_when_only_test_is_given(self) -> None:
        rows = [Row(row.text, row.labels, "train", row.line) for row in labelled({"a": 50})]
        rows += [Row("t", ("a",), "test", 1)]
        summary = stratified_split(rows, SplitSettings()).summary
        assert summary.rows == {"train": 45, "validation": 5, "test": 1}
        assert summary.carved == ["validation"]

    def test_a_fraction_of_nought_carves_nothing(self) -> None:
        summary = stratified_split(
            labelled({"a": 50}), SplitSettings(validation=0.0, test=0.0)
        ).summary
        assert summary.rows == {"train": 50, "validation": 0, "test": 0}

    def test_an_unknown_name_is_refused(self) -> None:
        with pytest.raises(DataError, match="line 4: split 'held-out' is none of dev, "):
            stratified_split([Row("a", ("b",), "held-out", 4)], SplitSettings())


def test_no_rows_and_no_train_are_refused() -> None:
    with pytest.raises(DataError, match="no rows"):
        stratified_split([], SplitSettings())
    with pytest.raises(DataError, match="all are given as validation or test"):
        stratified_split([Row("a", ("b",), "test", 1)], SplitSettings())
    with pytest.raises(ValueError, match="leave less than"):
        SplitSettings(validation=0.5, test=0.5)


def test_normalisation_is_that_of_the_model() -> None:
    rows = [
        Row("a  b", ("x",), "train", 1),
        Row("a b", ("x",), "test", 2),
        Row("c", ("x",), "train", 3),
    ]
    kept = stratified_split(rows, SplitSettings(), text=TextSettings(fold_whitespace=False))
    assert kept.summary.leaking_rows == 0
    assert stratified_split(rows, SplitSettings()).summary.leaking_rows == 1


@settings(deadline=None, max_examples=60)
@given(
    data=st.lists(
        st.tuples(
            st.sampled_from("pqrstuvwxyz"),
            st.sets(st.sampled_from("abcd"), max_size=3),
            st.sampled_from([None, None, "train", "test"]),
        ),
        min_size=1,
        max_size=40,
    ),
    guard=st.booleans(),
)
def test_rows_are_kept_labels_trained_and_texts_apart(
    data: list[tuple[str, set[str], str | None]], *, guard: bool
) -> None:
    rows = [Row(text, tuple(sorted(labels)), split, 1) for text, labels, split in data]
    rows.append(Row("always to train on", ("a",), "train", 1))
    splits = stratified_split(rows, SplitSettings(leak_guard=guard, validation=0.2, test=0.2))
    found = Counter([*splits.train, *splits.validation, *splits.test])
    assert not found - Counter(rows)
    assert found.total() + splits.summary.dropped_rows == len(rows)
    if guard:
        assert not keys(splits.train) & (keys(splits.test) | keys(splits.validation))
    if all(row.split != "test" for row in rows):
        assert splits.summary.untrained_labels == []


@needs_data
def test_multidogo_keeps_its_published_parts() -> None:
    source = SourceSettings(
        path="multidogo/multidogo_turns.tsv.gz",
        text="utterance",
        label=["domain", "intents"],
        label_separator="|",
        split="split",
        blank="skip",
        quoting="none",
    )
    rows = list(read_rows(source, base=DATA))
    summary = stratified_split(rows, SplitSettings(leak_guard=False)).summary
    assert summary.rows == {"train": 81_279, "validation": 11_529, "test": 23_216}
    assert summary.leaking_rows == 53_894
    carved = stratified_split(
        [Row(row.text, row.labels, None, row.line) for row in rows], SplitSettings()
    ).summary
    assert carved.untrained_labels == carved.untested_labels == []
    assert carved.rows["test"] == pytest.approx(len(rows) * 0.1, rel=0.05)
