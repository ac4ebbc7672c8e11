"""A real reply model in the service: what an agent sees while a conversation and a draft grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cuebox.core.conversation import Turn
from cuebox.kinds.reply import KIND
from cuebox.serving.requests import Timings
from cuebox.serving.suggestion_requests import Coverages, SuggestRequest, SuggestResponse
from tests.fakes.reply_models import publish_reply_model
from tests.fakes.served import Server

if TYPE_CHECKING:
    from cuebox.app.settings import Settings
    from cuebox.core.ports import ModelStore
    from cuebox.serving.service import Service

TURNS = [
    Turn(role="user", text="Hello, I am Alexis. Where is my order?"),
    Turn(role="tool", text="find_order", facts={"order_id": "A-17", "name": "Alexis"}),
]


@pytest.fixture
def server(settings: Settings, store: ModelStore) -> Server:
    publish_reply_model(store)
    return Server(settings, store, KIND)


async def suggest(service: Service, draft: str = "", **fields: Any) -> SuggestResponse:
    asked = SuggestRequest(conversation=TURNS, draft=draft, max_time_ms=10_000, k=5, **fields)
    return await service.suggest(asked, client="me", timings=Timings())


def test_replies_follow_the_draft_and_are_filled_from_the_lookup(server: Server) -> None:
    async def use(service: Service) -> None:
        before = await suggest(service)
        assert len(before.replies) == 5
        assert sum(reply.score for reply in before.replies) <= 1 + 1e-6
        typing = await suggest(service, "Your order A-17 is o")
        best = typing.replies[0]
        assert best.text == "Your order A-17 is on its way."
        (slot,) = best.slots
        assert (slot.name, best.text[slot.start : slot.end], slot.filled) == (
            "order_id", "A-17", True,
        )  # fmt: skip
        assert typing.late == []
        assert typing.failed == []

    server.run(use)


def test_within_a_word_nothing_is_read_anew(server: Server) -> None:
    async def use(service: Service) -> None:
        await suggest(service, "Your order is o")
        again = await suggest(service, "Your order is on")
        assert again.usage.cached_rows >= 2
        other = await suggest(service, "Your order is on its")
        assert other.usage.cached_rows == again.usage.cached_rows - 1

    server.run(use)


def test_coverage_hides_what_is_unsure(server: Server) -> None:
    async def use(service: Service) -> None:
        some = await suggest(service, coverage=Coverages(reply=0.5))
        assert all(reply.score >= 0.5 for reply in some.replies)

    server.run(use)


def test_it_is_listed(server: Server) -> None:
    async def use(service: Service) -> None:
        (info,) = service.models()
        assert (info.name, info.kind) == ("replies", "reply")
        assert info.labels == [], "a list of answers may have ten thousand"
        assert info.encoder

    server.run(use)
