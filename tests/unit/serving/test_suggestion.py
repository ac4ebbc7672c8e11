"""Suggestions of the service: both sources at once, in time, and neither at the other's cost."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cuebox.core.conversation import Turn
from cuebox.core.errors import Conflict, InvalidRequest, PayloadTooLarge, UnknownModel
from cuebox.core.generation import GenerateRequest
from cuebox.serving.requests import ClassifyRequest, EmbedRequest, Timings
from cuebox.serving.settings import SuggestSettings
from cuebox.serving.suggestion_requests import SuggestRequest, SuggestResponse
from tests.fakes.models import publish_head
from tests.fakes.replies import publish_replies
from tests.fakes.served import Server, publish_completion

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cuebox.app.settings import Settings
    from cuebox.core.ports import ModelStore
    from cuebox.serving.service import Service
    from tests.fakes.replies import FakeReplies

TURNS = [Turn(role="user", text="Hello, where is my order?"), Turn(role="agent", text="Let me see")]
AGES = 10_000.0


@pytest.fixture
def server(settings: Settings, store: ModelStore) -> Server:
    publish_completion(store, "writer", b"one")
    publish_replies(store, completion="writer")
    return Server(settings, store)


def replies_of(server: Server, name: str = "replies") -> FakeReplies:
    return server.replies.loaded[name]


async def suggest(service: Service, client: str = "me", **fields: Any) -> SuggestResponse:
    values = {"conversation": TURNS, "max_time_ms": AGES} | fields
    return await service.suggest(
        msgspec.convert(msgspec.to_builtins(values), SuggestRequest),
        client=client,
        timings=Timings(),
    )


def run(server: Server, use: Callable[[Service], Awaitable[None]]) -> None:
    server.run(use)


def test_replies_and_a_completion_in_one_answer(server: Server) -> None:
    async def use(service: Service) -> None:
        answer = await suggest(service, draft="Your o")
        assert [each.text for each in answer.replies] == [
            "Your order is on its way.", "Could I get your name, please?", "Goodbye, {name}!",
        ]  # fmt: skip
        slot = answer.replies[2].slots[0]
        assert answer.replies[2].text[slot.start : slot.end] == "{name}"
        assert answer.completion is not None
        (request,) = server.room.engines[0].requests
        assert isinstance(request.prompt, str)
        assert request.prompt.endswith("Your o"), "the draft is never altered"
        assert (request.n, request.temperature, request.client) == (1, 0, "me")
        assert (answer.late, answer.failed) == ([], [])
        models = answer.models
        assert models.reply.version == service.model("replies").version
        assert models.completion is not None
        assert models.completion.version == service.model("writer").version
        assert answer.usage.encoder_tokens > 0
        assert answer.usage.completion_tokens > 0

    run(server, use)


def test_ids_are_unique_and_sort_by_time(server: Server) -> None:
    async def use(service: Service) -> None:
        ids = []
        for _ in range(3):
            answer = await suggest(service)
            assert answer.completion is not None
            ids += [answer.id, *(each.id for each in answer.replies), answer.completion.id]
        assert len(set(ids)) == 15
        assert [uuid.UUID(each).version for each in ids] == [7] * 15
        assert sorted(ids[::5]) == ids[::5]

    run(server, use)


def test_between_two_keystrokes_only_the_draft_is_read_anew(server: Server) -> None:
    async def use(service: Service) -> None:
        assert (await suggest(service, draft="Yo")).usage.cached_rows == 0
        assert (await suggest(service, draft="You")).usage.cached_rows == 2
        assert [count for _, _, count in replies_of(server).asked] == [3, 3]

    run(server, use)


def test_a_late_completion_is_left_out_and_named(server: Server) -> None:
    async def use(service: Service) -> None:
        engine = server.room.engines[0]
        engine.gate.clear()
        answer = await suggest(service, max_time_ms=50)
        engine.gate.set()
        assert len(answer.replies) == 3
        assert answer.completion is None
        assert answer.late == ["completion"]
        assert (await suggest(service)).completion is not None, "and its place is free again"
        assert engine.cancelled == 1

    run(server, use)


def test_late_replies_do_not_hold_the_completion_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    async def use(service: Service) -> None:
        monkeypatch.setattr("cuebox.serving.trunk.Trunk.embed_one", never)
        answer = await suggest(service, max_time_ms=500)
        assert answer.replies == []
        assert answer.late == ["reply"]
        assert answer.completion is not None

    run(server, use)


@pytest.mark.parametrize("fault", [InvalidRequest("no such slot"), ZeroDivisionError()])
def test_a_failing_ranker_does_not_fail_the_completion(server: Server, fault: Exception) -> None:
    async def use(service: Service) -> None:
        replies_of(server).fail = fault
        answer = await suggest(service)
        assert answer.completion is not None
        assert answer.replies == []
        (failure,) = answer.failed
        assert failure.source == "reply"
        assert "division" not in failure.message, "a bug is for the log"

    run(server, use)


def test_a_failing_engine_does_not_fail_the_replies(server: Server) -> None:
    async def use(service: Service) -> None:
        engine = server.room.engines[0]
        engine.fault = RuntimeError("out of memory")
        answer = await suggest(service)
        assert len(answer.replies) == 3
        assert answer.completion is None
        (failure,) = answer.failed
        assert failure.source == "completion"

    run(server, use)


def test_a_client_that_leaves_frees_both(server: Server) -> None:
    async def use(service: Service) -> None:
        engine = server.room.engines[0]
        engine.gate.clear()
        task = asyncio.create_task(suggest(service))
        await asyncio.to_thread(engine.submitted.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        engine.gate.set()
        await suggest(service)
        assert engine.cancelled == 1

    run(server, use)


def test_a_newer_keystroke_supersedes_the_older(settings: Settings, store: ModelStore) -> None:
    publish_completion(store, "writer", b"one")
    publish_replies(store, completion="writer")
    endless = msgspec.structs.replace(settings.serving, suggest=SuggestSettings(max_tokens=10**9))
    server = Server(msgspec.structs.replace(settings, serving=endless), store)

    async def use(service: Service) -> None:
        older = asyncio.create_task(suggest(service, session="tab"))
        await asyncio.to_thread(server.room.engines[0].submitted.wait, 10)
        newer = GenerateRequest(prompt="a", max_tokens=2, session="tab", client="me")
        assert [item async for item in service.complete("writer", newer)]
        with pytest.raises(Conflict):
            await older

    run(server, use)


def test_a_completion_that_says_what_a_reply_says_is_left_out(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict = "cuebox.kinds.completion.predict.CompletionPredictor.prompt"
    # The fake engine answers with the prompt in capitals, so many letters of it.
    monkeypatch.setattr(predict, lambda *_: " order is on its")

    async def use(service: Service) -> None:
        begun = await suggest(service, draft="Your")
        assert begun.completion is not None
        assert begun.completion.text == " ORDER IS ON ITS", "a beginning of one may be of use"
        repeated = await suggest(service, draft="Your order is on its way. Could", k=3)
        assert repeated.completion is not None
        monkeypatch.setattr(predict, lambda *_: " ON ITS WAY....")
        assert (await suggest(service, draft="your ORDER is", k=3)).completion is None

    run(server, use)


def test_how_sure_is_for_the_client_or_the_settings_to_say(
    server: Server, store: ModelStore
) -> None:
    points = [
        {"coverage": 0.2, "min_score": -0.5, "precision": 0.9},
        {"coverage": 0.5, "min_score": -1.5, "precision": 0.7},
    ]
    publish_completion(store, "writer", b"one", confidence=points)

    async def texts(service: Service, **fields: Any) -> int:
        return len((await suggest(service, **fields)).replies)

    async def use(service: Service) -> None:
        assert await texts(service) == 3
        assert await texts(service, coverage={"reply": 0.6}) == 1
        assert await texts(service, min_score={"reply": 0.2}) == 2
        assert await texts(service, coverage={"reply": 0.6}, min_score={"reply": 0.2}) == 1
        assert await texts(service, coverage={"completion": 0.2}) == 3
        assert await texts(service, min_score={"completion": -0.1}) == 3
        asked = [request.min_score for request in server.room.engines[0].requests]
        assert asked == [-1.5, -1.5, -1.5, -1.5, -0.5, -0.1], "half of the moments, unless told"

    run(server, use)


def test_a_model_that_knows_little_shows_little(settings: Settings, store: ModelStore) -> None:
    publish_completion(store, "writer", b"one")
    publish_replies(store, completion="writer")
    wary = msgspec.structs.replace(
        settings.serving, suggest=SuggestSettings(reply_coverage=1.0, reply_floor=0.25)
    )
    server = Server(msgspec.structs.replace(settings, serving=wary), store)

    async def use(service: Service) -> None:
        shown = (await suggest(service)).replies
        assert [reply.score >= 0.25 for reply in shown] == [True, True]
        asked = (await suggest(service, coverage={"reply": 1.0})).replies
        assert len(asked) == 3, "who asks for all of them gets them"

    run(server, use)


def test_coverage_that_was_never_measured_is_refused_where_it_was_asked_for(
    server: Server, store: ModelStore
) -> None:
    publish_replies(store, "raw", unmeasured=True)

    async def use(service: Service) -> None:
        assert len((await suggest(service, model="raw")).replies) == 3
        for source in ("reply", "completion"):
            with pytest.raises(InvalidRequest) as caught:
                await suggest(service, model="raw", completion="writer", coverage={source: 0.5})
            assert caught.value.param == f"coverage.{source}"

    run(server, use)


def test_which_models_answer(server: Server, store: ModelStore) -> None:
    publish_completion(store, "other", b"two")
    publish_replies(store, "alone")
    publish_replies(store, "dangling", completion="gone")
    publish_head(store, "mood")

    async def use(service: Service) -> None:
        with pytest.raises(InvalidRequest, match="alone, dangling, replies"):
            await suggest(service)
        alone = await suggest(service, model="alone")
        assert (alone.completion, alone.failed) == (None, [])
        named = await suggest(service, model="alone", completion="other")
        assert named.models.completion is not None
        assert named.models.completion.name == "other"
        without = await suggest(service, model="replies", completion=False)
        assert without.models.completion is None
        dangling = await suggest(service, model="dangling")
        assert len(dangling.replies) == 3
        assert [(each.source, each.code) for each in dangling.failed] == [
            ("completion", "model_not_found")
        ]
        for fields, param in (
            ({"model": "mood"}, "model"),
            ({"model": "writer"}, "model"),
            ({"model": "replies", "completion": "mood"}, "completion"),
        ):
            with pytest.raises(InvalidRequest) as caught:
                await suggest(service, **fields)
            assert caught.value.param == param
        with pytest.raises(UnknownModel) as unknown:
            await suggest(service, model="replies", completion="gone")
        assert unknown.value.param == "completion"

    run(server, use)


def test_a_reply_model_is_listed_and_answers_nothing_else(server: Server) -> None:
    async def use(service: Service) -> None:
        assert {info.name: info.kind for info in service.models()} == {
            "replies": "reply", "writer": "completion",
        }  # fmt: skip
        for asked in (
            service.classify(ClassifyRequest(model="replies", input="a"), timings=Timings()),
            service.embed(EmbedRequest(model="replies", input="a"), timings=Timings()),
            service.probabilities("replies", None, ["a"], timings=Timings()),
        ):
            with pytest.raises(InvalidRequest, match="ask /v1/suggest"):
                await asked
        with pytest.raises(UnknownModel, match="no classifier"):
            await service.classify(ClassifyRequest(model="*", input="a"), timings=Timings())

    run(server, use)


def test_no_reply_model_is_said_clearly(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "mood")

    async def use(service: Service) -> None:
        with pytest.raises(UnknownModel, match="no reply model"):
            await suggest(service)

    run(Server(settings, store), use)


def test_an_unchanged_reply_model_is_kept_over_a_reload(server: Server, store: ModelStore) -> None:
    async def use(service: Service) -> None:
        first = replies_of(server)
        publish_head(store, "mood")
        await service.reload()
        assert replies_of(server) is first
        assert len((await suggest(service)).replies) == 3
        newer = publish_replies(store)
        await service.reload()
        assert (await suggest(service)).models.reply.version == newer.version

    run(server, use)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"conversation": [Turn(role="user", text="x" * 100_001)]}, "conversation[0].text"),
        ({"draft": "x" * 100_001}, "draft"),
        ({"conversation": [TURNS[0]] * 2_001}, "conversation"),
        ({"conversation": [Turn(role="user", text="x" * 90_000)] * 3}, "conversation"),
    ],
)
def test_too_much_is_refused_by_name(server: Server, fields: dict[str, Any], param: str) -> None:
    async def use(service: Service) -> None:
        with pytest.raises(PayloadTooLarge) as caught:
            await suggest(service, **fields)
        assert caught.value.param == param

    run(server, use)


def test_no_conversation_and_a_long_one(server: Server) -> None:
    async def use(service: Service) -> None:
        assert len((await suggest(service, conversation=[])).replies) == 3
        long = [Turn(role="user", text=f"{number} Grüße, 你好") for number in range(500)]
        assert len((await suggest(service, conversation=long)).replies) == 3
        assert len(replies_of(server).asked[-1][0]) == 500

    run(server, use)


def test_what_is_counted(server: Server) -> None:
    async def use(service: Service) -> None:
        await suggest(service)
        await suggest(service, completion=False, min_score={"reply": 1.0})
        server.room.engines[0].fault = RuntimeError("broken")
        await suggest(service)
        found = {
            tuple(value for _, value in labels): count
            for name, labels, count in service.metrics.snapshot()["counters"]
            if name == "cuebox_suggestions_total"
        }
        assert found == {
            ("reply", "shown"): 2, ("reply", "none"): 1,
            ("completion", "shown"): 1, ("completion", "failed"): 1,
        }  # fmt: skip

    run(server, use)


def test_an_answer_is_logged(server: Server) -> None:
    async def use(service: Service) -> None:
        asked = SuggestRequest(conversation=TURNS, draft="Yo", session="tab", max_time_ms=AGES)
        answer = await service.suggest(asked, client="key:1", key="desk", timings=Timings())
        (record,) = server.log.suggestions
        assert record.id == answer.id
        assert abs(record.at - time.time()) < 60
        assert (record.session, record.client, record.draft) == ("tab", "desk", "Yo")
        assert msgspec.json.decode(record.conversation, type=list[Turn]) == TURNS
        assert answer.completion is not None
        assert [each.id for each in record.shown] == [
            *(each.id for each in answer.replies), answer.completion.id,
        ]  # fmt: skip
        assert [each.source for each in record.shown] == ["reply"] * 3 + ["completion"]
        assert {each.model for each in record.shown} == {"replies", "writer"}
        took = record.milliseconds
        assert 0 < took["reply"] <= took["total"]
        assert 0 < took["completion"] <= took["total"]

    run(server, use)
