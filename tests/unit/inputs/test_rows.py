"""Labelled rows and texts from columns of every format."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.errors import DataError
from cuebox.inputs import Row, SourceSettings, read_records, read_rows, read_texts

DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the public data sets are not here")


def rows(folder: Path, content: str | bytes, name: str = "rows.csv", **mapping: Any) -> list[Row]:
    raw = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(raw)
    return list(read_rows(SourceSettings(path=name, **mapping), base=folder))


def pairs(found: list[Row]) -> list[tuple[str, tuple[str, ...]]]:
    return [(row.text, row.labels) for row in found]


class TestFormats:
    EXPECTED = (("hi there", ("greet",)), ("bye", ("part",)))
    JSON_ROWS = (
        {"text": "hi there", "label": "greet"},
        {"text": "bye", "label": "part"},
    )

    @pytest.mark.parametrize("packed", [False, True])
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("rows.csv", "text,label\nhi there,greet\nbye,part\n"),
            ("rows.csv", "text,label\r\nhi there,greet\r\n\r\nbye,part"),
            ("rows.csv", "\ufefftext,label\rhi there,greet\rbye,part\r"),
            ("rows.tsv", "label\ttext\ngreet\thi there\npart\tbye\n"),
            ("rows.jsonl", "\n".join(map(json.dumps, JSON_ROWS)) + "\n\n"),
            ("rows.ndjson", "\ufeff" + "\r\n".join(map(json.dumps, JSON_ROWS))),
            ("rows.json", json.dumps(JSON_ROWS, indent=1)),
        ],
    )
    def test_text_formats_read_alike(
        self, tmp_path: Path, name: str, content: str, *, packed: bool
    ) -> None:
        raw = gzip.compress(content.encode()) if packed else content.encode()
        found = rows(tmp_path, raw, name + (".gz" if packed else ""))
        assert tuple(pairs(found)) == self.EXPECTED

    def test_parquet(self, tmp_path: Path) -> None:
        pyarrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.Table.from_pylist(list(self.JSON_ROWS)), tmp_path / "r.parquet")
        plain = (tmp_path / "r.parquet").read_bytes()
        assert tuple(pairs(rows(tmp_path, plain, "r.parquet"))) == self.EXPECTED
        assert tuple(pairs(rows(tmp_path, gzip.compress(plain), "r.pq.gz"))) == self.EXPECTED

    def test_format_can_be_told_where_the_suffix_does_not(self, tmp_path: Path) -> None:
        assert len(rows(tmp_path, "text;label\na;b\n", "dump", format="csv", delimiter=";")) == 1

    def test_lines_are_those_of_the_file(self, tmp_path: Path) -> None:
        found = rows(tmp_path, 'text,label\n"two\nlines",a\n\nx,b\n')
        assert [(row.text, row.line) for row in found] == [("two\nlines", 2), ("x", 5)]

    def test_encodings(self, tmp_path: Path) -> None:
        content = "text,label\nsalón,a\n"
        for encoding in ("latin-1", "utf-16", "cp1252"):
            found = rows(tmp_path, content.encode(encoding), encoding=encoding)
            assert found[0].text == "salón"

    def test_quotation_marks_can_be_ordinary(self, tmp_path: Path) -> None:
        found = rows(tmp_path, 'text\tlabel\n"odd\ta\n', "rows.tsv", quoting="none")
        assert found[0].text == '"odd'


class TestMapping:
    def test_rows_that_are_arrays_go_by_position(self, tmp_path: Path) -> None:
        content = json.dumps({"data": {"train": [["hi", "greet"], ["bye", "part"]]}})
        found = rows(tmp_path, content, "d.json", records="data.train", text=0, label=1)
        assert pairs(found) == [("hi", ("greet",)), ("bye", ("part",))]

    def test_a_file_without_header(self, tmp_path: Path) -> None:
        assert pairs(rows(tmp_path, "hi,greet\n", header=False, text=0, label=1)) == [
            ("hi", ("greet",))
        ]

    def test_several_labels_and_joined_columns(self, tmp_path: Path) -> None:
        content = "domain,intents,title,body\nmedia,a| b|a,T,B\nfood,,,C\n"
        found = rows(
            tmp_path,
            content,
            text=["title", "body"],
            text_join=": ",
            label=["domain", "intents"],
            label_separator="|",
        )
        assert pairs(found) == [("T: B", ("media/a", "media/b")), ("C", ())]

    def test_a_json_list_is_several_labels(self, tmp_path: Path) -> None:
        content = '{"text": "x", "label": ["a", 2, true]}\n{"text": "y", "label": []}'
        assert pairs(rows(tmp_path, content, "r.jsonl")) == [("x", ("a", "2", "true")), ("y", ())]

    def test_numbers_as_labels(self, tmp_path: Path) -> None:
        content = '[{"text": "x", "label": 1}, {"text": "y", "label": 1.0}]'
        assert pairs(rows(tmp_path, content, "r.json")) == [("x", ("1",)), ("y", ("1",))]

    def test_split_where_and_limit(self, tmp_path: Path) -> None:
        content = "text,label,part,kind\n" + "".join(
            f"t{i},l,{'dev' if i % 2 else 'train'},{'abc'[i % 3]}\n" for i in range(30)
        )
        found = rows(tmp_path, content, split="part", where={"kind": ["a", "b"]}, limit=4)
        assert [(row.text, row.split) for row in found] == [
            ("t0", "train"),
            ("t1", "dev"),
            ("t3", "dev"),
            ("t4", "train"),
        ]

    def test_no_label_column_at_all(self, tmp_path: Path) -> None:
        assert pairs(rows(tmp_path, "text\nhi\n", label=None)) == [("hi", ())]

    def test_blank_rows_can_be_left_out(self, tmp_path: Path) -> None:
        content = "text,label\n ,a\nhi,\nok,a\n"
        assert pairs(rows(tmp_path, content, blank="skip")) == [("ok", ("a",))]


@pytest.mark.parametrize(
    ("content", "mapping", "message"),
    [
        ("", {}, "rows.csv: the file is empty"),
        ("text,label\n", {}, "there are no rows"),
        ("texts,label\na,b\n", {}, "line 2: no column 'text'.*'texts', 'label'; did you mean 'te"),
        ("text;label\na;b\n", {}, "set `delimiter`"),
        ("text,label,text\n", {}, "names column 'text' twice"),
        ("text,label\na,b,c\n", {}, "line 2: 3 cells where 2 were expected"),
        ('text,label\nok,a\n"open,b\nx,y\n', {}, "line 3: .*never closed.*quoting = 'none'"),
        ("text,label\n,b\n", {}, "line 2: the text is blank .column 'text'.*blank = 'skip'"),
        ("text,label\na,\n", {}, "line 2: the label is blank .column 'label'.*label_separator"),
        ("text,label\n ,\n", {"blank": "skip"}, "no row is left"),
        ("text,label\na,b\n", {"where": {"label": "c"}}, "matches none of the 1 rows: 'label' .*'b'"),
        ("text,label\na,b\n", {"where": {"lable": "c"}}, "no column 'lable'"),
        ("text,label\na,b\n", {"split": "part"}, "no column 'part'"),
        (b"text,label\nsal\xf3n,b\n", {}, r"byte 14 \(0xf3\) is not utf-8.*latin-1"),
        ("text,label\na,b\n".encode("utf-16"), {}, "UTF-16; set encoding = 'utf-16'"),
        (b"text,label\na,b\xc3", {}, "cut short"),
        (gzip.compress(b"text,label\n" + b"a,b\n" * 9000)[:-20], {}, "gzip stream is broken"),
        (b"\x1f\x8bnonsense", {}, "gzip stream is broken"),
    ],
)  # fmt: skip
def test_csv_errors_say_what_and_where(
    tmp_path: Path, content: str | bytes, mapping: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        rows(tmp_path, content, **mapping)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("r.jsonl", '{"text": "a", "label": "b"}\n{"text": ', "line 2: .*truncated"),
        ("r.jsonl", '{"text": "a" "label"}\n', "line 1: .*malformed.* at column 14"),
        ("r.jsonl", '"just text"\n', "line 1: an object or array was expected, not a string"),
        ("r.jsonl", '{"text": 3, "label": "b"}', "line 1: column 'text' holds 3, where text"),
        ("r.jsonl", '{"text": ["a"], "label": "b"}', "holds .'a'., where text was expected"),
        ("r.jsonl", '{"text": null, "label": "b"}', "the text is blank"),
        ("r.jsonl", '{"text": "a", "label": {"x": 1}}', "a nested object, where a label"),
        ("r.jsonl", '{"text": "a", "label": NaN}', "write null for NaN"),
        ("r.jsonl", '{"text": "a"}', "no column 'label'; the columns are 'text'"),
        ("r.jsonl", '{"text": "\\ud800", "label": "b"}', "line 1: "),
        ("r.jsonl", "[" * 100_000, "line 1: .*nested too deeply"),
        ("r.jsonl", "\n\n", "the file is empty"),
        ("r.json", "", "the file is empty"),
        ("r.json", "[]", "there are no rows"),
        ("r.json", '[\n{"text": "a"},\n  oops]', "invalid character at line 3 of the document"),
        ("r.json", '{"train": []}', "set `records` to the path.*'train'"),
        ("r.parquet", "PAR1 not really", "not a readable Parquet file"),
        ("r.xlsx", "PK", "the suffix does not tell the format"),
    ],
)
def test_other_errors_say_what_and_where(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match=message):
        rows(tmp_path, content, name)


def test_parquet_nulls_and_nan_are_blank(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"text": ["a", None, "c"], "label": [1.0, 2.0, float("nan")]})
    parquet.write_table(table, tmp_path / "r.parquet")
    source = SourceSettings(path="r.parquet", blank="skip")
    assert pairs(list(read_rows(source, base=tmp_path))) == [("a", ("1",))]
    with pytest.raises(DataError, match="row 2: the text is blank"):
        list(read_rows(SourceSettings(path="r.parquet"), base=tmp_path))


def test_missing_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(DataError, match=r"cuebox\[parquet\]"):
        rows(tmp_path, b"PAR1", "r.parquet")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "train.csv").touch()
    (tmp_path / "folder").mkdir()
    for path, message in [
        ("trian.csv", "no such file; the folder holds train.csv"),
        ("folder", "is a folder"),
        ("s3://bucket/rows.csv", "only local files"),
        ("none/rows.csv", "there is no folder"),
    ]:
        with pytest.raises(DataError, match=message):
            list(read_rows(SourceSettings(path=path), base=tmp_path))


def test_a_huge_field_is_read_and_an_endless_one_refused(tmp_path: Path) -> None:
    assert len(rows(tmp_path, "text,label\n" + "x" * 1_000_000 + ",a\n")[0].text) == 1_000_000
    with pytest.raises(DataError, match="a field of more than"):
        rows(tmp_path, 'text,label\n"' + "x\n" * 3_000_000 + '",a\n')
    with pytest.raises(DataError, match="is it text"):
        rows(tmp_path, "x" * (17 << 20))


class TestTexts:
    def test_whole_records_are_kept_and_bad_rows_say_why(self, tmp_path: Path) -> None:
        (tmp_path / "in.jsonl").write_text(
            '{"id": 7, "text": "hi", "more": [1]}\n{"id": 8, "text": 5}\n{"id": 9, "text": ""}\n'
        )
        found = list(read_texts(SourceSettings(path="in.jsonl"), base=tmp_path))
        assert found[0].record == {"id": 7, "text": "hi", "more": [1]}
        assert [row.text for row in found] == ["hi", "", ""]
        assert found[0].error is None
        assert "line 2: column 'text' holds 5" in str(found[1].error)
        assert "line 3: the text is blank" in str(found[2].error)

    def test_a_wrong_column_stops_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "in.csv").write_text("utterance\nhi\n")
        with pytest.raises(DataError, match="no column 'text'"):
            list(read_texts(SourceSettings(path="in.csv"), base=tmp_path))

    def test_records(self, tmp_path: Path) -> None:
        (tmp_path / "in.csv").write_text("a,b\n1,2\n3,4\n")
        source = SourceSettings(path="in.csv", where={"a": "3"})
        assert list(read_records(source, base=tmp_path)) == [(3, {"a": "3", "b": "4"})]


@settings(deadline=None, max_examples=60)
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('",\n\r\t'))
        .filter(str.strip),
        min_size=1,
        max_size=8,
    )
)  # fmt: skip
def test_what_csv_and_json_write_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    import csv

    folder = tmp_path_factory.mktemp("round")
    with (folder / "r.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([["text", "label"], *([text, "a"] for text in texts)])
    with (folder / "r.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": text, "label": "a"}) + "\n" for text in texts)
    for name in ("r.csv", "r.jsonl"):
        found = read_rows(SourceSettings(path=name), base=folder)
        assert [row.text for row in found] == texts


@settings(deadline=None, max_examples=100)
@given(
    content=st.binary(max_size=200), name=st.sampled_from(["r.csv", "r.tsv", "r.jsonl", "r.json"])
)
def test_arbitrary_bytes_give_rows_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    with suppress(DataError):
        assert all(row.text.strip() for row in rows(folder, content, name))


@needs_data
@pytest.mark.parametrize(
    ("source", "count", "labels"),
    [
        (SourceSettings(path="banking77/train.csv", label="category"), 10_003, 77),
        (SourceSettings(path="banking77/test.csv", label="category"), 3_080, 77),
        (SourceSettings(path="clinc150/data_full.json.gz", records="train", text=0, label=1), 15_000, 150),
        (SourceSettings(path="multidogo/multidogo_turns.tsv.gz", text="utterance", label=["domain", "intents"],
                        label_separator="|", split="split", blank="skip", quoting="none"), 116_024, 85),
        (SourceSettings(path="usda_sr28/usda_foods.csv", text="description", label="food_group"), 8_789, 25),
    ],
)  # fmt: skip
def test_public_data(source: SourceSettings, count: int, labels: int) -> None:
    found = list(read_rows(source, base=DATA))
    assert len(found) == count
    assert len({label for row in found for label in row.labels}) == labels


@needs_data
def test_public_file_that_is_not_utf_8_names_the_byte() -> None:
    source = SourceSettings(
        path="snips/intents/PlayMusic/train_PlayMusic_full.json", records="PlayMusic"
    )
    with pytest.raises(DataError, match=r"byte 150732 \(0xed\) is not utf-8"):
        list(read_rows(source, base=DATA))
