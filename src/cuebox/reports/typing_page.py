"""A report on typed text saved as one self-contained HTML page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cuebox.reports.markup import Child, Markup, element, join
from cuebox.reports.metric_names import count, percent
from cuebox.reports.page import Section, picture, render_page
from cuebox.reports.typing_charts import saved_and_wrong_chart, trade_off_chart
from cuebox.reports.typing_tables import (
    MOST_BARS,
    SHARES,
    compared_table,
    curve_table,
    group_table,
)
from cuebox.reports.typing_words import (
    GROUPINGS,
    GROUPS,
    comparison_words,
    headline_words,
    interval_words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cuebox.reports.typing_report import TypingReport
    from cuebox.reports.typing_scores import TypingScores

__all__ = ["render_typing_page"]


def render_typing_page(report: TypingReport) -> str:
    """The whole page; without the extra `cuebox[reports]` it has tables but no pictures."""
    sections = [_overview(report), _trade_off(report)]
    sections += [
        _groups(name, groups) for name, groups in report.model.at[-1].groups.items() if groups
    ]
    sections.append(_method(report))
    scores = report.model.at[-1].overall
    chips = [
        f"{count(report.conversations, 'conversation')} of {report.available:,}",
        count(scores.messages, "message"),
        count(scores.characters, "character"),
        f"{report.split} set",
    ]
    version = element("small", report.version) if report.version else None
    top = join(
        [
            element("h1", report.name, version),
            element("p", "How much typing its suggestions save", class_="lead"),
            element("ul", *(element("li", chip) for chip in chips), class_="chips"),
        ]
    )
    foot = f"All conversations are of the {report.split} set, which the model has never seen."
    return render_page(f"{report.name} · typed text saved", top, sections, foot=foot)


def _overview(report: TypingReport) -> Section:
    at, first = report.model.at[-1], report.model.at[0]
    cards = [_card("Typed text saved", at.overall, "saved", f"with {at.replies} replies shown")]
    if first is not at:
        cards.append(_card("With one reply", first.overall, "saved", "typed text saved"))
    for group in at.groups.get("turn_kind", []):
        words = GROUPS.get(group.name, group.name)
        cards.append(_card(f"Messages {words}", group, "saved", "typed text saved"))
    cards += [
        _card("Taken when shown", at.overall, "acceptance", "shows with something accepted"),
        _card("Shown in vain", at.overall, "wrong_shown", "per 100 keys: nothing shown was right"),
    ]
    body = [
        element("p", headline_words(report), class_="lead"),
        element("dl", *cards, class_="cards"),
        compared_table(report),
        _facts({one.name: one.meaning for one in report.baselines if one.meaning}),
    ]
    return Section("overview", "How much does it save?", "Overview", body)


def _card(title: str, scores: TypingScores, name: str, hint: str) -> Markup:
    estimate = scores.figures[name]
    share = name in SHARES
    figure = percent(estimate.value) if share else f"{estimate.value:.1f}"
    span = interval_words(estimate, scores, share=share)
    return element(
        "div",
        element("dt", title),
        element("dd", figure, class_="figure"),
        element("dd", span, class_="range", title="95% bootstrap interval") if span else None,
        element("dd", hint, class_="hint"),
        class_="card",
    )


def _trade_off(report: TypingReport) -> Section:
    drawn = [one for one in (report.model, *report.baselines) if one.curve]
    body: list[Child] = [
        element(
            "p",
            "What is shown less often disturbs less and saves less. Further left is calmer, "
            "further up saves more; each line runs from everything a suggester has to say, on "
            "the right, to only what it is surest of. A ring is how it stands in the table above.",
        ),
        element("p", words) if (words := comparison_words(report)) else None,
    ]
    if drawn:
        chart = partial(trade_off_chart, drawn)
        caption = "Typed text saved against shows that held nothing of use."
        body.append(picture(chart, title="Trade-off", caption=caption, wide=True))
        body.append(curve_table(report.model))
    return Section("trade-off", "What does it cost in attention?", "Trade-off", body)


def _groups(grouping: str, groups: Sequence[TypingScores]) -> Section:
    title, words = GROUPINGS.get(grouping, (grouping.replace("_", " ").capitalize(), ""))
    body: list[Child] = [element("p", f"Messages {words}.") if words else None]
    named = [_renamed(group) for group in groups]
    if len(groups) <= MOST_BARS:
        chart = partial(saved_and_wrong_chart, named)
        caption = "Lines are 95% intervals; both sides belong together."
        body.append(picture(chart, title=title, caption=caption, wide=True))
    body.append(group_table(grouping, named, title.lower()))
    return Section(grouping, title, title.split(" ")[0], body)


def _renamed(group: TypingScores) -> TypingScores:
    from msgspec.structs import replace

    return replace(group, name=GROUPS.get(group.name, group.name))


_RULES = """
The conversations are typed again, key by key, by a simulated agent who sends exactly what the real
one sent. At each key the model is given what the screen showed until then.

The agent looks before the first key and after each one, and takes a suggestion, with one key, when
it is exactly what is about to be typed, case and punctuation included: a reply when it is the whole
message (an open slot costs the characters of its value), an inline completion when the message goes
on with it. Of several, the one that saves most is taken.

Typed text saved is the share of all characters that took no key. A show is in vain when nothing
shown was right; “taken when shown” is the share of shows with something taken.

Intervals come from drawing the conversations again and again (bootstrap).
"""


def _method(report: TypingReport) -> Section:
    body: list[Child] = [element("p", rule) for rule in _RULES.split("\n\n")]
    body += [_facts(report.shown), _facts(report.facts)]
    return Section("method", "How was it measured?", "Method", body)


def _facts(facts: Mapping[str, str]) -> Markup | None:
    if not facts:
        return None
    parts: list[Child] = []
    for name, value in facts.items():
        parts += [element("dt", name), element("dd", value)]
    return element("dl", *parts, class_="facts")
