"""An answer list as one self-contained HTML page, for the person who reviews it."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from cuebox.reports.answer_list_pictures import answer_map, coverage_chart, topic_colour
from cuebox.reports.markup import Child, Markup, element, join
from cuebox.reports.page import Cell, Column, Section, picture, render_page, table

if TYPE_CHECKING:
    from cuebox.reports.answer_list_report import AnswerListReport, CoveragePoint, ListedAnswer

__all__ = ["render_answer_list_page"]

_SHOWN = 1000
_MILESTONES = (10, 50, 100, 200, 500, 1000)


def render_answer_list_page(report: AnswerListReport) -> str:
    """The whole page; without the extra `cuebox[reports]` the coverage is a table only."""
    sections = [
        _coverage_section(report),
        _map_section(report),
        _answers_section(report),
        _origin_section(report),
    ]
    foot = "Made from past conversations; a model is trained to offer all answers not rejected."
    return render_page(f"{report.name} · answers", _top(report), sections, foot=foot)


def _top(report: AnswerListReport) -> Markup:
    last = report.coverage[-1]
    flagged = sum(bool(answer.flags) for answer in report.answers)
    lead = (
        f"{len(report.answers):,} answers say {last.alike:.0%} of what agents typed in "
        f"{report.conversations:,} conversations."
    )
    return join(
        [
            element("h1", "Answers", element("small", report.name)),
            element("p", lead, class_="lead"),
            element(
                "dl",
                _card("Agents' messages", f"{report.turns:,}", "that were read"),
                _card("Different wordings", f"{report.wordings:,}", "variable parts taken out"),
                _card("Answers", f"{len(report.answers):,}", "near-duplicates joined"),
                _card("Covered", f"{last.alike:.1%}", f"{last.exact:.1%} word for word"),
                _held_out_card(last),
                _card("To look at", f"{flagged:,}", "may hold personal data"),
                class_="cards",
            ),
        ]
    )


def _held_out_card(last: CoveragePoint) -> Markup | None:
    if last.held_out is None:
        return None
    return _card("New conversations", f"{last.held_out:.1%}", "word for word, slots filled")


def _card(name: str, figure: str, hint: str) -> Markup:
    return element(
        "div",
        element("dt", name),
        element("dd", figure, class_="figure"),
        element("dd", hint, class_="hint"),
        class_="card",
    )


def _coverage_section(report: AnswerListReport) -> Section:
    caption = (
        "How much of what agents typed the first answers of the list cover. New conversations "
        "are validation conversations, which were not read for the list."
    )
    marks = [one for one in report.coverage if one.answers in _MILESTONES]
    if report.coverage[-1] not in marks:
        marks.append(report.coverage[-1])
    columns = [
        Column("first answers", number=True),
        Column("in like words", number=True),
        Column("word for word", number=True),
        Column("new conversations", number=True),
    ]
    rows = [
        [
            Cell(f"{one.answers:,}", one.answers),
            Cell(f"{one.alike:.1%}", one.alike, one.alike),
            Cell(f"{one.exact:.1%}", one.exact, one.exact),
            Cell("none read")
            if one.held_out is None
            else Cell(f"{one.held_out:.1%}", one.held_out, one.held_out),
        ]
        for one in marks
    ]
    body: list[Child] = [
        picture(
            partial(coverage_chart, report.coverage),
            title="Coverage curve",
            caption=caption,
            wide=True,
        ),
        table(columns, rows, caption="Share of agents' messages"),
    ]
    return Section("coverage", "How much do they cover?", "Coverage", body)


def _map_section(report: AnswerListReport) -> Section:
    drawn = element(
        "figure",
        answer_map(report.answers),
        element(
            "figcaption",
            "Each dot is an answer, the larger the more often it was said; answers of like "
            "meaning stand together. Rest the pointer on one to read it.",
        ),
        style="max-width:none",
    )
    return Section("map", "What is it about?", "Map", [drawn, _topics_table(report.answers)])


def _topics_table(answers: list[ListedAnswer]) -> Markup:
    members: dict[int, list[ListedAnswer]] = defaultdict(list)
    for answer in answers:
        members[answer.topic].append(answer)
    columns = [
        Column("topic"),
        Column("its most frequent answers", kind="quotes"),
        Column("answers", number=True),
        Column("of all messages", number=True),
    ]
    shares = {topic: sum(one.share for one in several) for topic, several in members.items()}
    rows = []
    for topic, several in sorted(members.items()):
        share = shares[topic]
        first = sorted(several, key=lambda answer: -answer.count)[:3]
        rows.append(
            [
                Cell(join([_chip(topic), f" {topic + 1}"]), topic),
                Cell(join(element("q", answer.text) for answer in first), kind="quotes"),
                Cell(f"{len(several):,}", len(several)),
                Cell(f"{share:.1%}", share, share / max(shares.values())),
            ]
        )
    return table(columns, rows, caption="Topics of the map, by number and colour")


def _chip(topic: int) -> Markup:
    style = (
        f"display:inline-block;width:.8em;height:.8em;border-radius:50%;background:"
        f"{topic_colour(topic)}"
    )
    return element("span", style=style)


def _answers_section(report: AnswerListReport) -> Section:
    columns = [
        Column("answer"),
        Column("topic", number=True),
        Column("times", number=True),
        Column("share", number=True),
        Column("so far", number=True),
        Column("decided"),
        Column("look at"),
    ]
    most = max(answer.share for answer in report.answers)
    rows, covered = [], 0.0
    for answer in report.answers[:_SHOWN]:
        covered += answer.share
        decided = ", ".join([answer.status, *answer.tags])
        rows.append(
            [
                Cell(_answer(answer)),
                Cell(str(answer.topic + 1), answer.topic),
                Cell(f"{answer.count:,}", answer.count),
                Cell(f"{answer.share:.2%}", answer.share, answer.share / most),
                Cell(f"{covered:.1%}", covered),
                Cell("" if decided == "proposed" else decided),
                Cell(", ".join(answer.flags), kind="wrong" if answer.flags else ""),
            ]
        )
    filtering = element(
        "input",
        type="search",
        class_="filter",
        placeholder="Find an answer",
        aria_label="Find an answer",
        data_filters="answers-table",
        hidden="",
    )
    shown = f"The first {len(rows):,} answers" if len(report.answers) > _SHOWN else "All answers"
    body: list[Child] = [
        element(
            "p",
            "Review them in the CSV file: write accepted or rejected under status, change the "
            "text, add tags. What stands in braces is filled from the conversation.",
        ),
        filtering,
        table(columns, rows, caption=shown, anchor="answers-table", tall=True),
    ]
    return Section("answers", "What are the answers?", "Answers", body)


def _answer(answer: ListedAnswer) -> Markup:
    said = [text for text in (answer.said, *answer.examples) if text != answer.text]
    if not said:
        return element("span", answer.text)
    quotes = join(element("q", text, style="display:block") for text in said)
    summary = element("summary", "as it was said", style="font-weight:400;font-size:.85rem")
    return join([answer.text, element("details", summary, quotes, style="margin:.1rem 0 0")])


def _origin_section(report: AnswerListReport) -> Section:
    parts: list[Child] = []
    for name, value in report.facts.items():
        parts += [element("dt", name), element("dd", value)]
    body: list[Child] = [element("dl", *parts, class_="facts")]
    if report.removed:
        body.append(
            element(
                "p",
                f"{report.removed:,} reviewed answers of the list before were not said in these "
                "conversations; they stay at the end of the file with a count of 0.",
                class_="note",
            )
        )
    return Section("origin", "How was it made?", "Origin", body)
