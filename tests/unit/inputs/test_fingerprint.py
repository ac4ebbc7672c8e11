"""The fingerprint of training rows."""

from __future__ import annotations

from dataclasses import replace

from cuebox.inputs import Row, rows_digest

ROWS = [Row("a", ("x", "y"), None, 1), Row("b", ("z",), "train", 2)]


def test_order_and_lines_do_not_matter() -> None:
    moved = [replace(row, line=row.line + 7) for row in reversed(ROWS)]
    swapped = [replace(moved[0]), replace(moved[1], labels=("y", "x"))]
    assert rows_digest(ROWS) == rows_digest(moved) == rows_digest(swapped)


def test_everything_else_does() -> None:
    others = [
        [*ROWS, ROWS[0]],
        ROWS[:1],
        [replace(ROWS[0], text="A"), ROWS[1]],
        [replace(ROWS[0], labels=("x",)), ROWS[1]],
        [replace(ROWS[0], split="test"), ROWS[1]],
        [],
    ]
    digests = {rows_digest(rows) for rows in [ROWS, *others]}
    assert len(digests) == len(others) + 1
