"""The page of an answer list: its figures, its map, and hostile text."""

from __future__ import annotations

import re

import pytest

from cuebox.reports import page as pages
from cuebox.reports.answer_list_page import render_answer_list_page
from cuebox.reports.answer_list_report import AnswerListReport, CoveragePoint, ListedAnswer


def listed(text: str, count: int, topic: int = 0, **more: object) -> ListedAnswer:
    fields = {"said": text, "x": 0.5, "y": -0.5} | more
    return ListedAnswer(text=text, count=count, share=count / 100, topic=topic, **fields)  # type: ignore[arg-type]  # fields of several types


@pytest.fixture
def report() -> AnswerListReport:
    return AnswerListReport(
        name="chats.jsonl",
        conversations=12,
        turns=100,
        wordings=40,
        answers=[
            listed("Hello {name}", 30, said="Hello Ann", examples=["Hi Bob"], status="accepted"),
            listed("<script>alert(1)</script>", 20, 1, flags=["person"], tags=["odd"]),
        ],
        coverage=[
            CoveragePoint(answers=1, alike=0.3, exact=0.25, held_out=0.2),
            CoveragePoint(answers=2, alike=0.5, exact=0.4, held_out=0.35),
        ],
        removed=3,
        facts={"Encoder": "minilm"},
    )


def test_the_page_holds_the_figures(report: AnswerListReport) -> None:
    page = render_answer_list_page(report)
    for wanted in ("chats.jsonl", "50.0%", "40.0%", "35.0%", "accepted", "Hi Bob", "person"):
        assert wanted in page
    assert "3 reviewed answers" in page


def test_text_of_conversations_is_only_text(report: AnswerListReport) -> None:
    page = render_answer_list_page(report)
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2
    assert "default-src" in page


def test_every_answer_is_a_dot_that_says_its_text(report: AnswerListReport) -> None:
    page = render_answer_list_page(report)
    dots = re.findall(r"<circle[^>]*><title>([^<]*)</title></circle>", page)
    assert dots[0].startswith("Hello {name}\n30 times")
    assert len(dots) == 2


def test_without_held_out_conversations_nothing_is_claimed(report: AnswerListReport) -> None:
    point = CoveragePoint(answers=2, alike=0.5, exact=0.4)
    alone = AnswerListReport(
        name="x",
        conversations=1,
        turns=2,
        wordings=2,
        answers=report.answers,
        coverage=[point],
    )
    page = render_answer_list_page(alone)
    assert "none read" in page
    assert "slots filled" not in page


def test_without_the_extra_there_are_tables_still(
    report: AnswerListReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "charts_available", lambda: False)
    page = render_answer_list_page(report)
    assert "No picture of" in page
    assert "<circle" in page
