"""Normalisation is total, stable and shared."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.text import TextSettings, normalize_text


@settings(max_examples=200, deadline=None)
@given(st.text(), st.booleans())
def test_normalising_twice_changes_nothing(text: str, lowercase: bool) -> None:
    how = TextSettings(lowercase=lowercase)
    once = normalize_text(text, how)
    assert normalize_text(once, how) == once


def test_what_it_does() -> None:
    how = TextSettings()
    assert normalize_text("  a\t\nb  ", how) == "a b"
    assert normalize_text("\ufb01ne \u2460", how) == "fine 1"  # ligature, circled digit
    assert normalize_text("pay\u200bpal\x00", how) == "paypal"
    assert normalize_text("Keep Case", how) == "Keep Case"
    assert normalize_text("Lower Case", TextSettings(lowercase=True)) == "lower case"
