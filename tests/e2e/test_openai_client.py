"""The `openai` client, unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import openai
import pytest

from tests.fakes.models import embed_tiny

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.server_process import ServerProcess


@pytest.fixture
def client(server: ServerProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_models(client: openai.OpenAI) -> None:
    assert sorted(model.id for model in client.models.list()) == ["intent", "mood", "tiny"]
    model = client.models.retrieve("mood")
    assert (model.object, model.owned_by) == ("model", "cuebox")
    assert model.created > 1_700_000_000


@pytest.mark.parametrize("form", [None, "float", "base64"])
def test_embeddings(client: openai.OpenAI, form: str | None) -> None:
    texts = ["where is my card", "play some music"]
    options = {"encoding_format": form} if form else {}
    answer = client.embeddings.create(model="tiny", input=texts, **options)  # type: ignore[arg-type]
    assert answer.model == "tiny"
    assert answer.usage.total_tokens > 4
    if form != "base64":
        got = np.array([row.embedding for row in answer.data], np.float32)
        # int8 activations are scaled per batch, so a batch of two differs a little from one.
        assert ((got * embed_tiny(texts)).sum(axis=1) > 0.99).all()


def test_one_text_token_ids_and_dimensions(client: openai.OpenAI) -> None:
    one = client.embeddings.create(model="tiny", input="hello")
    assert len(one.data) == 1
    ids = client.embeddings.create(model="tiny", input=[[2, 5, 3], [2, 6, 3]])
    assert len(ids.data) == 2
    short = client.embeddings.create(model="tiny", input="hello", dimensions=8)
    assert len(short.data[0].embedding) == 8
    assert np.linalg.norm(short.data[0].embedding) == pytest.approx(1, abs=1e-4)


def test_its_errors_are_the_clients_own(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.embeddings.create(model="nobody", input="hello")
    assert missing.value.code == "model_not_found"
    assert missing.value.param == "model"
    with pytest.raises(openai.BadRequestError) as bad:
        client.embeddings.create(model="tiny", input=["a", {"b": 1}])  # type: ignore[arg-type]
    assert bad.value.param == "input[1]"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nobody")


async def _embed_async(url: str) -> int:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none") as client:
        return len((await client.embeddings.create(model="tiny", input="hello")).data)


def test_the_async_client(server: ServerProcess) -> None:
    import asyncio

    assert asyncio.run(_embed_async(server.url)) == 1
