"""Trains a tower on the embeddings of the served encoder, and calibrates it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.reply.calibrate import DraftMoment, fit_drafts
from cuebox.kinds.reply.ranking.drafts import read_draft
from cuebox.kinds.reply.ranking.offer_list import OfferList
from cuebox.kinds.reply.ranking.standing import Standing
from cuebox.kinds.reply.simulate import simulated_draft
from cuebox.kinds.reply.slots.matching import fold
from cuebox.kinds.reply.train import gather, learn_vocabulary, train_tower
from cuebox.training.calibration import fit_temperature

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.ports import EmbedTexts
    from cuebox.core.types import FloatArray
    from cuebox.kinds.reply.data import ReplyData
    from cuebox.kinds.reply.examples import Example
    from cuebox.kinds.reply.ranking.likelihood import DraftModel
    from cuebox.kinds.reply.ranking.tower import Tower
    from cuebox.kinds.reply.settings import ReplySettings
    from cuebox.kinds.reply.train import Rows
    from cuebox.training.progress import Progress

__all__ = ["Fitted", "fit"]

# Held-out moments that drafts are simulated at.
_DRAFTS = 3000


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained and calibrated ranker.

    Attributes:
        tower: with its temperature.
        embeddings: of the answers, `[answers, dim]`.
        drafts: how drafts are weighed.
    """

    tower: Tower
    embeddings: FloatArray
    drafts: DraftModel


def fit(data: ReplyData, settings: ReplySettings, embed: EmbedTexts, progress: Progress) -> Fitted:
    """Embed, train, and calibrate on the validation conversations."""
    train, held = data.examples["train"], data.examples["validation"]
    contexts = [example.context for example in train]
    texts = [text for example in [*train, *held] for text in example.context.texts]
    texts += [answer.text for answer in data.answers]
    with progress.stage("Embedding", len(texts)) as step:
        embed(texts, settings.text, step)

    def vectors(some: Sequence[str]) -> FloatArray:
        return embed(some, settings.text)

    vocabulary = learn_vocabulary(contexts, at_least=settings.training.sign_count)
    rows = gather(contexts, _targets(train, data), vectors, vocabulary)
    embeddings = vectors([answer.text for answer in data.answers])
    ids = tuple(answer.id for answer in data.answers)
    with progress.stage("Training", settings.training.epochs) as step:
        tower = train_tower(
            rows,
            vocabulary,
            ids,
            embeddings,
            settings.training,
            seed=settings.seed,
            on_step=step,
        )
    with progress.stage("Calibrating", 2) as step:
        if held:
            checked = gather(
                [example.context for example in held], _targets(held, data), vectors, vocabulary
            )
            logits = _logits(tower, checked, ids, embeddings)
            tower = replace(tower, temperature=fit_temperature(logits, checked.targets))
        step(1)
        offers = OfferList(data.answers, embeddings, tower)
        drafts = fit_drafts(list(_draft_moments(offers, held, vectors, seed=settings.seed)))
        step(1)
    return Fitted(tower, embeddings, drafts)


def _targets(examples: Sequence[Example], data: ReplyData) -> list[int]:
    place_of = {answer.id: place for place, answer in enumerate(data.answers)}
    none = len(data.answers)
    return [place_of[one.answer] if one.answer else none for one in examples]


def _logits(tower: Tower, rows: Rows, ids: Sequence[str], embeddings: FloatArray) -> FloatArray:
    """`[rows, answers + 1]`, before the temperature."""
    vectors, biases = tower.answers(ids, embeddings)
    vectors = np.concatenate([vectors, tower.none[None, :-1]])
    biases = np.append(biases, tower.none[-1])
    logits = np.empty((len(rows), len(vectors)), np.float32)
    for row, signs in enumerate(rows.signs):
        total = rows.pooled[row].astype(np.float32) @ tower.pool_weight + tower.hidden_bias
        hidden = np.maximum(total + tower.sign_weight[signs].sum(axis=0), 0)
        logits[row] = vectors @ hidden + biases
    return logits


def _draft_moments(
    offers: OfferList,
    held: Sequence[Example],
    vectors: Callable[[Sequence[str]], FloatArray],
    *,
    seed: int,
) -> list[DraftMoment]:
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(held))[:_DRAFTS].tolist()
    drafts = [(held[row], read_draft(simulated_draft(held[row], rng))) for row in chosen]
    texts = [text for one, _ in drafts for text in one.context.texts]
    texts += [draft.meaning for _, draft in drafts if draft.meaning]
    texts = list(dict.fromkeys(texts))
    embedded = dict(zip(texts, vectors(texts), strict=True)) if texts else {}
    dim = offers.embeddings.shape[1]
    moments = []
    for example, draft in drafts:
        several = [embedded[text] for text in example.context.texts]
        stacked = np.asarray(several, np.float32).reshape(len(several), dim)
        chances = offers.log_probabilities(example.context, stacked)
        standing = Standing(offers, example.turns, chances)
        compared = standing.compare(draft, embedded.get(draft.meaning))
        right = (
            row
            for row, place in enumerate(compared.places.tolist())
            if fold(standing.filled(place).text) == example.text
        )
        moments.append(DraftMoment(compared, next(right, -1)))
    return moments
