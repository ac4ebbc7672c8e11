"""A published language model as the server loads it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from cuebox.core.conversation import Turn
from cuebox.core.decoder import DECODER_TOKENIZER_FILE
from cuebox.core.errors import GoldenMismatch, InvalidRequest, ModelError
from cuebox.core.manifest import Golden, Manifest
from cuebox.core.ports import CompletionPredictor
from cuebox.kinds.completion import KIND
from tests.fakes.decoder_files import SPECIAL_TOKENS as MARKS
from tests.fakes.decoder_files import tiny_decoder

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.generation import StopAt


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    spec, _, _ = tiny_decoder(tmp_path)
    points = [
        {"coverage": 0.1, "min_score": -0.2, "precision": 0.9},
        {"coverage": 0.5, "min_score": -1.0, "precision": 0.6},
        {"coverage": 1.0, "min_score": -4.0, "precision": 0.3},
    ]
    return Manifest(
        kind="completion",
        name="tiny",
        version="2026-11-21.1",
        files={},
        decoder=spec,
        body={"confidence": points},
    )


def only_the_tokenizer(path: str) -> bytes:
    """What is large stays where the decoder maps it."""
    assert path == DECODER_TOKENIZER_FILE
    marks = [{"id": id_, "content": text, "special": True} for id_, text in enumerate(MARKS)]
    return msgspec.json.encode({"added_tokens": marks})


def test_it_has_no_labels_and_no_bank(manifest: Manifest) -> None:
    predictor = KIND.load(manifest, only_the_tokenizer)
    assert isinstance(predictor, CompletionPredictor)
    assert list(predictor.labels) == []
    KIND.bank([predictor])


def test_fewer_suggestions_are_surer_ones(manifest: Manifest) -> None:
    predictor = KIND.load(manifest, only_the_tokenizer)
    assert predictor.min_score(0.1, "clause") == pytest.approx(-0.2)
    assert predictor.min_score(0.3, "clause") == pytest.approx(-0.6)
    assert predictor.min_score(0.01, "clause") == pytest.approx(-0.2)
    assert predictor.min_score(0.99, "clause") > -4
    assert predictor.min_score(1.0, "clause") == -math.inf, "all of them"


def test_short_and_long_suggestions_have_scores_of_their_own(manifest: Manifest) -> None:
    word = {"coverage": 0.3, "min_score": -0.05, "precision": 0.9, "stop_at": "word"}
    sentence = {"coverage": 0.3, "min_score": -2.0, "precision": 0.1, "stop_at": "sentence"}
    body = {"confidence": [*manifest.body["confidence"], word, sentence]}
    predictor = KIND.load(msgspec.structs.replace(manifest, body=body), only_the_tokenizer)
    assert predictor.min_score(0.3, "word") == pytest.approx(-0.05)
    assert predictor.min_score(0.3, "clause") == pytest.approx(-0.6)
    assert predictor.min_score(0.3, "gain") == pytest.approx(-0.05), "the shortest"
    unmeasured: tuple[StopAt, ...] = ("none", "line")
    for stop_at in unmeasured:
        assert predictor.min_score(0.3, stop_at) == pytest.approx(-2.0)


def test_coverage_is_refused_where_it_was_never_measured(manifest: Manifest) -> None:
    unmeasured = KIND.load(msgspec.structs.replace(manifest, body={}), only_the_tokenizer)
    with pytest.raises(InvalidRequest, match="ask for min_score instead") as refused:
        unmeasured.min_score(0.5, "none")
    assert refused.value.param == "coverage"


def test_goldens_allow_rounding_but_not_another_model(manifest: Manifest) -> None:
    predictor = KIND.load(manifest, only_the_tokenizer)
    said = np.array([-1.0, -5.0, -0.01, -12.0], np.float32)
    golden = Golden("where is my card", said.tolist())
    predictor.check(golden, said)
    predictor.check(golden, said + np.array([0.3, 0, 0, -0.05], np.float32))
    with pytest.raises(GoldenMismatch, match=r"'where is my card' differ .* by 0\.150 nats"):
        predictor.check(golden, said + np.float32(0.15))
    with pytest.raises(GoldenMismatch, match="has 4 tokens, recorded were 5: the tokenizer"):
        predictor.check(golden, said[:3])
    with pytest.raises(GoldenMismatch):
        predictor.check(golden, said * np.float32("nan"))


@pytest.mark.parametrize(
    "change",
    [
        {"decoder": None},
        {"body": {"nonsense": 1}},
        {"body": {"confidence": [{"coverage": 0.5}]}},
        {
            "body": {
                "confidence": [
                    {"coverage": 0.5, "min_score": -1, "precision": 1},
                    {"coverage": 0.1, "min_score": -2, "precision": 1},
                ]
            }
        },
    ],
)
def test_a_manifest_that_cannot_be_served(manifest: Manifest, change: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="completion model 'tiny'"):
        KIND.load(msgspec.structs.replace(manifest, **change), only_the_tokenizer)


def test_it_writes_conversations_as_it_learnt_them(manifest: Manifest) -> None:
    turns = [Turn(role="user", text="Hello"), Turn(role="tool", text="lookup")]
    for body, prompt in (
        ({}, "<|user|>Hello<|end|><|agent|>How c"),
        ({"turns": True}, "<|user|>Hello<|end|><|agent|>How c"),
        ({"turns": False}, "Hello\nHow c"),
    ):
        changed = msgspec.structs.replace(manifest, body=body)
        assert KIND.load(changed, only_the_tokenizer).prompt(turns, "How c") == prompt


def test_a_model_without_marks_is_given_lines(manifest: Manifest) -> None:
    predictor = KIND.load(manifest, lambda _path: b'{"added_tokens": []}')
    assert predictor.prompt([Turn(role="agent", text="<|end|>")], "a") == "<|end|>\na"


def test_a_damaged_tokenizer_is_told(manifest: Manifest) -> None:
    with pytest.raises(ModelError, match=r"no tokenizer\.json"):
        KIND.load(manifest, lambda _path: b"\xff")
