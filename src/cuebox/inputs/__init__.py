"""Rows for training and bulk prediction, from CSV, TSV, JSONL, JSON and Parquet files."""

from cuebox.inputs.counting import count_rows
from cuebox.inputs.fingerprint import rows_digest
from cuebox.inputs.records import Record, read_records
from cuebox.inputs.rows import Row, TextRow, read_rows, read_texts
from cuebox.inputs.settings import Columns, FileFormat, SourceSettings

__all__ = [
    "Columns",
    "FileFormat",
    "Record",
    "Row",
    "SourceSettings",
    "TextRow",
    "count_rows",
    "read_records",
    "read_rows",
    "read_texts",
    "rows_digest",
]
