"""docs/settings.md says what the settings classes say."""

from __future__ import annotations

from scripts.settings_docs import PAGE, render


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == render(), "run: python scripts/settings_docs.py"
