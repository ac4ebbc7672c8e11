"""Whether a new version may replace the one in production."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GateSettings", "Verdict", "judge"]

# For these a smaller value is better; all other metrics grow with quality.
_LOWER_IS_BETTER = frozenset(
    {
        "bits_per_byte",
        "bits_per_character",
        "ece",
        "hamming_loss",
        "log_loss",
        "out_of_scope_false_rejection",
        "out_of_scope_fpr_at_95",
        "perplexity",
    }
)


class GateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a version must reach on the test rows to be promoted.

    Attributes:
        limits: metric to the worst value allowed: the least for metrics that grow with
            quality, the most for losses.
        max_regression: metric to how much worse than the version in production it may be, both
            measured on the same test rows. The default allows half a point of accuracy, which
            is within the noise of a few thousand rows.
    """

    limits: dict[str, float] = {}
    max_regression: dict[str, float] = msgspec.field(
        default_factory=lambda: dict.fromkeys(("accuracy", "micro_f1", "weighted_f1"), 0.005)
    )


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of the gates.

    Attributes:
        reasons: what was compared and found, one sentence each; recorded with the alias.
    """

    passed: bool
    reasons: list[str]


def judge(
    metrics: Mapping[str, float],
    settings: GateSettings,
    *,
    champion: Mapping[str, float] | None = None,
    champion_name: str = "",
) -> Verdict:
    """Hold `metrics` against the limits and against the champion's on the same rows.

    A metric of `limits` that was not measured fails the gate; one of `max_regression` that
    either side lacks is passed over.
    """
    failures, passes = [], []
    for name, limit in sorted(settings.limits.items()):
        value = metrics.get(name)
        if value is None:
            failures.append(f"{name} was not measured, so its limit {limit:g} cannot be held")
        elif _worse_by(name, value, limit) > 0:
            failures.append(f"{name} {value:.4f} is worse than the limit {limit:g}")
        else:
            passes.append(f"{name} {value:.4f} keeps the limit {limit:g}")
    if champion is None:
        passes.append("there is no version in production to compare with")
    for name, allowed in sorted(settings.max_regression.items()):
        if champion is None or name not in champion or name not in metrics:
            continue
        worse = _worse_by(name, metrics[name], champion[name])
        said = f"{name} {metrics[name]:.4f} against {champion[name]:.4f} of {champion_name}"
        if worse > allowed:
            failures.append(f"{said}: worse by {worse:.4f}, allowed {allowed:g}")
        else:
            passes.append(said)
    return Verdict(passed=not failures, reasons=failures or passes)


def _worse_by(name: str, value: float, other: float) -> float:
    # `bits_per_character.novels` is the same metric on a part of the data.
    lower = name.partition(".")[0] in _LOWER_IS_BETTER
    return value - other if lower else other - value
