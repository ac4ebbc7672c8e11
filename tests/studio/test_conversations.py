"""The conversations that Reply steps through are those of the demo's data."""

from __future__ import annotations

from scripts.studio_conversations import TARGET, content


def test_they_are_made_from_the_demo() -> None:
    assert TARGET.read_text(encoding="utf-8") == content()
