"""What a model refuses before a request takes any place; every refusal names the field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.errors import InvalidRequest

if TYPE_CHECKING:
    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.generation import GenerateRequest
    from cuebox.generation.settings import GenerationSettings

__all__ = ["Limits"]


class Limits:
    """Bounds of one model on this machine.

    Attributes:
        context: most tokens of a sequence, by the model's shape and by the memory it was given.
    """

    def __init__(self, spec: DecoderSpec, settings: GenerationSettings, cached_tokens: int) -> None:
        self._vocab = spec.vocab
        self._settings = settings
        self.context = min(spec.context, cached_tokens)
        # Beside the answer there must be room for its beginning: BOS and a token of the prompt.
        self._max_tokens = min(settings.max_tokens, self.context - 2)

    def check(self, request: GenerateRequest) -> None:
        """Raise `InvalidRequest` when a number or the prompt is over its bound."""
        settings = self._settings
        _at_most("n", request.n, settings.max_choices)
        _at_most("best_of", request.best_of or 0, settings.max_choices)
        _at_most("max_tokens", request.max_tokens, self._max_tokens)
        prompt = request.prompt
        if isinstance(prompt, str):
            _not_longer(len(prompt), settings.max_prompt_chars, "characters")
        else:
            _not_longer(len(prompt), settings.max_prompt_tokens, "tokens")
        for token in request.logit_bias:
            self._known(token, "logit_bias")

    def check_tokens(self, tokens: list[int], begin: int) -> None:
        """Raise `InvalidRequest` for an id of the prompt that the model does not have.

        Args:
            tokens: ids the model would read.
            begin: place of the first of them in the prompt.
        """
        if tokens and (min(tokens) < 0 or max(tokens) >= self._vocab):
            for place, token in enumerate(tokens, begin):
                self._known(token, f"prompt[{place}]")

    def check_whole(self, tokens: int) -> None:
        """Raise `InvalidRequest` when a sequence does not fit into the model as a whole."""
        if tokens > self.context:
            raise InvalidRequest(
                f"{tokens} tokens, but the model attends to {self.context}: send fewer",
                param="prompt",
            )

    def _known(self, token: int, param: str) -> None:
        if not 0 <= token < self._vocab:
            raise InvalidRequest(
                f"token id {token} is not in the model's vocabulary: use 0 to {self._vocab - 1}",
                param=param,
            )


def _at_most(param: str, value: int, most: int) -> None:
    if value > most:
        raise InvalidRequest(f"{param} is {value}, use at most {most}", param=param)


def _not_longer(length: int, most: int, unit: str) -> None:
    if length > most:
        raise InvalidRequest(
            f"the prompt has {length:,} {unit}, send at most {most:,}; the model reads the end of "
            "it only",
            param="prompt",
        )
