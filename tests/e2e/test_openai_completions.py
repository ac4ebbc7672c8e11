"""Completions with the `openai` client, unchanged, against a real server and engine."""

from __future__ import annotations

import asyncio
import json
import math
from typing import TYPE_CHECKING, Any

import openai
import pytest

from cuebox.store import open_store
from tests.fakes.models import publish_head
from tests.fakes.server_process import ServerProcess, server_process
from tests.fakes.tiny_writer import publish_writer

if TYPE_CHECKING:
    from collections.abc import Iterator

PROMPT = "I would like to cancel my order, please. The captain"
CONTEXT = 128


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("writer")
    store = open_store(str(folder / "store"), cache_dir=str(folder / "cache"))
    publish_writer(store, folder / "files", context=CONTEXT)
    publish_head(store, "mood", labels=("sad", "glad"))
    with server_process(folder) as running:
        yield running


@pytest.fixture
def client(writer: ServerProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{writer.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def ask(client: openai.OpenAI, **fields: Any) -> Any:
    create: Any = client.completions.create
    return create(**{"model": "writer", "prompt": PROMPT, "max_tokens": 8, "seed": 7} | fields)


def refused(client: openai.OpenAI, **fields: Any) -> openai.BadRequestError:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, **fields)
    return caught.value


def streamed(client: openai.OpenAI, **fields: Any) -> dict[int, str]:
    """The text of each choice of a stream, put together."""
    found: dict[int, str] = {}
    for chunk in ask(client, stream=True, **fields):
        for choice in chunk.choices:
            found[choice.index] = found.get(choice.index, "") + choice.text
    return found


def test_it_is_listed(client: openai.OpenAI) -> None:
    assert sorted(model.id for model in client.models.list()) == ["mood", "writer"]


def test_an_answer(client: openai.OpenAI) -> None:
    answer = ask(client)
    assert answer.object == "text_completion"
    assert answer.model == "writer"
    assert answer.id.startswith("cmpl-")
    assert answer.system_fingerprint
    (choice,) = answer.choices
    assert (choice.index, choice.logprobs) == (0, None)
    assert choice.text
    assert choice.finish_reason in ("stop", "length")
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert 1 <= usage.completion_tokens <= 8


def test_the_same_seed_gives_the_same_text(client: openai.OpenAI) -> None:
    first, again, other = (ask(client, n=3, seed=seed) for seed in (1, 1, 2))
    texts = [[choice.text for choice in each.choices] for each in (first, again, other)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_choices_differ_and_the_best_comes_first(client: openai.OpenAI) -> None:
    choices = ask(client, n=4, temperature=0.9).choices
    assert [choice.index for choice in choices] == list(range(len(choices)))
    assert len({choice.text for choice in choices}) == len(choices) > 1
    assert all(choice.score < 0 for choice in choices)


def test_best_of_answers_what_would_come_first(client: openai.OpenAI) -> None:
    first = ask(client, n=6).choices[0]
    (best,) = ask(client, best_of=6).choices
    assert best == first


def test_a_stream_has_the_text_of_the_whole(client: openai.OpenAI) -> None:
    for fields in ({"temperature": 0}, {"n": 3}, {"prompt": [PROMPT, "Thank you"], "n": 2}):
        whole = {choice.text for choice in ask(client, **fields).choices}
        assert set(streamed(client, **fields).values()) == whole


def test_a_stream_with_usage(client: openai.OpenAI) -> None:
    *chunks, last = ask(client, stream=True, stream_options={"include_usage": True})
    assert all(chunk.usage is None for chunk in chunks)
    assert last.choices == []
    assert last.usage.completion_tokens >= 1
    ends = [choice for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    assert len(ends) == 1


def test_prompts_of_every_form(client: openai.OpenAI) -> None:
    answer = ask(client, prompt=["I would", "Thank you", ""], n=2)
    assert {choice.index for choice in answer.choices} <= set(range(6))
    assert {0, 2, 4} <= {choice.index for choice in answer.choices}
    assert ask(client, prompt=[10, 20, 30]).usage.prompt_tokens >= 3
    assert len(ask(client, prompt=[[10, 20], [30]]).choices) == 2


def test_a_growing_prompt_is_remembered(client: openai.OpenAI) -> None:
    text = "Could you tell me where the station is? It is near the"
    ask(client, prompt=text)
    again = ask(client, prompt=text + " river").usage
    assert again.prompt_tokens_details.cached_tokens > 0


def test_echo_with_logprobs(client: openai.OpenAI) -> None:
    answer = ask(client, prompt=PROMPT, echo=True, max_tokens=0, logprobs=2)
    (choice,) = answer.choices
    assert choice.text == PROMPT
    logprobs = choice.logprobs
    assert "".join(logprobs.tokens) == PROMPT
    assert logprobs.token_logprobs[0] is None or logprobs.token_logprobs[0] <= 0
    assert all(value <= 0 for value in logprobs.token_logprobs[1:])
    assert [PROMPT[at:][: len(t)] for at, t in zip(logprobs.text_offset, logprobs.tokens, strict=True)] == logprobs.tokens  # fmt: skip
    more = ask(client, echo=True, max_tokens=4, logprobs=0).choices[0]
    assert more.text.startswith(PROMPT)
    assert len(more.logprobs.tokens) > len(logprobs.tokens)


def test_logprobs_of_the_answer(client: openai.OpenAI) -> None:
    choice = ask(client, logprobs=3, temperature=0).choices[0]
    logprobs = choice.logprobs
    assert len(logprobs.tokens) == len(logprobs.token_logprobs) == len(logprobs.top_logprobs)
    for chosen, top in zip(logprobs.token_logprobs, logprobs.top_logprobs, strict=True):
        # Greedy: nothing was more probable.
        assert chosen == pytest.approx(max(top.values()), abs=1e-4)
        assert math.fsum(math.exp(value) for value in top.values()) <= 1 + 1e-3


def test_stop(client: openai.OpenAI) -> None:
    full = ask(client, temperature=0, max_tokens=12, extra_body={"heal": False}).choices[0].text
    cut = full[len(full) // 2 :][:2]
    choice = ask(
        client, temperature=0, max_tokens=12, stop=[cut, "\u0000"], extra_body={"heal": False}
    ).choices[0]
    assert choice.text == full[: full.index(cut)]
    assert choice.finish_reason == "stop"


def test_logit_bias(client: openai.OpenAI) -> None:
    (token,) = ask(client, temperature=0, max_tokens=1, logprobs=0, prompt=[9, 8]).choices
    banned = {str(i): -100 for i in range(4, 20)}
    assert ask(client, prompt=[9, 8], logit_bias=banned).choices[0].text
    assert token.logprobs is not None
    error = refused(client, logit_bias={"99999": 1})
    assert error.param == "logit_bias"


def test_extensions(client: openai.OpenAI) -> None:
    def text(**extra: Any) -> str:
        choices = ask(client, prompt="I would lik", extra_body=extra).choices
        return choices[0].text if choices else ""

    assert text(stop_at="word", heal=True)
    assert text(top_k=1, heal=False) == text(top_k=1, heal=False)
    assert text(max_time_ms=5_000, repetition_penalty=1.3)
    assert text(min_score=0.0) == ""
    assert text(coverage=0.1) == ""
    assert text(coverage=1.0)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 100}, "n"),
        ({"n": 2, "best_of": 1}, "best_of"),
        ({"max_tokens": 5_000}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"suffix": "end"}, "suffix"),
        ({"logprobs": 50}, "logprobs"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [10, 99_999]}, "prompt[1]"),
        ({"prompt": [[10], [99_999]]}, "prompt[1][0]"),
        ({"model": "mood"}, "model"),
        ({"extra_body": {"stop_at": "page"}}, "stop_at"),
        ({"extra_body": {"max_token": 3}}, "max_token"),
    ],
)
def test_what_is_refused_is_named(
    client: openai.OpenAI, fields: dict[str, Any], param: str
) -> None:
    assert refused(client, **fields).param == param


def test_a_prompt_over_the_window_is_answered_and_told(client: openai.OpenAI) -> None:
    usage = ask(client, prompt=PROMPT * 60).usage
    assert usage.prompt_tokens < CONTEXT
    assert usage.dropped_tokens > 0


def test_other_kinds_of_question(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model="writer", input="a")
    assert caught.value.param == "model"
    with pytest.raises(openai.NotFoundError):
        ask(client, model="nobody")


def test_a_stream_that_is_left_frees_its_place(client: openai.OpenAI) -> None:
    for _ in range(20):
        stream = ask(client, stream=True, n=4, max_tokens=60)
        next(iter(stream))
        stream.close()
    assert ask(client).choices


async def _supersede(url: str) -> tuple[object, object]:
    """What came of an older and a newer request of one session; retries are on."""
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=2) as client:

        async def one(tokens: int) -> object:
            return await client.completions.create(
                model="writer",
                prompt=PROMPT,
                max_tokens=tokens,
                logit_bias={"0": -100, "3": -100},
                extra_body={"session": "tab"},
            )

        older = asyncio.create_task(one(100))
        await asyncio.sleep(0.01)
        newer = asyncio.create_task(one(4))
        first, second = await asyncio.gather(older, newer, return_exceptions=True)
        return first, second


def test_a_newer_request_of_the_session_supersedes(writer: ServerProcess) -> None:
    older, newer = asyncio.run(_supersede(writer.url))
    assert isinstance(newer, openai.types.Completion)
    # The older may have been faster than this test; superseded it says so, and is not repeated.
    if isinstance(older, openai.ConflictError):
        assert older.code == "superseded"
    else:
        assert isinstance(older, openai.types.Completion)


def test_server_timing_and_metrics(writer: ServerProcess) -> None:
    body = {"model": "writer", "prompt": PROMPT}
    status, answer, headers = writer.request("POST", "/v1/completions", body)
    assert status == 200
    assert "total_tokens" in answer["usage"]
    names = [part.split(";")[0] for part in headers["server-timing"].split(", ")]
    assert names == ["queue", "first_token", "generate", "total"]
    _, text, _ = writer.request("GET", "/metrics")
    assert 'cuebox_completions_total{model="writer",outcome="completed"}' in text


def test_a_stream_by_hand(writer: ServerProcess) -> None:
    body = {"model": "writer", "prompt": PROMPT, "stream": True, "max_tokens": 3}
    status, text, headers = writer.request("POST", "/v1/completions", body)
    assert status == 200
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    *events, done, end = text.split("\n\n")
    assert (done, end) == ("data: [DONE]", "")
    assert all(json.loads(event.removeprefix("data: "))["choices"] for event in events)
