"""Conversations of every sort, asked of the real service: suggestions or a 4xx, never a 500."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.app.build import open_store
from cuebox.app.settings import load_settings
from cuebox.kinds.reply import KIND
from tests.fakes.asgi import call, make_application
from tests.fakes.reply_models import publish_reply_model
from tests.fakes.served import Server, publish_completion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuebox.api.app import Application

MARKS = ["<|endoftext|>", "<|user|>", "<|agent|>", "<|end|>"]

nasty_text = st.text(max_size=30) | st.lists(
    st.sampled_from(
        [*MARKS, "{name}", "{", "}}", "{0}", "%s", "\x00", "\u202e", "\u200b", "\n", "\t", "💥",
         "你好", "Grüße", "नमस्ते", "a\u0300" * 20, " " * 50, "</script>", "'; drop table answers;"]
    ),
    max_size=5,
).map("".join)  # fmt: skip
facts = st.dictionaries(
    nasty_text, st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | nasty_text
    | st.floats(allow_nan=False, allow_infinity=False), max_size=3,
)  # fmt: skip
turns = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "agent", "tool"]), "text": nasty_text},
    optional={"time": st.floats(allow_nan=False, allow_infinity=False), "facts": facts},
)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    folder = tmp_path_factory.mktemp("suggestions")
    overrides = {
        "store.url": str(folder / "store"),
        "store.cache_dir": str(folder / "cache"),
        "serving.reload_interval": 0,
    }
    loaded = load_settings(None, overrides, environment={})
    store = open_store(loaded)
    publish_completion(store, "writer", b"one")
    publish_reply_model(store, completion="writer")
    server = Server(loaded, store, KIND)
    asyncio.run(server.service.start())
    yield make_application(folder, server.service)  # type: ignore[arg-type] # a real service
    asyncio.run(server.service.drain(5))


def ask(application: Application, **fields: Any) -> tuple[int, Any]:
    body = {"conversation": [], "max_time_ms": 10_000} | fields
    answer = call(application, "POST", "/v1/suggest", msgspec.json.encode(body))
    return answer.status, answer.json()


@settings(max_examples=60, deadline=None)
@given(conversation=st.lists(turns, max_size=5), draft=nasty_text, k=st.integers(1, 20))
def test_any_conversation_is_answered(
    application: Application, conversation: list[dict[str, Any]], draft: str, k: int
) -> None:
    status, answer = ask(application, conversation=conversation, draft=draft, k=k)
    assert status == 200, answer
    assert len(answer["replies"]) <= k
    for reply in answer["replies"]:
        for slot in reply["slots"]:
            assert slot["filled"] or reply["text"][slot["start"] : slot["end"]][:1] == "{"
    assert (answer["late"], answer["failed"]) == ([], [])


@pytest.mark.parametrize(
    "conversation",
    [
        [],
        [{"role": "agent", "text": ""}],
        [{"role": "tool", "text": "", "facts": {}}],
        [{"role": "user", "text": " \n\t"}],
        [{"role": "user", "text": "hello"}] * 500,
        [{"role": role, "text": text} for role in ("user", "agent") for text in MARKS] * 20,
        [{"role": "user", "text": "my order " * 11_000}] * 2,
        [{"role": "user", "text": "a", "time": 1e308}, {"role": "user", "text": "a", "time": -1e308}],
        [{"role": "tool", "text": "orders", "facts": {f"f{n}": "v" * 100 for n in range(2_000)}}],
    ],
    ids=["none", "empty", "empty lookup", "blank", "500 turns", "marks", "long", "times", "facts"],
)  # fmt: skip
def test_unusual_conversations_are_answered(
    application: Application, conversation: list[dict[str, Any]]
) -> None:
    status, answer = ask(application, conversation=conversation, draft="You")
    assert status == 200, answer
    assert answer["replies"]
    assert (answer["late"], answer["failed"]) == ([], [])


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"conversation": [{"role": "user", "text": "x" * 1_000_000}]}, "conversation[0].text"),
        ({"draft": "x" * 1_000_000}, "draft"),
        (
            {"conversation": [{"role": "tool", "facts": {"note": "x" * 1_000_000}}]},
            "conversation[0].facts.note",
        ),
        ({"conversation": [{"role": "tool", "facts": {"x" * 1_000_000: 1}}]}, "conversation[0].facts"),
        ({"conversation": [{"role": "user"}] * 100_000}, "conversation"),
        ({"conversation": [{"role": "user", "text": "x" * 100_000}] * 3}, "conversation"),
    ],
)  # fmt: skip
def test_what_is_too_large_is_named(
    application: Application, fields: dict[str, Any], param: str
) -> None:
    status, answer = ask(application, **fields)
    assert status == 413
    assert answer["error"]["param"] == param


def test_a_number_beyond_64_bits_is_named(application: Application) -> None:
    turn = b'{"role": "tool", "facts": {"paid": 0.%s, "id": %s}}' % ((b"9" * 300,) * 2)
    answer = call(application, "POST", "/v1/suggest", b'{"conversation": [%s]}' % turn)
    assert answer.status == 400
    assert answer.json()["error"]["param"] == "conversation[0].facts.id"
