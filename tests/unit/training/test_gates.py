from __future__ import annotations

import pytest

from cuebox.training.gates import GateSettings, judge


def test_the_first_version_passes_without_limits() -> None:
    verdict = judge({"accuracy": 0.1}, GateSettings())
    assert verdict.passed
    assert "no version in production" in verdict.reasons[0]


def test_a_worse_version_is_held_back_and_the_reason_given() -> None:
    verdict = judge(
        {"accuracy": 0.90}, GateSettings(), champion={"accuracy": 0.92}, champion_name="intents@1"
    )
    assert not verdict.passed
    assert verdict.reasons == [
        "accuracy 0.9000 against 0.9200 of intents@1: worse by 0.0200, allowed 0.005"
    ]


def test_a_version_within_the_noise_passes() -> None:
    verdict = judge({"accuracy": 0.918}, GateSettings(), champion={"accuracy": 0.92})
    assert verdict.passed


@pytest.mark.parametrize(
    ("name", "value", "passed"),
    [("accuracy", 0.89, False), ("accuracy", 0.91, True), ("ece", 0.95, False), ("ece", 0.1, True)],
)
def test_limits_know_which_way_is_better(name: str, value: float, passed: bool) -> None:
    assert judge({name: value}, GateSettings(limits={name: 0.9})).passed is passed


def test_a_limit_on_something_not_measured_fails() -> None:
    verdict = judge({}, GateSettings(limits={"accuracy": 0.9}))
    assert not verdict.passed
    assert "not measured" in verdict.reasons[0]
