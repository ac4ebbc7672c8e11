"""The service on real parts: a store folder, the test encoder, and heads that come and go."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from cuebox.app.build import build_service
from cuebox.core.errors import (
    DeadlineExceeded,
    InvalidRequest,
    Overloaded,
    PayloadTooLarge,
    UnknownModel,
)
from cuebox.kinds.classifier.head import Head, load_head, softmax
from cuebox.serving.requests import ClassifyRequest, EmbedRequest, Timings
from tests.fakes.models import embed_tiny, publish_head

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cuebox.app.settings import Settings
    from cuebox.core.ports import ModelStore
    from cuebox.core.types import FloatArray
    from cuebox.serving.requests import ClassifyResponse
    from cuebox.serving.service import Service


def run(settings: Settings, use: Callable[[Service], Awaitable[None]]) -> None:
    async def go() -> None:
        service = build_service(settings)
        await service.start()
        try:
            await use(service)
        finally:
            await service.drain(5)

    asyncio.run(go())


async def ask(service: Service, model: Any, texts: Any, **options: Any) -> ClassifyResponse:
    request = ClassifyRequest(model=model, input=texts, **options)
    return await service.classify(request, timings=Timings())


def test_many_heads_read_one_text_through_one_encoder(
    settings: Settings, store: ModelStore
) -> None:
    for number in range(5):
        publish_head(store, f"head-{number}", labels=("a", "b", "c"), favourite=number % 3)

    async def use(service: Service) -> None:
        answer = await ask(service, "*", ["first text", "second text", "first text"])
        assert len(answer.data) == 3
        assert [each.model for each in answer.data[0].results or ()] == [
            f"head-{number}" for number in range(5)
        ]
        assert [each.labels[0].label for each in answer.data[1].results or ()] == list("abcab")
        assert answer.usage.cached_rows == 1
        again = await ask(service, "head-1", "second text")
        assert again.usage.cached_rows == 1
        assert again.usage.tokens > 2

    run(settings, use)


def test_models_answer_in_the_order_asked(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "one", favourite=0)
    publish_head(store, "two", favourite=1, task="multi")

    async def use(service: Service) -> None:
        answer = await ask(service, ["two", "one"], "some text")
        assert [each.model for each in answer.data[0].results or ()] == ["two", "one"]

    run(settings, use)


def test_top_k_and_threshold(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "many", labels=list("abcdef"), favourite=2)

    async def use(service: Service) -> None:
        answer = await ask(service, "many", "x", top_k=3)
        results = answer.data[0].results
        assert results is not None
        scores = [each.score for each in results[0].labels]
        assert len(scores) == 3
        assert scores == sorted(scores, reverse=True)
        hidden = await ask(service, "many", "x", top_k=3, threshold=0.99)
        results = hidden.data[0].results
        assert results is not None
        assert [each.label for each in results[0].labels] == ["c"]

    run(settings, use)


def test_bad_rows_fail_the_request_or_only_themselves(
    settings: Settings, store: ModelStore
) -> None:
    publish_head(store, "yes-no", favourite=1)

    async def use(service: Service) -> None:
        rows = ["fine", "", None, "also fine"]
        with pytest.raises(InvalidRequest) as caught:
            await ask(service, "yes-no", rows)
        assert caught.value.param == "input[1]"
        answer = await ask(service, "yes-no", rows, on_error="row")
        assert [row.error is None for row in answer.data] == [True, False, False, True]
        assert [row.index for row in answer.data] == [0, 1, 2, 3]
        error = answer.data[2].error
        assert error is not None
        assert error.param == "input[2]"
        only_bad = await ask(service, "yes-no", ["", None], on_error="row")
        assert all(row.error for row in only_bad.data)

    run(settings, use)


def test_long_text_is_marked_or_refused(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "yes-no")

    async def use(service: Service) -> None:
        text = "word " * 200
        assert (await ask(service, "yes-no", text)).data[0].truncated
        with pytest.raises(InvalidRequest, match="tokens") as caught:
            await ask(service, "yes-no", text, truncate="error")
        assert caught.value.param == "input"
        rows = await ask(service, "yes-no", [text, "short"], truncate="error", on_error="row")
        assert rows.data[0].error is not None
        assert rows.data[1].results is not None

    run(settings, use)


def test_unknown_models_name_their_neighbours(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "banking")

    async def use(service: Service) -> None:
        with pytest.raises(UnknownModel, match="did you mean banking"):
            await ask(service, "bankin", "x")
        with pytest.raises(UnknownModel) as caught:
            await ask(service, ["banking", "nope"], "x")
        assert caught.value.param == "model[1]"

    run(settings, use)


def test_bounds(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "yes-no")

    async def use(service: Service) -> None:
        with pytest.raises(PayloadTooLarge):
            await ask(service, "yes-no", ["x"] * 10_001)
        with pytest.raises(DeadlineExceeded):
            await service.classify(
                ClassifyRequest(model="yes-no", input="x"),
                timings=Timings(),
                deadline=time.monotonic() - 1,
            )

    run(settings, use)


def test_ten_thousand_rows_in_one_request(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "yes-no", favourite=1)

    async def use(service: Service) -> None:
        texts = [f"text number {number}" for number in range(10_000)]
        answer = await ask(service, "yes-no", texts)
        assert [row.index for row in answer.data] == list(range(10_000))
        assert all(row.results and row.results[0].labels[0].label == "yes" for row in answer.data)

    run(settings, use)


def test_too_many_rows_at_once_are_refused(store: ModelStore, settings: Settings) -> None:
    publish_head(store, "yes-no")
    small = msgspec.structs.replace(
        settings, serving=msgspec.structs.replace(settings.serving, max_pending_rows=50)
    )

    async def use(service: Service) -> None:
        answers = await asyncio.gather(
            *(ask(service, "yes-no", [f"{n} {k}" for k in range(40)]) for n in range(3)),
            return_exceptions=True,
        )
        refused = [each for each in answers if isinstance(each, Overloaded)]
        assert len(refused) == 2
        assert refused[0].retry_after

    run(small, use)


def test_heads_come_change_and_go_without_a_failed_request(
    settings: Settings, store: ModelStore
) -> None:
    publish_head(store, "stays", favourite=0)
    first = publish_head(store, "changes", favourite=0)

    async def use(service: Service) -> None:
        stop = asyncio.Event()
        seen: set[str] = set()

        async def load(number: int) -> None:
            count = 0
            while not stop.is_set():
                answer = await ask(service, ["stays", "changes"], f"text {number} {count}")
                results = answer.data[0].results
                assert results is not None
                seen.add(results[1].labels[0].label)
                count += 1

        clients = [asyncio.create_task(load(number)) for number in range(4)]
        await asyncio.sleep(0.05)
        digests = {info.encoder for info in service.models()}
        publish_head(store, "changes", favourite=1)
        publish_head(store, "arrives", favourite=1)
        await service.reload()
        assert {info.name for info in service.models()} == {"stays", "changes", "arrives"}
        assert {info.encoder for info in service.models()} == digests
        await asyncio.sleep(0.05)
        store.move_alias("arrives", "production", None)
        store.move_alias("changes", "production", first.version)
        await service.reload()
        assert {info.name for info in service.models()} == {"stays", "changes"}
        assert service.model("changes").version == first.version
        await asyncio.sleep(0.05)
        stop.set()
        await asyncio.gather(*clients)
        assert seen == {"no", "yes"}

    run(settings, use)


def test_a_look_that_finds_nothing_new_keeps_what_is_joined(
    settings: Settings, store: ModelStore
) -> None:
    publish_head(store, "stays", favourite=0)

    async def use(service: Service) -> None:
        before = service.model("stays")
        readiness = await service.reload()
        assert readiness.ready
        assert service.model("stays") is before
        assert (await ask(service, "stays", "x")).data[0].results

    run(settings, use)


def test_a_version_that_fails_its_goldens_never_serves(
    settings: Settings, store: ModelStore
) -> None:
    good = publish_head(store, "careful", favourite=0)

    async def use(service: Service) -> None:
        publish_head(store, "careful", favourite=1, wrong_golden=True)
        readiness = await service.reload()
        assert readiness.ready
        assert "careful" in readiness.failures
        assert service.model("careful").version == good.version
        answer = await ask(service, "careful", "x")
        assert answer.data[0].results is not None

    run(settings, use)


def test_a_model_that_cannot_load_keeps_the_server_unready_but_not_the_others(
    settings: Settings, store: ModelStore
) -> None:
    publish_head(store, "good")
    publish_head(store, "bad", wrong_golden=True)

    async def use(service: Service) -> None:
        readiness = service.readiness()
        assert not readiness.ready
        assert set(readiness.failures) == {"bad"}
        assert (await ask(service, "good", "x")).data[0].results
        store.move_alias("bad", "production", None)
        assert (await service.reload()).ready

    run(settings, use)


def test_two_versions_of_one_model_side_by_side(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "intent", favourite=0)
    publish_head(store, "intent", favourite=1, alias="candidate")
    both = msgspec.structs.replace(
        settings,
        serving=msgspec.structs.replace(settings.serving, models=["intent", "intent@candidate"]),
    )

    async def use(service: Service) -> None:
        answer = await ask(service, "*", "x")
        results = answer.data[0].results
        assert results is not None
        assert [each.labels[0].label for each in results] == ["no", "yes"]
        assert [each.model for each in results] == ["intent", "intent@candidate"]

    run(both, use)


def test_probabilities_as_a_tensor(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "abc", labels=list("abc"))

    async def use(service: Service) -> None:
        info, matrix, tokens = await service.probabilities(
            "abc", None, ["one", "two two"], timings=Timings()
        )
        assert info.labels == ["a", "b", "c"]
        assert matrix.shape == (2, 3)
        assert np.allclose(matrix.sum(axis=1), 1, atol=1e-5)
        assert tokens[1] > tokens[0]
        with pytest.raises(UnknownModel):
            await service.probabilities("abc", "2000-01-01.1", ["x"], timings=Timings())

    run(settings, use)


def test_a_classifier_does_not_embed(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "abc")

    async def use(service: Service) -> None:
        with pytest.raises(InvalidRequest, match="classifier"):
            await service.embed(EmbedRequest(model="abc", input="x"), timings=Timings())

    run(settings, use)


def test_without_batches_an_answer_does_not_depend_on_its_company(
    settings: Settings, store: ModelStore
) -> None:
    publish_head(store, "abc", labels=list("abc"), seed=7)
    alone_always = msgspec.structs.replace(
        settings, serving=msgspec.structs.replace(settings.serving, batch_rows=1)
    )
    texts = [f"text number {number} and more" for number in range(40)]

    async def use(service: Service) -> None:
        _, together, _ = await service.probabilities("abc", None, texts, timings=Timings())
        alone = predictions(embed_tiny(texts))
        assert np.allclose(together, alone, atol=1e-6)

    async def use_batches(service: Service) -> None:
        _, together, _ = await service.probabilities("abc", None, texts, timings=Timings())
        alone = predictions(embed_tiny(texts))
        assert np.allclose(together, alone, atol=0.05)

    head = read_head(store, "abc")

    def predictions(embeddings: FloatArray) -> FloatArray:
        return softmax(head.logits(embeddings))

    run(alone_always, use)
    run(settings, use_batches)


def read_head(store: ModelStore, name: str) -> Head:
    manifest = store.manifest(name, store.versions(name)[-1])
    content = store.read(manifest.files["head.safetensors"])
    return load_head(content, name=name, labels=3, dim=None)


def outcomes(service: Service) -> dict[tuple[str, str], float]:
    return {
        (dict(labels)["model"], dict(labels)["outcome"]): value
        for name, labels, value in service.metrics.snapshot()["counters"]
        if name == "cuebox_model_requests_total"
    }


def test_requests_are_counted_by_model_and_outcome(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "mood")
    publish_head(store, "topic")

    async def use(service: Service) -> None:
        await ask(service, ["mood", "topic"], ["a", "b"])
        await ask(service, "mood", "a")
        with pytest.raises(InvalidRequest):
            await ask(service, "mood", [7])
        with pytest.raises(UnknownModel):
            await ask(service, ["mood", "nobody"], "a")
        request = ClassifyRequest(model="*", input="a")
        with pytest.raises(DeadlineExceeded):
            await service.classify(request, timings=Timings(), deadline=time.monotonic() - 1)
        with pytest.raises(InvalidRequest):
            await service.probabilities("topic", None, [7], timings=Timings())
        assert outcomes(service) == {
            ("mood", "answered"): 2,
            ("topic", "answered"): 1,
            ("mood", "invalid_request"): 1,
            ("topic", "invalid_request"): 1,
            ("mood", "deadline_exceeded"): 1,
            ("topic", "deadline_exceeded"): 1,
        }

    run(settings, use)


def test_heads_are_timed_like_the_other_phases(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "mood")

    async def use(service: Service) -> None:
        await ask(service, "mood", "a")
        await ask(service, "mood", "a")
        counted = {
            dict(labels)["phase"]: sum(row[:-1])
            for name, labels, row in service.metrics.snapshot()["histograms"]
            if name == "cuebox_phase_seconds"
        }
        # The second text came from the cache.
        assert counted == {"queue": 1, "tokenize": 1, "encode": 1, "head": 2}

    run(settings, use)
