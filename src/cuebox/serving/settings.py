"""What the service loads and how much it admits."""

from __future__ import annotations

from typing import Annotated

import msgspec

from cuebox.core.generation import StopAt

__all__ = ["ExplainSettings", "ServingSettings", "SuggestSettings"]

Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]


class SuggestSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Suggestions in a conversation, where a request does not say otherwise.

    Attributes:
        max_time_ms: time for replies and completion together; what is late is left out.
        reply_coverage: share of the moments, the surest, at which replies are shown. A model
            that never measured what that means shows them always. On STAR the defaults save 85 %
            of the typing with 10 shows in vain per 100 keys; all of both saves 91 % with 71.
        reply_floor: least probability of a reply that is shown, even where that is less often:
            a model that knows little of what it is asked is not sure even in its surest moments.
        completion_coverage: the same of inline completions.
        stop_at: an inline completion ends after a whole word, clause, sentence or line; or where
            the keys it may be expected to save are most (`gain`).
        max_tokens: most tokens of an inline completion.
        max_turns: longest conversation.
        max_chars: characters of all that was said and looked up in it.
    """

    max_time_ms: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    reply_coverage: Share = 0.6
    reply_floor: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.3
    completion_coverage: Share = 0.65
    stop_at: StopAt = "gain"
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] = 16
    max_turns: Annotated[int, msgspec.Meta(ge=1)] = 2_000
    max_chars: Annotated[int, msgspec.Meta(ge=1)] = 250_000


class ExplainSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which words of a text mattered.

    Attributes:
        max_spans: most parts of a text that are left out in turn, one run of the encoder each;
            of a text with more words, neighbours are left out together.
    """

    max_spans: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 64


class ServingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Models, bounds and times of the service.

    Attributes:
        models: model references to serve (`name`, `name@alias`, `name@version`); empty serves
            every model whose `production` alias points somewhere.
        max_rows: most input rows of one request.
        max_text_chars: longest input text, in characters.
        max_queue: most jobs waiting for an encoder worker before new ones get 429.
        max_pending_rows: most rows admitted at once over all requests.
        request_timeout: seconds a request may take when the client sets no deadline.
        batch_rows: most waiting texts that one run of the encoder takes together. Nothing ever
            waits for company: under load this halves the cost of a text, and an idle server runs
            each text alone. With dynamic int8 the companions change an embedding slightly
            (cosine .999); 1 makes every answer independent of the load.
        rows_per_job: rows of a bulk request handed to a worker at once; small, so that single
            requests slip in between.
        reload_interval: seconds between looks at the store for moved aliases; 0 never looks.
        suggest: suggestions in a conversation.
        explain: which words of a text mattered.
    """

    models: list[str] = []
    max_rows: Positive = 10_000
    max_text_chars: Positive = 100_000
    max_queue: Positive = 1_024
    max_pending_rows: Positive = 100_000
    request_timeout: Seconds = 30.0
    batch_rows: Annotated[int, msgspec.Meta(ge=1, le=64)] = 8
    rows_per_job: Positive = 8
    reload_interval: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    suggest: SuggestSettings = SuggestSettings()
    explain: ExplainSettings = ExplainSettings()
