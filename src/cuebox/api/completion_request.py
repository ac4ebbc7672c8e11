"""The body of `POST /v1/completions`: OpenAI's fields and ours, checked, one request a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from cuebox.api.errors import UnsupportedParameter
from cuebox.core.errors import InvalidRequest, PayloadTooLarge
from cuebox.core.generation import GenerateRequest, StopAt

if TYPE_CHECKING:
    from cuebox.api.settings import LimitSettings

__all__ = ["CompletionRequest", "StreamOptions", "generate_requests"]

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=130)]
# The model has closer bounds of its own; these keep numbers within what can be handed to it.
Choices = Annotated[int, msgspec.Meta(ge=1, le=128)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
TokenId = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Penalty = Annotated[float, msgspec.Meta(ge=-2, le=2)]
Bias = Annotated[float, msgspec.Meta(ge=-100, le=100)]
StopText = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Prompt = str | list[int]


class StreamOptions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a stream holds besides the text; only with `stream`.

    Attributes:
        include_usage: a last event without choices, with the usage of the whole request.
        include_obfuscation: random padding; this server adds none, so `true` is refused.
    """

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class CompletionRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Continue a text: OpenAI's fields, then the extensions; null is as good as leaving one out.

    Attributes:
        model: a served completion model.
        prompt: a text, texts, token ids, or lists of token ids; an empty text or null begins a
            document. Prompt `i` has the choices `i * n` to `i * n + n - 1`.
        best_of: how many are generated, of which the `n` best are answered; `n` unless given.
        echo: answer the prompt as well.
        frequency_penalty: lowers the logit of a token by this much for each use in the answer.
        logit_bias: token id to what is added to its logit.
        logprobs: so many alternatives at each token, beside the chosen one.
        max_tokens: most new tokens of each choice; 0 only with `echo`.
        n: how many choices.
        presence_penalty: lowers the logit of every token that the answer has already.
        seed: the same request with the same seed gives the same answer.
        stop: up to 4 texts; an answer ends before the first of them.
        stream: server-sent events, one for each new piece of text, then `[DONE]`.
        stream_options: what the stream holds besides.
        suffix: not supported; null or empty only.
        temperature: 0 always takes the most probable token.
        top_p: sample from the smallest set of tokens that has this probability together.
        user: taken, and not used.
        top_k: extension: sample from the so many most probable tokens; 0 from all.
        repetition_penalty: extension: divides the logits of tokens of prompt and answer; 1 is
            none.
        heal: extension: a text that ends within a word is continued within that word, as if its
            end had not been cut into tokens yet. What was typed is never changed.
        stop_at: extension: end after a whole word, clause, sentence or line; `gain` ends within
            a sentence after the word up to which the keys saved, times the chance that all of it
            is right, are most. Unless `none`, an answer never ends within a word, not even when
            its tokens are used up.
        distinct: extension: a choice that says the same as another is replaced; where there is
            nothing else to say, there are fewer choices.
        min_score: extension: leave out choices whose `score` (mean log-probability of a token;
            with `stop_at: gain` of all of them together) is below.
        coverage: extension: answer only so large a share of prompts, those of which the model
            is surest; the threshold comes from validation data. With `min_score` as well, the
            stricter counts.
        max_time_ms: extension: answer with what there is after this time; without any choice
            where not even the prompt was read by then.
        session: extension: a newer request of the same session and client takes the place of
            this one, which is answered 409 `superseded`. For one prompt only; a client is an
            API key, or an address where none is asked for, so choose a random name.
    """

    model: Name
    prompt: str | list[str | TokenId | list[TokenId]] | None
    best_of: Choices | None = None
    echo: bool | None = False
    frequency_penalty: Penalty | None = 0.0
    logit_bias: Annotated[dict[int, Bias], msgspec.Meta(max_length=1024)] | None = None
    logprobs: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    max_tokens: Count | None = 16
    n: Choices | None = 1
    presence_penalty: Penalty | None = 0.0
    seed: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    stop: StopText | Annotated[list[StopText], msgspec.Meta(max_length=4)] | None = None
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    suffix: str | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = 1.0
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = 1.0
    user: str | None = None
    top_k: Count | None = 0
    repetition_penalty: Annotated[float, msgspec.Meta(gt=0, le=10)] | None = 1.0
    heal: bool | None = True
    stop_at: StopAt | None = "none"
    distinct: bool | None = True
    min_score: Annotated[float, msgspec.Meta(le=0)] | None = None
    coverage: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    max_time_ms: Annotated[float, msgspec.Meta(gt=0, le=3_600_000)] | None = None
    session: Annotated[str, msgspec.Meta(max_length=128)] | None = ""


# Fields that are the same in the wire's request and the generator's.
_SHARED = tuple(
    name
    for name in GenerateRequest.__struct_fields__
    if name in CompletionRequest.__struct_fields__ and name not in ("prompt", "stop")
)


def generate_requests(
    asked: CompletionRequest, limits: LimitSettings, *, client: str
) -> list[GenerateRequest]:
    """What the generator is asked, one request for each prompt.

    Raises:
        InvalidRequest: fields that do not go together, or one over its limit; `param` names it.
        PayloadTooLarge: too many prompts.
    """
    prompts = _prompts(asked.prompt, limits)
    if (asked.logprobs or 0) > limits.max_logprobs:
        raise InvalidRequest(
            f"logprobs is {asked.logprobs}, the most is {limits.max_logprobs}", param="logprobs"
        )
    _check_together(asked, len(prompts))
    values: dict[str, Any] = {
        name: value for name in _SHARED if (value := getattr(asked, name)) is not None
    }
    stop = [asked.stop] if isinstance(asked.stop, str) else asked.stop or []
    return [
        GenerateRequest(prompt=prompt, stop=stop, client=client, **values) for prompt in prompts
    ]


def _prompts(given: str | list[Any] | None, limits: LimitSettings) -> list[Prompt]:
    """The prompts, each a text or token ids."""
    if given is None or isinstance(given, str):
        prompts: list[Prompt] = [given or ""]
    elif not given:
        raise InvalidRequest("prompt is an empty list: send at least one prompt", param="prompt")
    elif isinstance(given[0], int):
        _check_alike(given, int, "a token id")
        prompts = [given]
    else:
        _check_alike(given, type(given[0]), "a text" if isinstance(given[0], str) else "token ids")
        prompts = given
    if len(prompts) > limits.max_prompts:
        raise PayloadTooLarge(
            f"{len(prompts)} prompts came, the most is {limits.max_prompts}: send several requests",
            param="prompt",
        )
    for index, prompt in enumerate(prompts):
        if not prompt and not isinstance(prompt, str):
            raise InvalidRequest("the list of token ids is empty", param=f"prompt[{index}]")
    return prompts


def _check_alike(values: list[Any], kind: type, name: str) -> None:
    for index, value in enumerate(values):
        if not isinstance(value, kind):
            raise InvalidRequest(
                f"prompt begins with {name}, so everything in it must be: "
                f"entry {index} is something else",
                param=f"prompt[{index}]",
            )


def _check_together(asked: CompletionRequest, prompts: int) -> None:
    """Fields that exclude or need one another."""
    options = asked.stream_options
    if asked.suffix:
        raise UnsupportedParameter(
            "no model here fills in before a suffix: leave it out", param="suffix"
        )
    if options is not None and not asked.stream:
        raise InvalidRequest("stream_options need stream: true", param="stream_options")
    if options is not None and options.include_obfuscation:
        raise UnsupportedParameter(
            "this server adds no obfuscation: leave it out or send false",
            param="stream_options.include_obfuscation",
        )
    if asked.max_tokens == 0 and not asked.echo:
        raise InvalidRequest("max_tokens may be 0 only with echo: true", param="max_tokens")
    if asked.session and prompts > 1:
        raise InvalidRequest(
            f"a session is of one prompt, and {prompts} came: send them apart", param="session"
        )
    _check_best_of(asked)


def _check_best_of(asked: CompletionRequest) -> None:
    n = asked.n or 1
    if asked.best_of is not None and asked.best_of < n:
        raise InvalidRequest(
            f"best_of is {asked.best_of}, so there are no {n} choices to answer: "
            "send at least n, or leave it out",
            param="best_of",
        )
    if asked.stream and asked.best_of is not None and asked.best_of > n:
        raise InvalidRequest(
            "the best are known at the end only: best_of over n cannot be streamed",
            param="best_of",
        )
