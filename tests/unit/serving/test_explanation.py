"""Explanations by a real service: the test encoder, whose int8 feels its companions in a batch."""

from __future__ import annotations

import asyncio
import math
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
from cuebox.kinds.classifier.head import load_head, softmax
from cuebox.serving.explain_requests import ExplainRequest, ExplainResponse
from cuebox.serving.requests import ClassifyRequest, Timings
from tests.fakes.models import embed_tiny, publish_head

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cuebox.app.settings import Settings
    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import ModelStore
    from cuebox.core.types import FloatArray
    from cuebox.serving.service import Service

TEXT = "play some music, please"


def run(settings: Settings, use: Callable[[Service], Awaitable[None]]) -> None:
    async def go() -> None:
        service = build_service(settings)
        await service.start()
        try:
            await use(service)
        finally:
            assert await service.drain(5)

    asyncio.run(go())


async def ask(service: Service, model: Any, text: str, **options: Any) -> ExplainResponse:
    request = ExplainRequest(model=model, input=text, **options)
    return await service.explain(request, timings=Timings())


def scores(store: ModelStore, manifest: Manifest, texts: list[str]) -> FloatArray:
    """The calibrated probabilities of a single-label head, worked out by hand."""
    content = store.read(manifest.files["head.safetensors"])
    head = load_head(content, name="head", labels=3, dim=64)
    return softmax(head.logits(embed_tiny(texts)))


def test_an_effect_is_what_the_label_loses_without_the_word(
    settings: Settings, store: ModelStore
) -> None:
    manifest = publish_head(store, "intent", labels=("a", "b", "c"), seed=3)
    without = ["some music, please", "play music, please", "play some , please", "play some music,"]
    expected = scores(store, manifest, [TEXT, *without])
    label = int(expected[0].argmax())

    async def use(service: Service) -> None:
        answer = await ask(service, "intent", TEXT)
        (found,) = answer.data
        assert (found.model, found.version) == ("intent", manifest.version)
        assert found.label == "abc"[label]
        assert found.score == pytest.approx(expected[0, label], abs=2e-6)
        assert [(word.start, word.end, word.text) for word in found.words] == [
            (0, 4, "play"), (5, 9, "some"), (10, 15, "music"), (17, 23, "please"),
        ]  # fmt: skip
        drops = expected[0, label] - expected[1:, label]
        assert [word.effect for word in found.words] == pytest.approx(drops.tolist(), abs=2e-6)
        odds = np.log(expected[:, label] / (1 - expected[:, label]))
        assert [word.log_odds for word in found.words] == pytest.approx(
            (odds[0] - odds[1:]).tolist(), abs=2e-3
        )
        assert answer.usage.rows == 5
        assert answer.usage.tokens > 5
        assert not answer.truncated

    run(settings, use)


def test_heads_share_the_runs_of_their_encoder(settings: Settings, store: ModelStore) -> None:
    for number in range(4):
        publish_head(store, f"head-{number}", seed=number)

    async def use(service: Service) -> None:
        answer = await ask(service, "*", TEXT)
        assert [each.model for each in answer.data] == [f"head-{n}" for n in range(4)]
        assert answer.usage.rows == 5
        two = await ask(service, ["head-3", "head-1"], TEXT)
        assert two.data == [answer.data[3], answer.data[1]]

    run(settings, use)


def test_the_label_can_be_chosen_for_all_or_by_model(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "one", favourite=0)
    publish_head(store, "two", favourite=0, seed=1)
    publish_head(store, "other", labels=("x", "y"), favourite=1)

    async def use(service: Service) -> None:
        both = await ask(service, ["one", "two"], TEXT, label="yes")
        assert [each.label for each in both.data] == ["yes", "yes"]
        assert all(each.score < 0.01 for each in both.data)
        some = await ask(service, "*", TEXT, label={"two": "yes"})
        assert {each.model: each.label for each in some.data} == {
            "one": "no", "other": "y", "two": "yes",
        }  # fmt: skip
        with pytest.raises(InvalidRequest, match="'other' has no label 'yes'") as caught:
            await ask(service, "*", TEXT, label="yes")
        assert caught.value.param == "label"
        with pytest.raises(InvalidRequest, match="not among those asked") as caught:
            await ask(service, "one", TEXT, label={"two": "yes"})
        assert caught.value.param == "label"

    run(settings, use)


def test_a_multi_label_model_explains_its_best_label_though_none_is_given(
    settings: Settings, store: ModelStore
) -> None:
    publish_head(store, "tags", labels=("x", "y", "z"), task="multi", seed=4)

    async def use(service: Service) -> None:
        everything = await service.classify(
            ClassifyRequest(model="tags", input=TEXT, top_k=3), timings=Timings()
        )
        results = everything.data[0].results
        assert results is not None
        best = results[0].labels[0]
        answer = await ask(service, "tags", TEXT)
        assert answer.data[0].label == best.label
        assert answer.data[0].score == pytest.approx(best.score, abs=2e-6)
        last = await ask(service, "tags", TEXT, label="z")
        assert last.data[0].label == "z"
        for word in last.data[0].words:
            assert math.copysign(1, word.effect) == math.copysign(1, word.log_odds)

    run(settings, use)


def test_a_sure_answer_still_tells_its_words_apart(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "sure", favourite=1)  # its probability rounds to 1 whatever is left out

    async def use(service: Service) -> None:
        (found,) = (await ask(service, "sure", TEXT)).data
        assert found.score == 1.0
        assert [word.effect for word in found.words] == [0.0] * 4
        assert len({word.log_odds for word in found.words}) == 4

    run(settings, use)


def test_the_answer_is_the_same_under_load(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "intent", labels=("a", "b", "c"), seed=3)

    async def use(service: Service) -> None:
        async def others(number: int) -> None:
            for again in range(1000):
                text = f"weather {number} {again}"
                request = ClassifyRequest(model="intent", input=text)
                await service.classify(request, timings=Timings())

        alone = await ask(service, "intent", TEXT)
        load = [asyncio.create_task(others(number)) for number in range(30)]
        try:
            for _ in range(20):
                assert await ask(service, "intent", TEXT) == alone
        finally:
            for task in load:
                task.cancel()
            await asyncio.gather(*load, return_exceptions=True)

    run(settings, use)


def test_occluded_texts_stay_out_of_the_cache(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "intent", labels=("a", "b", "c"), seed=3)

    async def use(service: Service) -> None:
        await ask(service, "intent", TEXT)
        rows = [TEXT, "some music, please", "play music, please"]
        answer = await service.classify(
            ClassifyRequest(model="intent", input=rows), timings=Timings()
        )
        assert answer.usage.cached_rows == 0

    run(settings, use)


def test_neighbours_go_together_where_words_are_many(store: ModelStore, settings: Settings) -> None:
    publish_head(store, "intent", labels=("a", "b", "c"), seed=3)
    explain = msgspec.structs.replace(settings.serving.explain, max_spans=3)
    few = msgspec.structs.replace(
        settings, serving=msgspec.structs.replace(settings.serving, explain=explain)
    )

    async def use(service: Service) -> None:
        answer = await ask(service, "intent", "one two three four five six seven")
        assert [word.text for word in answer.data[0].words] == [
            "one two", "three four", "five six seven",
        ]  # fmt: skip
        assert answer.usage.rows == 4

    run(few, use)


def test_of_a_long_text_the_part_that_is_read_is_explained(
    settings: Settings, store: ModelStore
) -> None:
    publish_head(store, "intent", labels=("a", "b", "c"), seed=3)
    text = " ".join(["card"] * 10 + ["music"] * 500)

    async def use(service: Service) -> None:
        answer = await ask(service, "intent", text)
        assert answer.truncated
        words = answer.data[0].words
        assert 10 < len(words) <= 31  # the encoder reads 32 tokens, two of them special
        assert words[0].text == "card"
        whole = await service.classify(
            ClassifyRequest(model="intent", input=text), timings=Timings()
        )
        results = whole.data[0].results
        assert results is not None
        assert answer.data[0].score == pytest.approx(results[0].labels[0].score, abs=2e-6)
        with pytest.raises(InvalidRequest, match="tokens") as caught:
            await ask(service, "intent", text, truncate="error")
        assert caught.value.param == "input"

    run(settings, use)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello", ["hello"]),
        ("?!", []),
        ("   \n?", []),
        ("我的卡没到", ["我", "的", "卡", "没", "到"]),
        ("no 😡👨\u200d👩\u200d👧", ["no", "😡", "👨\u200d👩\u200d👧"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("\ufb01ne \uff41\uff42", ["\ufb01ne", "\uff41\uff42"]),
        ("a\x00b\u200bc  d", ["a", "b", "c", "d"]),
    ],
)
def test_any_script(settings: Settings, store: ModelStore, text: str, words: list[str]) -> None:
    publish_head(store, "intent", labels=("a", "b", "c"), seed=3)

    async def use(service: Service) -> None:
        (found,) = (await ask(service, "intent", text)).data
        assert [word.text for word in found.words] == words
        assert [text[word.start : word.end] for word in found.words] == words
        assert all(math.isfinite(word.log_odds) for word in found.words)

    run(settings, use)


def test_refusals_name_the_field(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "intent")

    async def use(service: Service) -> None:
        for text in ("", "  \n", "\u200b", "\ud800"):
            with pytest.raises(InvalidRequest) as refused:
                await ask(service, "intent", text)
            assert refused.value.param == "input"
        with pytest.raises(PayloadTooLarge) as large:
            await ask(service, "intent", "x" * 100_001)
        assert large.value.param == "input"
        with pytest.raises(UnknownModel) as unknown:
            await ask(service, ["intent", "nope"], TEXT)
        assert unknown.value.param == "model[1]"

    run(settings, use)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x" * 100_000, 1),  # one unknown token
        ("\u0301" * 100_000, 1),
        ("?" * 100_000, 0),
        ("a " * 50_000, 31),  # all that is read, and the word at which the length is over
        ("\u6211" * 100_000, 31),
    ],
)
def test_the_longest_text_is_answered(
    settings: Settings, store: ModelStore, text: str, words: int
) -> None:
    publish_head(store, "intent")

    async def use(service: Service) -> None:
        answer = await ask(service, "intent", text)
        assert len(answer.data[0].words) == words
        assert answer.usage.rows == words + 1

    run(settings, use)


def test_bounds_of_time_and_of_rows(store: ModelStore, settings: Settings) -> None:
    publish_head(store, "intent")
    small = msgspec.structs.replace(
        settings, serving=msgspec.structs.replace(settings.serving, max_pending_rows=20)
    )

    async def use(service: Service) -> None:
        request = ExplainRequest(model="intent", input=TEXT)
        with pytest.raises(DeadlineExceeded):
            await service.explain(request, timings=Timings(), deadline=time.monotonic() - 1)
        answers = await asyncio.gather(
            *(ask(service, "intent", TEXT) for _ in range(3)), return_exceptions=True
        )
        assert sum(isinstance(each, Overloaded) for each in answers) == 2

    run(small, use)


def test_rows_are_counted_and_phases_timed(settings: Settings, store: ModelStore) -> None:
    publish_head(store, "intent")

    async def use(service: Service) -> None:
        timings = Timings()
        request = ExplainRequest(model="intent", input=TEXT)
        await service.explain(request, timings=timings)
        assert min(timings.queue, timings.tokenize, timings.encode, timings.head) > 0
        counted = service.metrics.snapshot()["counters"]
        assert ["cuebox_rows_total", [["model", "intent"]], 5] in counted

    run(settings, use)
