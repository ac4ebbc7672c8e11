"""Charts stand alone, side by side, and in order."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

from cuebox.core.errors import ConfigError
from cuebox.reports import charts
from cuebox.reports.charts import render_svg
from cuebox.reports.confusion_chart import confusion_chart, confusion_order
from cuebox.reports.label_chart import label_caption, label_chart
from cuebox.reports.scores import LabelScores


def rows(*cells: tuple[int, float | None]) -> list[LabelScores]:
    return [
        LabelScores(label=f"label {i}", support=n, predicted=n, precision=f1, recall=f1, f1=f1)
        for i, (n, f1) in enumerate(cells)
    ]


def test_confused_labels_stand_side_by_side() -> None:
    matrix = np.diag([9] * 6)
    matrix[0, 5] = matrix[5, 0] = 4
    matrix[2, 3] = 3
    order = confusion_order(matrix)
    assert sorted(order) == [0, 1, 2, 3, 4, 5]
    assert order[:2] == [0, 5]
    assert abs(order.index(2) - order.index(3)) == 1


def test_only_the_labels_most_mixed_up_are_drawn() -> None:
    matrix = np.diag([9] * 100)
    matrix[70, 80] = 5
    assert set(confusion_order(matrix, limit=30)) == {70, 80}
    svg = render_svg(confusion_chart(matrix.tolist(), [f"n{i}" for i in range(100)]), title="c")
    assert set(re.findall(r">(n\d+)<", svg)) == {"n70", "n80"}


def test_the_label_chart_suits_the_labels() -> None:
    few = rows((5, 0.5), (9, 0.8), (0, None))
    many_alike = rows(*[(40, 0.5 + i / 100) for i in range(40)])
    unequal = rows(*[(3 + 40 * i, 0.5 + i / 100) for i in range(40)])
    captions = {label_caption(table) for table in (few, many_alike, unequal)}
    assert len(captions) == 3
    assert "label 1" in render_svg(label_chart(few), title="few")
    assert "classes" in render_svg(label_chart(many_alike), title="alike")
    assert "label 0" in render_svg(label_chart(unequal), title="unequal")


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "charts_available", lambda: False)
    with pytest.raises(ConfigError, match=r"pip install 'cuebox\[reports\]'"):
        render_svg(None, title="none")


def test_scoring_imports_neither_charts_nor_scikit_learn() -> None:
    code = (
        "import sys, cuebox.reports.classification, cuebox.reports.classification_page, "
        "cuebox.reports.latency; "
        "print([n for n in ('altair', 'vl_convert', 'sklearn', 'scipy') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
