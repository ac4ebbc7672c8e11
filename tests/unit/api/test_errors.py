from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuebox.api import errors as api_errors
from cuebox.api.errors import STATUS, decode_error, error_codes, error_response, status_of
from cuebox.core import errors as core
from cuebox.serving.requests import ClassifyRequest


def _tree(cls: type[core.CueboxError]) -> list[type[core.CueboxError]]:
    return [cls, *(below for child in cls.__subclasses__() for below in _tree(child))]


def test_every_core_error_has_a_status_of_its_own() -> None:
    named = {getattr(core, name) for name in core.__all__}
    assert named <= STATUS.keys()


def test_every_error_of_this_room_has_one_too() -> None:
    ours = [cls for cls in _tree(core.CueboxError) if cls.__module__ == api_errors.__name__]
    assert ours
    assert set(ours) <= STATUS.keys()


def test_codes_tell_errors_apart() -> None:
    assert len(error_codes()) == len(STATUS)


def test_an_unlisted_subclass_answers_like_its_parent() -> None:
    class Special(core.NotFound):
        pass

    assert status_of(Special("x")) == status_of(core.NotFound("x"))


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"model": 3, "input": "a"}', "model"),
        (b'{"model": ["a", 7], "input": "a"}', "model[1]"),
        (b'{"model": "a"}', "input"),
        (b'{"model": "a", "input": "b", "topk": 1}', "topk"),
        (b'{"model": "a", "input": "b", "top_k": 0}', "top_k"),
        (b'{"model": "a", "input": "b", "threshold": 2}', "threshold"),
        (b'{"model": "a", "input": [1e999]}', "input[0]"),
        (b"[]", None),
        (b"{", None),
        (b'{"model": NaN}', None),
        (b'{"model": "\\ud800", "input": "a"}', None),
        (b'{"model": "\xff", "input": "a"}', None),
        (b'{"model": "a", "input": ' + b"[" * 100_000, None),
    ],
)
def test_a_decoding_error_names_the_field(body: bytes, param: str | None) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError, RecursionError)) as caught:
        msgspec.json.decode(body, type=ClassifyRequest)
    error = decode_error(caught.value)
    assert error.param == param
    assert "$" not in error.message


def test_a_wrong_key_names_the_map_it_is_in() -> None:
    class Biases(msgspec.Struct):
        logit_bias: dict[int, float]

    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(b'{"logit_bias": {"the": 1}}', type=Biases)
    error = decode_error(caught.value)
    assert (error.param, error.message) == ("logit_bias", "logit_bias: Expected `int`, got `str`")


@given(st.text(st.characters(codec=None), max_size=50))
def test_any_message_can_be_sent(message: str) -> None:
    for dialect in ("openai", "oip"):
        response = error_response(core.InvalidRequest(message, param=message), dialect)
        assert response.status == 400
        msgspec.json.decode(response.body)


def test_retry_after_is_a_whole_number_of_at_least_one() -> None:
    for seconds, header in ((0.01, b"1"), (1.0, b"1"), (1.2, b"2"), (30.0, b"30")):
        response = error_response(core.Overloaded("full", retry_after=seconds), "openai")
        assert (b"retry-after", header) in response.headers
