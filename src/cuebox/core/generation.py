"""What a generator is asked and what it answers; plain data that crosses the process border."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = [
    "Choice",
    "Completed",
    "Delta",
    "FinishReason",
    "GenerateRequest",
    "StopAt",
    "TokenLogprobs",
    "Usage",
]

StopAt = Literal["none", "word", "clause", "sentence", "line", "gain"]
FinishReason = Literal["stop", "length"]


class GenerateRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One prompt to continue. Ranges are checked before it is made.

    Attributes:
        prompt: text, or token ids (never healed).
        n: choices answered.
        best_of: choices generated, of which the `n` best are answered; `n` when None.
        max_tokens: most new tokens of each choice; 0 only with `echo`.
        temperature: 0 is greedy.
        top_p: the smallest set of tokens with this probability; 1 is all.
        top_k: this many most probable tokens; 0 is all.
        repetition_penalty: divides the logits of seen tokens (prompt and answer); 1 is none.
        presence_penalty, frequency_penalty: subtracted once, or per use, for tokens of the answer.
        logit_bias: token id to what is added to its logit.
        stop: texts before which an answer ends.
        seed: the same seed gives the same answer; None draws one.
        echo: answer the prompt as well.
        logprobs: alternatives reported at each token; None reports nothing, 0 the chosen only.
        stream: deltas as they come, else everything at the end.
        heal: continue the last, perhaps unfinished word of a text prompt as if it had not been
            cut into tokens yet.
        stop_at: end after a whole word, clause, sentence or line; `gain` ends within a sentence
            after the word up to which the keys saved, times the chance that all of it is right,
            are most. But for `none` an answer never ends within a word.
        distinct: replace choices that say the same as another.
        min_score: leave out choices whose `score` is below; None is all.
        max_time_ms: answer with what there is after this time, counted from its admission.
        session: a newer request of the same session supersedes this one; empty is none.
        client: whose session it is, and who shares the machine fairly; never from the body.
    """

    prompt: str | list[int]
    n: int = 1
    best_of: int | None = None
    max_tokens: int = 16
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: dict[int, float] = {}
    stop: list[str] = []
    seed: int | None = None
    echo: bool = False
    logprobs: int | None = None
    stream: bool = False
    heal: bool = True
    stop_at: StopAt = "none"
    distinct: bool = True
    min_score: float | None = None
    max_time_ms: float | None = None
    session: str = ""
    client: str = ""


class TokenLogprobs(msgspec.Struct, frozen=True):
    r"""The OpenAI form: parallel lists, one entry per token.

    Attributes:
        tokens: text of each token; a token that is not UTF-8 by itself is `bytes:\xe2\x82`.
        token_logprobs: natural log; None for the first token of an echoed prompt.
        top_logprobs: the most probable tokens at each place; None where there are none.
        text_offset: where each token begins, in characters of prompt and answer.
    """

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None] | None
    text_offset: list[int]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One answer.

    Attributes:
        index: 0 is the best, by a mean like `score` in which each token weighs half as much as the
            one before: how a suggestion begins decides whether it is of use.
        score: mean log-probability per token of what was added, given what was typed; before
            temperature and penalties. With `stop_at="gain"` their sum: the natural log of the
            chance that all of it is right.
        tokens: new tokens of the text.
    """

    index: int
    text: str
    finish_reason: FinishReason
    score: float
    tokens: int
    logprobs: TokenLogprobs | None = None


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens read and written.

    Attributes:
        prompt_tokens: tokens of the prompt that the model saw.
        completion_tokens: tokens generated for all choices, the discarded ones included.
        cached_tokens: of the prompt, tokens whose keys and values were remembered.
        dropped_tokens: of the prompt, tokens before the model's window.
    """

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    dropped_tokens: int = 0


class Delta(msgspec.Struct, frozen=True, kw_only=True, tag="delta"):
    """More of one choice of a streamed answer; with `finish_reason`, its last."""

    index: int
    text: str
    finish_reason: FinishReason | None = None
    score: float | None = None
    logprobs: TokenLogprobs | None = None


class Completed(msgspec.Struct, frozen=True, kw_only=True, tag="completed"):
    """The end of an answer; `choices` are best first, empty when it was streamed.

    Attributes:
        queue_ms: from admission to the first work on it.
        first_token_ms: from admission to the first new token of any choice.
        total_ms: from admission to the end.
        steps: decoding steps the request took part in.
    """

    choices: list[Choice]
    usage: Usage
    queue_ms: float
    first_token_ms: float
    total_ms: float
    steps: int
