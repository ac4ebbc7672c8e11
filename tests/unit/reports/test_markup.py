"""Text is escaped, markup is not, whatever the text."""

from __future__ import annotations

from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.reports.markup import Markup, breakable, element


def test_elements_nest_and_escape() -> None:
    inner = element("b", "1 < 2")
    assert element("p", inner, "&", None, 3, class_='a"b', aria_label=None) == (
        '<p class="a&quot;b"><b>1 &lt; 2</b>&amp;3</p>'
    )
    assert element("input", type="search") == '<input type="search">'
    assert isinstance(inner, Markup)


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text_comes_back_as_it_was(text: str) -> None:
    drawn = element("p", text, title=text)
    assert drawn.count("<") == drawn.count(">") == 2
    assert breakable(text).replace("<wbr>", "").count("<") == 0
    if "\r" not in text and "\0" not in text:
        assert unescape(breakable(text).replace("<wbr>", "")) == text
