"""docs/settings.md and docs/models.md say what the settings classes say."""

from __future__ import annotations

from scripts.settings_docs import pages


def test_the_pages_are_current() -> None:
    for path, text in pages().items():
        assert path.read_text() == text, "run: python scripts/settings_docs.py"
