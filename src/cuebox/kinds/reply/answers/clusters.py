"""Messages that say the same, found without comparing all with all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.types import FloatArray, IntArray

__all__ = ["group_alike", "medoid", "plane", "topics"]

_BLOCK = 512
_MAX_TOPICS = 12


def group_alike(
    embeddings: FloatArray,
    *,
    own: int,
    similarity: float,
    progress: Callable[[int], None] = lambda _: None,
) -> IntArray:
    """The group of each row: the row that leads it, int64 `[rows]`.

    Rows come in order of importance. The first `own` lead groups of their own; each later one
    joins the leader that it is most similar to, or leads a new group when none is similar
    enough. So every row is at least that similar to its leader, chains of neighbours do not run
    together, and memory is rows times leaders of one block, never rows times rows.

    Args:
        embeddings: float32 `[rows, dim]`, of length 1.
        own: how many of the first rows are not joined to one another.
        similarity: the least cosine to a leader.
        progress: told how many more rows are done.
    """
    rows = len(embeddings)
    group = np.arange(rows, dtype=np.int64)
    leaders = np.arange(min(own, rows), dtype=np.int64)
    progress(len(leaders))
    for start in range(len(leaders), rows, _BLOCK):
        block = np.arange(start, min(start + _BLOCK, rows))
        best, score = _nearest(embeddings[block], embeddings[leaders])
        within = embeddings[block] @ embeddings[block].T
        new: list[int] = []
        for place in range(len(block)):
            leader, nearest = leaders[best[place]] if len(leaders) else -1, score[place]
            if new and (near := within[place, new]).max() > nearest:
                leader, nearest = block[new[int(near.argmax())]], near.max()
            if nearest >= similarity:
                group[block[place]] = leader
            else:
                new.append(place)
        leaders = np.concatenate([leaders, block[new]])
        progress(len(block))
    return group


def medoid(embeddings: FloatArray, weights: FloatArray) -> int:
    """The row that is nearest to the weighted middle of all."""
    middle = weights @ embeddings
    return int((embeddings @ middle).argmax())


def topics(embeddings: FloatArray, weights: FloatArray) -> IntArray:
    """A coarse division for the eye, int64 `[rows]`: 0 is the topic with most weight."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    different = len(np.unique(embeddings, axis=0))
    count = min(_MAX_TOPICS, max(1, different // 4))
    division = KMeans(count, n_init=4, random_state=0)
    with threadpool_limits(1):  # on a busy machine, threads that wait for one another take minutes
        found = division.fit_predict(embeddings, sample_weight=weights)
    order = np.argsort(-np.bincount(found, weights=weights, minlength=count), kind="stable")
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    ranked: IntArray = rank[found]
    return ranked


def plane(embeddings: FloatArray) -> FloatArray:
    """Each row's place in a picture, float32 `[rows, 2]` within -1 and 1; alike rows are near.

    t-SNE over the first 50 principal components; with few rows, the first two components; rows that are all the same
    stand in a line.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    rows, dim = embeddings.shape
    if rows < 3 or np.ptp(embeddings, axis=0).max() < 1e-6:
        return np.linspace(-1, 1, 2 * rows, dtype=np.float32).reshape(rows, 2)
    with threadpool_limits(1):
        reduced = PCA(min(50, rows, dim), random_state=0).fit_transform(embeddings)
        if rows >= 20:
            drawn = TSNE(perplexity=min(30.0, (rows - 1) / 3), init="pca", random_state=0)
            reduced = drawn.fit_transform(reduced)
    places = reduced[:, :2] - (reduced[:, :2].max(axis=0) + reduced[:, :2].min(axis=0)) / 2
    scaled = places / np.maximum(np.abs(places).max(axis=0), 1e-9)
    return np.asarray(scaled, np.float32)


def _nearest(rows: FloatArray, leaders: FloatArray) -> tuple[IntArray, FloatArray]:
    if not len(leaders):
        return np.zeros(len(rows), np.int64), np.full(len(rows), -np.inf, np.float32)
    cosines = rows @ leaders.T
    best = cosines.argmax(axis=1)
    return best, cosines[np.arange(len(rows)), best]
