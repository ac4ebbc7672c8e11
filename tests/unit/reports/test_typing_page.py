from __future__ import annotations

import msgspec
import pytest

from cuebox.reports.scores import Estimate
from cuebox.reports.typing_page import render_typing_page
from cuebox.reports.typing_report import TypingReport
from cuebox.reports.typing_scores import (
    ScoresAt,
    SuggesterScores,
    TradeOffPoint,
    TypingScores,
    wrong_at_saved,
)

HOSTILE = "<script>alert(1)</script>"


def scores(name: str, saved: float, wrong: float = 20.0) -> TypingScores:
    return TypingScores(
        name=name,
        conversations=100,
        messages=800,
        characters=48_000,
        keys=9_600,
        figures={
            "saved": Estimate(saved, saved - 0.01, saved + 0.01),
            "acceptance": Estimate(0.345, 0.33, 0.36),
            "shown": Estimate(0.5),
            "wrong_shown": Estimate(wrong, wrong - 1, wrong + 1),
            "wrong_suggestions": Estimate(3 * wrong),
            "wrong_per_message": Estimate(2.4, 2.3, 2.5),
            "helped": Estimate(0.9),
            "exact_first": Estimate(0.6),
        },
    )


def point(coverage: float, saved: float, wrong: float) -> TradeOffPoint:
    return TradeOffPoint(
        coverage=coverage,
        min_reply=None if coverage == 1 else 0.5,
        min_completion=None,
        saved=saved,
        wrong_shown=wrong,
        wrong_per_message=1.5,
        acceptance=0.4,
    )


def suggester(name: str, saved: float, **groups: list[TypingScores]) -> SuggesterScores:
    kinds = [scores("picked", saved + 0.05), scores("free", 0.21)]
    return SuggesterScores(
        name=name,
        meaning="what it does",
        at=[
            ScoresAt(replies=1, overall=scores("all", saved - 0.04)),
            ScoresAt(
                replies=3,
                overall=scores("all", saved),
                groups={"turn_kind": kinds, **groups},
            ),
        ],
        curve=[point(1, saved, 40), point(0.5, saved - 0.2, 10)],
    )


@pytest.fixture
def report() -> TypingReport:
    thirds = [scores(name, 0.7) for name in ("beginning", "middle", "end")]
    agents = [scores(f"{HOSTILE} {number}", 0.5 + number / 100) for number in range(30)]
    return TypingReport(
        name="replies",
        version="2026-11-21.1",
        conversations=100,
        available=729,
        model=suggester("replies", 0.812, position=thirds, task=[], agent=agents),
        parts=[suggester("replies only", 0.77)],
        baselines=[suggester("nearest neighbour", 0.7)],
        shown={"Replies": "at most 3"},
        facts={"Model": "replies@2026-11-21.1"},
    )


def test_the_page_says_what_is_saved_beside_what_is_shown_in_vain(report: TypingReport) -> None:
    page = render_typing_page(report)
    for wanted in ("81.2%", "80.2% to 82.2%", "77.2%", "86.2%", "21.0%", "34.5%", "20.0"):
        assert wanted in page
    assert "Of 100 characters that agents sent, 81 need not have been typed" in page
    assert "100 conversations of 729" in page
    assert "The best that does without the model, “nearest neighbour”, saves 70.0%" in page
    assert "Set to save as much, the model does so 23 times" in page


def test_text_of_the_data_is_escaped(report: TypingReport) -> None:
    page = render_typing_page(report)
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


def test_pictures_are_drawn_in_the_page(report: TypingReport) -> None:
    pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    page = render_typing_page(report)
    # The trade-off, thirds and kinds; thirty agents are a table.
    assert page.count("<svg") == 3


def test_what_nobody_knows_has_no_section(report: TypingReport) -> None:
    page = render_typing_page(report)
    assert 'id="agent"' in page
    assert 'id="task"' not in page


def test_a_model_alone_and_nothing_replayed(report: TypingReport) -> None:
    alone = msgspec.structs.replace(report, parts=[], baselines=[])
    assert "does without the model" not in render_typing_page(alone)
    bare = msgspec.structs.replace(alone.model.at[1].overall, conversations=0, messages=0)
    empty = msgspec.structs.replace(
        alone, model=SuggesterScores(name="replies", at=[ScoresAt(replies=3, overall=bare)])
    )
    assert "How was it measured?" in render_typing_page(empty)


def test_a_report_survives_json(report: TypingReport) -> None:
    assert msgspec.json.decode(msgspec.json.encode(report), type=TypingReport) == report


def test_wrong_shows_at_equal_savings_lie_between_two_points() -> None:
    curve = [point(1, 0.8, 40), point(0.5, 0.6, 10)]
    assert wrong_at_saved(curve, 0.7) == pytest.approx(25)
    assert wrong_at_saved(curve, 0.8) == 40
    assert wrong_at_saved(curve, 0.81) is None
    assert wrong_at_saved([], 0.5) is None
