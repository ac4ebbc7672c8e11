"""A running server as a suggester, asked over `POST /v1/suggest`."""

from __future__ import annotations

import http.client
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from cuebox.core.errors import ConfigError, Unavailable
from cuebox.core.replies import RankedReply
from cuebox.kinds.reply.replay.offers import InlineCompletion, Offered
from cuebox.serving.suggestion_requests import MinScores, SuggestRequest, SuggestResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.conversation import Turn

__all__ = ["ServedSuggest"]

_TIMEOUT_SECONDS = 60
# Everything the models have to say: who replays applies thresholds later, to the same answers.
_ALL = MinScores(reply=0, completion=-1e9)


class ServedSuggest:
    """Asks one reply model of a server; every thread has a connection of its own."""

    def __init__(
        self, url: str, model: str, *, replies: int, completions: bool, key: str = ""
    ) -> None:
        """`key` is an API key; `completions` asks for inline completions as well.

        Raises:
            ConfigError: `url` is not the address of a server.
        """
        where = urlsplit(url)
        if where.scheme not in {"http", "https"} or not where.hostname:
            raise ConfigError(f"--url {url!r}: expected something like http://127.0.0.1:8080")
        self._url = url
        self._secure = where.scheme == "https"
        self._host, self._port = where.hostname, where.port
        self._path = f"{where.path.rstrip('/')}/v1/suggest"
        self._model = model
        self._replies = replies
        self._completions = completions
        self._headers = {"Content-Type": "application/json"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._own = threading.local()
        self._decoder = msgspec.json.Decoder(SuggestResponse)

    def __call__(self, turns: Sequence[Turn], draft: str) -> Offered:
        """What the server suggests, with time enough for both sources.

        Raises:
            Unavailable: it cannot be reached, or answered an error.
        """
        asked = SuggestRequest(
            conversation=list(turns),
            draft=draft,
            k=self._replies,
            model=self._model,
            completion=self._completions,
            min_score=_ALL,
            max_time_ms=1e3 * _TIMEOUT_SECONDS,
        )
        answer = self._decoder.decode(self._post(msgspec.json.encode(asked)))
        if answer.failed or answer.late:
            reasons = [one.message for one in answer.failed]
            reasons += [f"{source} was late" for source in answer.late]
            raise Unavailable(f"{self._url}: {'; '.join(reasons)}")
        completion = answer.completion
        return Offered(
            [
                RankedReply(answer=one.answer, text=one.text, slots=one.slots, score=one.score)
                for one in answer.replies
            ],
            None if completion is None else InlineCompletion(completion.text, completion.score),
        )

    def _post(self, body: bytes) -> bytes:
        connection = self._connection()
        try:
            connection.request("POST", self._path, body, self._headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unavailable(f"{self._url}: {error or type(error).__name__}") from error
        if response.status != http.client.OK:
            said = content[:300].decode("utf-8", "replace")
            raise Unavailable(f"{self._url} answered {response.status}: {said}")
        return content

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._own, "connection"):
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._own.connection = kind(self._host, self._port, timeout=_TIMEOUT_SECONDS)
        connection: http.client.HTTPConnection = self._own.connection
        return connection
