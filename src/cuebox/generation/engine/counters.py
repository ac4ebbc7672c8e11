"""What an engine has done since its start, as plain numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass

__all__ = ["Counters"]


@dataclass(slots=True)
class Counters:
    """Each only grows.

    Attributes:
        requests: admitted; each is completed, cancelled, superseded or failed later.
        refused: not admitted, because a field did not fit or the queue was full.
        late: of the completed, those which `max_time_ms` ended.
        steps, failed_steps: runs of the model.
        step_seconds, model_seconds: whole steps, and the model's part of them.
        prompt_tokens: of admitted requests; `cached_tokens` of them were remembered, and
            `read_tokens` were computed.
        instant: prompts of which everything was remembered, so that no step was needed.
        generated_tokens: for all choices.
    """

    requests: int = 0
    refused: int = 0
    completed: int = 0
    late: int = 0
    cancelled: int = 0
    superseded: int = 0
    failed: int = 0
    steps: int = 0
    failed_steps: int = 0
    step_seconds: float = 0.0
    model_seconds: float = 0.0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    read_tokens: int = 0
    instant: int = 0
    generated_tokens: int = 0

    def totals(self) -> dict[str, float]:
        """Every counter, its name with `_total` as Prometheus wants it."""
        return {f"{name}_total": value for name, value in asdict(self).items()}
