"""What the `openai` client makes of completions that go wrong; the service behind is a fake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
import pytest

from cuebox.core.errors import Conflict, Overloaded, Unavailable
from tests.fakes.http_server import RunningServer, running_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path) as running:
        yield running


def ask(server: RunningServer, *, retries: int = 0, **fields: Any) -> Any:
    url = f"http://127.0.0.1:{server.port}/v1"
    with openai.OpenAI(base_url=url, api_key="none", max_retries=retries) as client:
        create: Any = client.completions.create
        answer = create(**{"model": "writer", "prompt": "hello", "max_tokens": 3} | fields)
        return list(answer) if fields.get("stream") else answer


def test_superseded_is_final(server: RunningServer) -> None:
    """The client repeats a 409 unless told not to, and would supersede the newer request."""
    server.service.fail = Conflict("a newer request came")
    for stream in (False, True):
        with pytest.raises(openai.ConflictError) as caught:
            ask(server, retries=2, stream=stream)
        assert caught.value.code == "superseded"
    assert len(server.service.prompts) == 2


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Overloaded("the queue is full", retry_after=1), openai.RateLimitError),
        (Unavailable("the engine is down", retry_after=1), openai.InternalServerError),
    ],
)
def test_errors_worth_another_try_say_when(
    server: RunningServer, error: Exception, expected: type[openai.APIStatusError]
) -> None:
    server.service.fail = error
    with pytest.raises(expected) as caught:
        ask(server)
    assert caught.value.response.headers["retry-after"] == "1"


def test_an_error_in_the_middle_of_a_stream_is_raised(server: RunningServer) -> None:
    server.service.fail_late = Unavailable("the engine went down")
    with pytest.raises(openai.APIError, match="the engine went down") as caught:
        ask(server, stream=True)
    assert caught.value.code == "unavailable"


def test_a_stream_ends_by_itself(server: RunningServer) -> None:
    chunks = ask(server, stream=True, n=2, stream_options={"include_usage": True})
    assert sum(len(chunk.choices) for chunk in chunks) == 2 * 3
    assert chunks[-1].usage.completion_tokens == 2 * 3
