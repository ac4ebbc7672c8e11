"""Counters and histograms added up the way a person asks: requests, errors, phases, models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cuebox.api.errors import error_codes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

__all__ = ["PHASES", "ModelTally", "Tally"]

PHASES = ("request", "queue", "tokenize", "encode", "head", "completion_queue", "first_token")

# Outcomes of work that was done, or that nobody wanted any more: none is anybody's fault.
_GOOD = frozenset({"answered", "completed", "cancelled", "superseded"})
_CLIENT_LEFT = 499
_STATUSES = error_codes()


@dataclass(slots=True)
class ModelTally:
    """What one model did.

    Attributes:
        refused: requests with a mistake in them, or for which there was no room.
        errors: requests that failed here.
        first_token: histogram row.
    """

    requests: float = 0
    rows: float = 0
    refused: float = 0
    errors: float = 0
    completions: float = 0
    prompt_tokens: float = 0
    cached_tokens: float = 0
    completion_tokens: float = 0
    first_token: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What was counted in some time.

    Args:
        routes: paths of the routes whose requests count.

    Attributes:
        phases: histogram rows by the names in `PHASES`.
        suggestions: what came of each source that was asked: source, outcome.
    """

    routes: Collection[str]
    requests: float = 0
    refused: float = 0
    errors: float = 0
    hits: float = 0
    misses: float = 0
    phases: dict[str, list[float]] = field(default_factory=dict)
    models: dict[str, ModelTally] = field(default_factory=dict)
    suggestions: dict[tuple[str, str], float] = field(default_factory=dict)

    def count(self, counters: Iterable[tuple[str, Mapping[str, str], float]]) -> None:
        """Take in counters: name, labels, value."""
        for name, labels, value in counters:
            if "model" in labels:
                self._count_of_model(name, labels, value)
            elif name == "cuebox_http_requests_total":
                self._count_request(labels, value)
            elif name == "cuebox_cache_hits_total":
                self.hits += value
            elif name == "cuebox_cache_misses_total":
                self.misses += value
            elif name == "cuebox_suggestions_total":
                key = (labels.get("source", ""), labels.get("outcome", ""))
                self.suggestions[key] = self.suggestions.get(key, 0) + value

    def observe(self, histograms: Iterable[tuple[str, Mapping[str, str], Sequence[float]]]) -> None:
        """Take in histograms: name, labels, row."""
        for name, labels, row in histograms:
            phase = self._phase(name, labels)
            if phase in PHASES:
                self.phases[phase] = _sum(self.phases.get(phase), row)
            if phase == "first_token":
                model = self._model(labels["model"])
                model.first_token = _sum(model.first_token, row)

    def _phase(self, name: str, labels: Mapping[str, str]) -> str:
        match name:
            case "cuebox_phase_seconds":
                return labels.get("phase", "")
            case "cuebox_http_request_seconds":
                return "request" if labels.get("route") in self.routes else ""
            case "cuebox_completion_queue_seconds":
                return "completion_queue"
            case "cuebox_first_token_seconds":
                return "first_token"
            case _:
                return ""

    def _count_request(self, labels: Mapping[str, str], value: float) -> None:
        if labels.get("route") not in self.routes:
            return
        status = int(labels["status"])
        self.requests += value
        if status >= 500:
            self.errors += value
        elif status >= 400 and status != _CLIENT_LEFT:
            self.refused += value

    def _count_of_model(self, name: str, labels: Mapping[str, str], value: float) -> None:
        model = self._model(labels["model"])
        match name:
            case "cuebox_rows_total":
                model.rows += value
            case "cuebox_model_requests_total":
                _count_outcome(model, labels["outcome"], value)
            case "cuebox_completions_total":
                model.completions += value
                _count_outcome(model, labels["outcome"], value)
            case "cuebox_prompt_tokens_total":
                model.prompt_tokens += value
            case "cuebox_cached_tokens_total":
                model.cached_tokens += value
            case "cuebox_completion_tokens_total":
                model.completion_tokens += value

    def _model(self, name: str) -> ModelTally:
        found = self.models.get(name)
        if found is None:
            found = self.models[name] = ModelTally()
        return found


def _count_outcome(model: ModelTally, outcome: str, value: float) -> None:
    model.requests += value
    if outcome in _GOOD:
        return
    if _STATUSES.get(outcome, 500) < 500:
        model.refused += value
    else:
        model.errors += value


def _sum(left: Sequence[float] | None, right: Sequence[float]) -> list[float]:
    return list(right) if not left else [a + b for a, b in zip(left, right, strict=True)]
