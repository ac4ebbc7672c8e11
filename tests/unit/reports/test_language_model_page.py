from __future__ import annotations

import pytest

from cuebox.reports.language_model_page import render_language_model_page
from cuebox.reports.language_model_report import (
    CorpusFigures,
    CurvePoint,
    LanguageModelReport,
    SuggestionShare,
    TextFigures,
)


def figures(bits: float) -> TextFigures:
    return TextFigures(
        perplexity=40.5,
        bits_per_character=bits,
        bits_per_byte=bits - 0.01,
        suggestions=[
            SuggestionShare(words=words, at=at, places=100, first=0.4 / words, any=0.6 / words)
            for at in ("all", "word", "inside")
            for words in (1, 2)
        ],
    )


@pytest.fixture
def report() -> LanguageModelReport:
    corpus = CorpusFigures(
        name="novels",
        documents=3,
        tokens=385_389,
        characters=1_379_746,
        figures={"writer": figures(1.612), "5-gram": figures(1.862)},
    )
    curve = [
        CurvePoint(
            tokens=step, minutes=step, rate=1.0 if step < 3 else 0.4, bits={"novels": 2 / step}
        )
        for step in (1, 2, 3)
    ]
    return LanguageModelReport(
        name="writer",
        description="Prose & <more>.",
        corpora=[corpus],
        curve=curve,
        facts={"Network": "llama"},
        config="{}",
        environment={"torch": "2"},
    )


def test_the_page_holds_every_figure_and_escapes_text(report: LanguageModelReport) -> None:
    page = render_language_model_page(report)
    for wanted in ("1.612", "1.862", "385,389", "40.0%", "60.0%", "inside a word", "llama"):
        assert wanted in page
    assert "Prose &amp; &lt;more&gt;." in page
    assert "never seen" in page


def test_pictures_are_drawn_in_the_page(report: LanguageModelReport) -> None:
    pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    page = render_language_model_page(report)
    assert page.count("<svg") == 2
    assert "Dashed: 5-gram, on test text." in page


def test_a_model_from_elsewhere_has_no_curve(report: LanguageModelReport) -> None:
    import msgspec

    page = render_language_model_page(msgspec.structs.replace(report, curve=[]))
    assert "Learning curve" not in page
