"""Completion models in the service: served beside classifiers, swapped, counted, and missed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from importlib import util
from typing import TYPE_CHECKING, Any

import pytest

from cuebox.app.build import build_service
from cuebox.core.errors import Conflict, InvalidRequest, UnknownModel
from cuebox.core.generation import Delta, GenerateRequest
from cuebox.serving.requests import ClassifyRequest, EmbedRequest, Timings
from tests.fakes.models import publish_head
from tests.fakes.served import Server
from tests.fakes.served import publish_completion as publish

if TYPE_CHECKING:
    from cuebox.app.settings import Settings
    from cuebox.core.ports import ModelStore
    from cuebox.serving.service import Service


@pytest.fixture
def server(settings: Settings, store: ModelStore) -> Server:
    return Server(settings, store)


async def text_of(service: Service, model: str, prompt: str = "ab", **options: Any) -> str:
    coverage = options.pop("coverage", None)
    request = GenerateRequest(prompt=prompt, **options)
    text = ""
    async for item in service.complete(model, request, coverage=coverage):
        if isinstance(item, Delta):
            text += item.text
        elif item.choices:
            text += item.choices[0].text
    return text


def counted(service: Service, name: str) -> dict[str, float]:
    """Counters of one name, by their last label's value."""
    return {
        labels[-1][1]: value
        for each, labels, value in service.metrics.snapshot()["counters"]
        if each == name
    }


def test_classifiers_and_writers_side_by_side(server: Server, store: ModelStore) -> None:
    publish_head(store, "mood", labels=("sad", "glad"), favourite=1)
    publish(store, "writer", b"one")

    async def use(service: Service) -> None:
        assert service.readiness().ready
        assert await text_of(service, "writer", max_tokens=3) == "ABA"
        assert await text_of(service, "writer", max_tokens=3, stream=True) == "ABA"
        answer = await service.classify(
            ClassifyRequest(model="*", input="hello"), timings=Timings()
        )
        assert [each.model for each in answer.data[0].results or ()] == ["mood"]
        info = service.model("writer")
        assert (info.kind, info.max_tokens, info.dim, info.labels) == ("completion", 64, 0, [])
        assert info.decoder
        assert not info.encoder

    server.run(use)
    assert server.hosts[0].closed


def test_a_model_is_asked_for_what_it_does(server: Server, store: ModelStore) -> None:
    publish_head(store, "mood")
    publish(store, "writer", b"one")

    async def use(service: Service) -> None:
        with pytest.raises(InvalidRequest, match="ask /v1/completions"):
            await service.classify(ClassifyRequest(model="writer", input="a"), timings=Timings())
        with pytest.raises(InvalidRequest, match="ask /v1/completions"):
            await service.embed(EmbedRequest(model="writer", input="a"), timings=Timings())
        with pytest.raises(InvalidRequest, match="ask /v1/completions"):
            await service.probabilities("writer", None, ["a"], timings=Timings())
        with pytest.raises(InvalidRequest, match="completes nothing"):
            await text_of(service, "mood")
        with pytest.raises(UnknownModel, match="did you mean writer"):
            await text_of(service, "writr")

    server.run(use)


def test_no_engine_without_a_completion_model(server: Server, store: ModelStore) -> None:
    publish_head(store, "mood")

    async def use(service: Service) -> None:
        assert service.readiness().ready
        assert server.hosts == []
        publish(store, "writer", b"one")
        await service.reload()
        assert await text_of(service, "writer", max_tokens=2) == "AB"

    server.run(use)
    assert len(server.hosts) == 1


def test_models_on_one_decoder_share_it(server: Server, store: ModelStore) -> None:
    publish(store, "formal", b"same")
    publish(store, "casual", b"same")
    publish(store, "other", b"another")

    async def use(service: Service) -> None:
        assert server.room.opened == 2
        for name in ("formal", "casual", "other"):
            assert await text_of(service, name, max_tokens=2) == "AB"

    server.run(use)
    assert all(model.closed.is_set() for model in server.room.models.values())


def test_a_new_version_takes_over_under_running_requests(server: Server, store: ModelStore) -> None:
    old = publish(store, "writer", b"one").decoder
    assert old is not None

    async def use(service: Service) -> None:
        request = GenerateRequest(prompt="ab", max_tokens=10**9, stream=True)
        running = service.complete("writer", request)
        await anext(running)
        new = publish(store, "writer", b"two")
        await service.reload()
        assert service.model("writer").version == new.version
        assert await text_of(service, "writer", max_tokens=2) == "AB"
        # The old one goes on for who began with it, and goes with its last request.
        await anext(running)
        assert not server.room.models[old.digest].closed.is_set()
        await running.aclose()
        await asyncio.to_thread(server.room.models[old.digest].closed.wait, 5)
        assert server.room.models[old.digest].closed.is_set()

    server.run(use)


def test_a_version_that_fails_its_goldens_never_serves(server: Server, store: ModelStore) -> None:
    good = publish(store, "writer", b"one")

    async def use(service: Service) -> None:
        bad = publish(store, "writer", b"two", wrong_golden=True).decoder
        assert bad is not None
        readiness = await service.reload()
        assert "differ from the recorded" in readiness.failures["writer"]
        assert service.model("writer").version == good.version
        assert await text_of(service, "writer", max_tokens=2) == "AB"
        assert server.room.models[bad.digest].closed.is_set()

    server.run(use)


def test_a_retired_model_is_closed(server: Server, store: ModelStore) -> None:
    spec = publish(store, "writer", b"one").decoder
    assert spec is not None

    async def use(service: Service) -> None:
        store.move_alias("writer", "production", None)
        await service.reload()
        with pytest.raises(UnknownModel):
            await text_of(service, "writer")
        assert server.room.models[spec.digest].closed.is_set()

    server.run(use)


def test_coverage_becomes_the_threshold_of_the_version(server: Server, store: ModelStore) -> None:
    points = [
        {"coverage": 0.2, "min_score": -0.5, "precision": 0.9},
        {"coverage": 0.6, "min_score": -1.5, "precision": 0.7},
    ]
    publish(store, "writer", b"one", confidence=points)
    publish(store, "unmeasured", b"one")

    async def use(service: Service) -> None:
        await text_of(service, "writer", coverage=0.6)
        await text_of(service, "writer", coverage=0.2, min_score=-2.0)
        await text_of(service, "writer", coverage=0.2, min_score=-0.1)
        await text_of(service, "writer", min_score=-3.0)
        asked = [request.min_score for request in server.room.engines[0].requests]
        assert asked == [-1.5, -0.5, -0.1, -3.0]
        with pytest.raises(InvalidRequest) as caught:
            await text_of(service, "unmeasured", coverage=0.5)
        assert caught.value.param == "coverage"

    server.run(use)


def test_what_is_counted(server: Server, store: ModelStore) -> None:
    publish(store, "writer", b"one")

    async def use(service: Service) -> None:
        await text_of(service, "writer", max_tokens=3)
        with pytest.raises(InvalidRequest):
            await text_of(service, "writer", "refuse")
        left = service.complete("writer", GenerateRequest(prompt="a", max_tokens=9, stream=True))
        await anext(left)
        await left.aclose()
        older = service.complete(
            "writer", GenerateRequest(prompt="a", max_tokens=10**9, stream=True, session="s")
        )
        await anext(older)
        await text_of(service, "writer", max_tokens=2, session="s")
        with pytest.raises(Conflict):
            async for _ in older:
                pass
        assert counted(service, "cuebox_completions_total") == {
            "completed": 2,
            "invalid_request": 1,
            "cancelled": 1,
            "superseded": 1,
        }
        assert counted(service, "cuebox_prompt_tokens_total") == {"writer": 6}
        assert counted(service, "cuebox_cached_tokens_total") == {"writer": 2}
        assert counted(service, "cuebox_completion_tokens_total") == {"writer": 5}
        seen = {name for name, _, _ in service.metrics.snapshot()["histograms"]}
        assert {"cuebox_first_token_seconds", "cuebox_token_seconds"} <= seen

    server.run(use)


def test_the_figures_of_the_engine_come_and_go(server: Server, store: ModelStore) -> None:
    publish(store, "writer", b"one")

    async def use(service: Service) -> None:
        meters = server.hosts[0].meters
        meters.show({("running_rows", "0123456789abcdef"): 3.0, ("waiting", ""): 1.0})
        meters.count("steps_total", "0123456789abcdef", 7)
        snapshot = service.metrics.snapshot()
        gauges = [row for row in snapshot["gauges"] if row[0].startswith("cuebox_engine")]
        assert ["cuebox_engine_running_rows", [["decoder", "0123456789ab"]], 3.0] in gauges
        assert ["cuebox_engine_waiting", [], 1.0] in gauges
        assert counted(service, "cuebox_engine_steps_total") == {"0123456789ab": 7}
        meters.show({})
        snapshot = service.metrics.snapshot()
        assert not [row for row in snapshot["gauges"] if row[0].startswith("cuebox_engine")]

    server.run(use)


def test_not_ready_while_the_engine_is_away(server: Server, store: ModelStore) -> None:
    publish_head(store, "mood")
    publish(store, "writer", b"one")

    async def use(service: Service) -> None:
        server.hosts[0].trouble = "the engine is down"
        readiness = service.readiness()
        assert not readiness.ready
        assert readiness.state == "recovering"
        assert readiness.failures == {"writer": "the engine is down"}
        await service.classify(ClassifyRequest(model="mood", input="hello"), timings=Timings())
        server.hosts[0].trouble = ""
        assert service.readiness().ready

    server.run(use)


def test_without_openvino_only_the_writer_is_missing(
    settings: Settings, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_head(store, "mood")
    publish(store, "writer", b"one")
    monkeypatch.setattr("cuebox.app.build.find_spec", lambda _name: None)

    async def go() -> None:
        service = build_service(settings)
        await service.start()
        readiness = service.readiness()
        assert "pip install cuebox[completions]" in readiness.failures["writer"]
        await service.classify(ClassifyRequest(model="mood", input="hello"), timings=Timings())
        assert await service.drain(5)

    asyncio.run(go())


def test_a_service_can_leave_completions_out(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "mood")
    publish(store, "writer", b"one")

    async def go() -> None:
        service = build_service(settings, completions=False)
        await service.start()
        assert service.readiness().ready
        assert [info.name for info in service.models()] == ["mood"]
        assert await service.drain(5)

    asyncio.run(go())


def test_classifiers_are_served_without_a_trace_of_completions(
    settings: Settings, store: ModelStore
) -> None:
    publish_head(store, "mood")
    program = f"""
import asyncio, sys
from cuebox.app.build import build_service
from cuebox.app.settings import load_settings

async def go():
    service = build_service(load_settings(None, {{
        "store.url": {settings.store.url!r},
        "store.cache_dir": {settings.store.cache_dir!r},
        "engine.cache_dir": {settings.engine.cache_dir!r},
    }}, {{}}))
    await service.start()
    print(service.readiness().ready)
    await service.drain(5)

asyncio.run(go())
print([name for name in sys.modules if name.startswith(("openvino", "cuebox.generation."))])
"""
    assert util.find_spec("openvino")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == ["True", "['cuebox.generation.settings']"]
