"""The figures of a language model on held-out documents, whatever computes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.kinds.completion.corpus import corpus_name, read_documents
from cuebox.kinds.completion.exact_match import ExactMatch, measure_exact_match
from cuebox.kinds.completion.likelihood import Likelihood, measure_likelihood
from cuebox.kinds.completion.ngram import KneserNey
from cuebox.kinds.completion.places import Place, choose_places
from cuebox.kinds.completion.suggestions import suggest
from cuebox.kinds.completion.token_file import prompt_tokens
from cuebox.kinds.completion.token_text import TokenText

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cuebox.kinds.completion.judged import ContinueTokens, ScoreTokens
    from cuebox.kinds.completion.prepare import Prepared
    from cuebox.training.held_out import Split
    from cuebox.training.progress import Progress

__all__ = [
    "CorpusScores",
    "Judged",
    "ModelScores",
    "evaluate",
    "held_out_places",
    "ngram_baseline",
    "suggester",
]


class CorpusScores(msgspec.Struct, frozen=True, kw_only=True):
    """One corpus's figures."""

    likelihood: Likelihood
    exact_match: list[ExactMatch]


class ModelScores(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one model by corpus."""

    corpora: dict[str, CorpusScores]

    def flat(self) -> dict[str, float]:
        """Metric names to values, for manifests and gates; corpora weigh the same."""
        scores = list(self.corpora.values())
        found = {
            "perplexity": _mean([one.likelihood.perplexity for one in scores]),
            "bits_per_character": _mean([one.likelihood.bits_per_character for one in scores]),
            "bits_per_byte": _mean([one.likelihood.bits_per_byte for one in scores]),
        }
        for name, one in self.corpora.items():
            if len(self.corpora) > 1:
                found[f"bits_per_character.{name}"] = one.likelihood.bits_per_character
        matches = [[m for m in one.exact_match if m.at == "all"] for one in scores]
        for same in zip(*matches, strict=True):
            found[f"exact_match_{same[0].words}"] = _mean([one.first for one in same])
            found[f"exact_match_{same[0].words}_of_3"] = _mean([one.any for one in same])
        return found


@dataclass(frozen=True, slots=True)
class Judged:
    """The two faces of a model that evaluation needs; `suggest` is best suggestion first."""

    score: ScoreTokens
    suggest: Callable[[Place], list[str]]


def suggester(
    model: ContinueTokens, prepared: Prepared, *, words: int
) -> Callable[[Place], list[str]]:
    """Suggestions of any model that works on this tokenizer's tokens."""
    texts = TokenText(prepared.tokenizer)

    def ask(place: Place) -> list[str]:
        prompt = prompt_tokens(prepared.tokenizer, place.turns, place.turn, place.before)
        return suggest(model, texts, prompt, place.typed.encode(), words=words)

    return ask


def held_out_places(prepared: Prepared, split: Split, *, base: Path) -> dict[str, list[Place]]:
    """Places of each corpus that figures are about."""
    settings = prepared.settings
    count = settings.evaluation.positions
    return {
        corpus_name(one): choose_places(
            (
                document
                for document in read_documents(one, settings.data, base=base)
                if document.split == split
            ),
            count,
            seed=settings.seed,
        )
        for one in settings.data.corpora
        if one.held_out and count
    }


def ngram_baseline(prepared: Prepared, order: int) -> KneserNey:
    """An n-gram model of the training documents that figures are about.

    It is asked in the same windows as the network, though it needs no more than a few tokens.
    """
    corpora = prepared.settings.data.corpora
    streams = [
        np.asarray(prepared.files[corpus_name(one), "train"].tokens)
        for one in corpora
        if one.held_out
    ]
    return KneserNey.fit(
        np.concatenate(streams),
        order=order,
        vocabulary=prepared.tokenizer.get_vocab_size(),
        context=prepared.settings.network.context,
    )


def evaluate(
    model: Judged,
    prepared: Prepared,
    split: Split,
    places: Mapping[str, list[Place]],
    progress: Progress,
    *,
    title: str,
) -> ModelScores:
    """Likelihood of all held-out text that counts, and ExactMatch at the given places."""
    files = prepared.held_out(split)
    words, most = prepared.settings.evaluation.words, prepared.settings.evaluation.tokens
    sizes = [file.facts.tokens - file.facts.documents for file in files.values()]
    total = sum(size // max(1, round(size / (most or size))) for size in sizes)
    corpora: dict[str, CorpusScores] = {}
    with progress.stage(f"{title}: likelihood", total) as step:
        likelihoods = {
            name: measure_likelihood(model.score, file, most=most, step=step)
            for name, file in files.items()
        }
    asked = sum(len(places.get(name, [])) for name in files)
    with progress.stage(f"{title}: suggestions", asked) as step:
        for name in files:
            matches = measure_exact_match(
                model.suggest, places.get(name, []), words=words, step=step
            )
            corpora[name] = CorpusScores(likelihood=likelihoods[name], exact_match=matches)
    return ModelScores(corpora=corpora)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
