"""An inference log that remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.inference import Shown, SuggestionRecord

if TYPE_CHECKING:
    from cuebox.core.inference import FeedbackRecord

__all__ = ["InferenceLog", "suggestion"]


class InferenceLog:
    """Keeps everything in memory.

    Attributes:
        suggestions: by id.
        told: feedback by suggestion and event.
        closed: the seconds it was given at its end.
    """

    def __init__(self) -> None:
        self.suggestions: dict[str, SuggestionRecord] = {}
        self.told: dict[tuple[str, str], FeedbackRecord] = {}
        self.closed: float | None = None
        self._written = 0
        self._lost = 0

    def suggested(self, record: SuggestionRecord) -> None:
        if self._counted():
            self.suggestions.setdefault(record.id, record)

    def feedback(self, record: FeedbackRecord) -> None:
        if self._counted():
            self.told.setdefault((record.suggestion, record.event), record)

    def stats(self) -> dict[str, int]:
        return {"written": self._written, "waiting": 0, "lost": self._lost}

    def close(self, seconds: float) -> None:
        self.closed = seconds

    def _counted(self) -> bool:
        self._written += self.closed is None
        self._lost += self.closed is not None
        return self.closed is None


def suggestion(
    name: str,
    *,
    at: float = 1000.0,
    conversation: str = '[{"role":"user","text":"hello"}]',
    draft: str = "He",
    texts: tuple[str, ...] = ("Hello, how can I help?",),
    score: float = 0.5,
) -> SuggestionRecord:
    """A suggestion `name` whose texts have the ids `name.0`, `name.1`, ..."""
    return SuggestionRecord(
        id=name,
        at=at,
        session="chat 1",
        client="desk",
        conversation=conversation,
        draft=draft,
        shown=[
            Shown(
                id=f"{name}.{place}",
                source="reply",
                model="replies",
                version="2026-11-21.1",
                text=text,
                score=score,
                answer=f"a{place}",
            )
            for place, text in enumerate(texts)
        ],
        milliseconds={"reply": 2.5, "total": 3.0},
    )
