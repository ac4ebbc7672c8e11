"""The page as a reader and a browser meet it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import pytest

from cuebox.core.errors import DataError
from cuebox.reports import page as page_module
from cuebox.reports.classification_page import render_classification_page
from cuebox.reports.classification_report import ClassificationReport, SearchTable

from .conftest import HOSTILE, multi_label_report, single_label_report


@pytest.fixture(scope="module")
def html(report: ClassificationReport) -> str:
    """The page of each report."""
    return render_classification_page(report)


VOID = {"meta", "br", "hr", "input", "wbr"}


class Page(HTMLParser):
    """Collects elements and text, and checks that elements nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_hostile_texts_and_labels_are_inert(report: ClassificationReport, html: str) -> None:
    page = Page(html)
    assert len(page.all("script")) == 1
    assert page.all("img") == []
    assert len(page.all("style")) == 1
    handlers = [name for _, attributes in page.elements for name in attributes if name[:2] == "on"]
    assert handlers == []
    if report.model.name == "topics":
        assert HOSTILE in "".join(page.text)


def test_the_page_asks_for_nothing_from_elsewhere(html: str) -> None:
    page = Page(html)
    links = [a[key] or "" for _, a in page.elements for key in ("href", "src") if key in a]
    assert links
    assert all(link.startswith("#") for link in links)
    assert "@import" not in html
    assert set(re.findall(r"url\((.)", html)) <= {"#"}
    policy = next(a for a in page.all("meta") if "http-equiv" in a)
    assert (policy["content"] or "").startswith("default-src 'none'")


def test_ids_are_unique_and_the_navigation_leads_somewhere(html: str) -> None:
    page = Page(html)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {(a["href"] or "")[1:] for a in page.all("a")} <= set(ids)


def test_the_page_is_accessible(html: str) -> None:
    page = Page(html)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    assert all(head.get("scope") in {"col", "row"} for head in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    pictures = page.all("svg")
    assert pictures
    assert all(a.get("role") == "img" and a.get("aria-label") for a in pictures)
    assert len(page.all("figcaption")) == len(page.all("figure")) == len(pictures)
    assert "prefers-color-scheme: dark" in html


def headings(html: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", html)


def test_sections_come_in_the_order_a_reader_asks() -> None:
    assert headings(render_classification_page(single_label_report(5))) == [
        "How good is it?",
        "Would more data help?",
        "Where does it go wrong?",
        "How good is each label?",
        "Can its confidence be trusted?",
        "Does it notice what does not belong?",
        "What was it made from?",
        "How was it made?",
    ]


def test_sections_without_data_are_left_out() -> None:
    assert headings(render_classification_page(multi_label_report())) == [
        "How good is it?",
        "Where does it go wrong?",
        "How good is each label?",
        "Can its confidence be trusted?",
        "What do the thresholds buy?",
        "How was it made?",
    ]


def test_the_page_is_about_the_test_split_and_shows_the_change() -> None:
    report = single_label_report(5)
    html = render_classification_page(report)
    accuracy = report.scores["test"].flat()["accuracy"]
    assert f"{100 * accuracy:.1f}%" in html
    assert f"+{100 * (accuracy - 0.5):.1f} points" in html
    assert "topics@2026-11-20.1" in html
    assert "2 held-out texts can also be found in the training rows" in html


def test_the_best_trial_comes_first_and_the_chosen_one_is_marked() -> None:
    html = render_classification_page(single_label_report(5))
    assert html.index(">better<") < html.index(">worse<")
    assert html.count(">chosen<") == 1


def test_a_perfect_model_has_no_mistakes_to_show() -> None:
    report = single_label_report(2)
    clean = msgspec.structs.replace(report.scores["test"], mistakes=[], confusions=[])
    html = render_classification_page(msgspec.structs.replace(report, scores={"test": clean}))
    assert "It made no mistake on these rows." in html


def test_without_the_extra_the_page_has_tables_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page_module, "charts_available", lambda: False)
    html = render_classification_page(single_label_report(5))
    page = Page(html)
    assert page.all("svg") == []
    assert len(page.all("table")) >= 5
    assert "pip install &#x27;cuebox[reports]&#x27;" in html


def test_a_report_survives_json(report: ClassificationReport) -> None:
    again = msgspec.json.decode(msgspec.json.encode(report), type=ClassificationReport)
    assert again == report
    assert again.main_split in {"test", "validation"}


def test_an_empty_search_is_no_section() -> None:
    report = msgspec.structs.replace(
        single_label_report(3), search=SearchTable(metric="accuracy", trials=[])
    )
    assert "What was tried" not in render_classification_page(report)


def test_a_report_without_scores_is_refused() -> None:
    report = msgspec.structs.replace(single_label_report(2), scores={})
    with pytest.raises(DataError, match="'topics' has no scores"):
        render_classification_page(report)
