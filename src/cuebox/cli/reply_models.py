"""The models of an evaluation of replies: loaded here, or behind a running server."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cuebox.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack

    from cuebox.app.settings import Settings
    from cuebox.core.generation import StopAt
    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import CompletionPredictor, ModelStore, Predictor, ReplyPredictor
    from cuebox.kinds.reply.replay.in_process import Completer
    from cuebox.kinds.reply.replay.nearest import Embed
    from cuebox.kinds.reply.replay.offers import Suggest
    from cuebox.kinds.reply.replay.typist import Policy
    from cuebox.training.held_out import Split

__all__ = ["ReplyModels", "ReplyOptions"]

_ENDS: Mapping[StopAt, str] = {
    "none": "after its last token",
    "word": "with a word",
    "clause": "with a clause",
    "sentence": "with a sentence",
    "line": "with a line",
    "gain": "where the keys it may be expected to save are most",
}


@dataclass(frozen=True, slots=True)
class ReplyOptions:
    """What can be asked of an evaluation.

    Attributes:
        split: conversations to type again.
        sample: how many of them; None is all.
        seed: which ones.
        replies: shown at most.
        completions: whether the completion model is judged too.
        baselines: whether to judge what does without the model.
        workers: conversations typed at once.
        url: of a running server to ask; empty loads the models here.
        key: API key for it.
    """

    split: Split = "test"
    sample: int | None = None
    seed: int = 0
    replies: int = 3
    completions: bool = True
    baselines: bool = True
    workers: int = 4
    url: str = ""
    key: str = ""


class ReplyModels:
    """The reply model, the completion model beside it, and how they are asked."""

    def __init__(
        self, settings: Settings, store: ModelStore, manifest: Manifest, options: ReplyOptions
    ) -> None:
        """Load both models.

        Raises:
            ModelError, UnknownModel, VersionNotFound: one cannot be had.
        """
        self.manifest = manifest
        self._settings = settings
        self._store = store
        self._options = options
        self._reply = self._load_reply(manifest)
        self._completion: CompletionPredictor | None = None
        if options.completions and self._reply.completion:
            self._completion = self._load_completion(self._reply.completion)

    @property
    def completes(self) -> bool:
        """Whether there is a completion model."""
        return self._completion is not None

    def digest(self) -> str:
        """Hex SHA-256 of all that decides what is offered."""
        from cuebox.core.digests import sha256_data

        limits, options = self._settings.serving.suggest, self._options
        return sha256_data(
            {
                "models": [_reference(self.manifest), self._completion_name],
                "asked": [options.url, options.replies, options.split, options.seed],
                "completions": [limits.stop_at, limits.max_tokens],
            }
        )

    def suggest(self, stack: ExitStack) -> Suggest:
        """The models in this process, or behind a running server; `stack` closes them."""
        options = self._options
        if options.url:
            from cuebox.cli.suggest_client import ServedSuggest

            return ServedSuggest(
                options.url,
                self.manifest.name,
                replies=options.replies,
                completions=self.completes,
                key=options.key,
            )
        from cuebox.kinds.reply.replay.in_process import InProcess

        complete = None if self._completion is None else self._completer(self._completion, stack)
        return InProcess(self._reply, self._embed(), complete, replies=options.replies)

    def policy(self) -> Policy:
        """What the server would show; everything where a model cannot tell."""
        from cuebox.kinds.reply.replay.typist import Policy
        from cuebox.serving.suggestion_plan import usual_completion_score, usual_reply_score

        limits, replies = self._settings.serving.suggest, self._options.replies
        least = _or_all(usual_reply_score(self._reply, limits))
        if self._completion is None:
            return Policy(replies, least, math.inf)
        return Policy(replies, least, _or_all(usual_completion_score(self._completion, limits)))

    def embed_training(self) -> Embed:
        """The model's encoder for baselines, remembered on disk."""
        from cuebox.app.build import text_embedder

        embed = text_embedder(self._settings, self._store, _reference(self.manifest))
        return lambda texts: embed(texts, self._reply.text)

    def shown(self, policy: Policy) -> dict[str, str]:
        """What of the offers is shown, for a person."""
        limits = self._settings.serving.suggest
        facts = {
            "Replies": f"at most {policy.replies}, at {limits.reply_coverage:.0%} of the moments"
            + _from(policy.min_reply)
        }
        if self._completion is not None:
            facts["Inline completions"] = (
                f"one, at {limits.completion_coverage:.0%} of the places; it ends "
                f"{_ENDS[limits.stop_at]}{_from(policy.min_completion)}"
            )
        return facts

    def facts(self) -> dict[str, str]:
        """What was asked, for a person."""
        facts = {"Model": _reference(self.manifest), "Asked": self._options.url or "in process"}
        if self._completion_name:
            facts["Completion model"] = self._completion_name
        return facts

    @property
    def _completion_name(self) -> str:
        return "" if self._completion is None else _reference(self._completion.manifest)

    def _load_reply(self, manifest: Manifest) -> ReplyPredictor:
        from cuebox.core.ports import ReplyPredictor

        loaded = self._load(manifest)
        if not isinstance(loaded, ReplyPredictor):
            raise ModelError(f"{_reference(manifest)} is not a reply model")
        return loaded

    def _load_completion(self, name: str) -> CompletionPredictor:
        from cuebox.core.ports import CompletionPredictor
        from cuebox.store.references import resolve

        loaded = self._load(resolve(self._store, name))
        if not isinstance(loaded, CompletionPredictor):
            raise ModelError(f"{name} is not a completion model")
        return loaded

    def _load(self, manifest: Manifest) -> Predictor:
        from cuebox.app.kinds import find_kind

        kind = find_kind(manifest.kind)
        return kind.load(manifest, lambda file: self._store.read(manifest.files[file]))

    def _embed(self) -> Embed:
        """The model's encoder; nothing is kept on disk, since a draft is hardly met twice."""
        from cuebox.app.build import encoder_opener
        from cuebox.training.embedder import CachedEmbedder

        spec = self.manifest.encoder
        if spec is None:
            raise ModelError(f"{_reference(self.manifest)} names no encoder")
        tokenizer, session = encoder_opener(self._settings)(
            spec, self._store.fetch(spec.model), self._store.fetch(spec.tokenizer)
        )
        embed = CachedEmbedder(tokenizer, session, cache=None, workers=1)
        return lambda texts: embed(texts, self._reply.text)

    def _completer(self, predictor: CompletionPredictor, stack: ExitStack) -> Completer:
        from cuebox.app.build import local_generator
        from cuebox.generation.process.local import LocalGenerator
        from cuebox.kinds.reply.replay.in_process import Completer

        spec = predictor.manifest.decoder
        if spec is None:
            raise ModelError(f"{_reference(predictor.manifest)} names no decoder")
        generator = local_generator(self._settings)(
            spec, self._store.fetch(spec.weights), self._store.fetch(spec.tokenizer)
        )
        if not isinstance(generator, LocalGenerator):
            raise TypeError(f"{generator!r} has no way to wait for an answer")
        stack.callback(generator.release)
        limits = self._settings.serving.suggest
        return Completer(
            predictor, generator.complete, stop_at=limits.stop_at, max_tokens=limits.max_tokens
        )


def _reference(manifest: Manifest) -> str:
    return f"{manifest.name}@{manifest.version}"


def _or_all(score: float | None) -> float:
    """A threshold, as a policy has it."""
    return -math.inf if score is None else score


def _from(score: float) -> str:
    return f" (score {score:.3f} and more)" if math.isfinite(score) else ""
