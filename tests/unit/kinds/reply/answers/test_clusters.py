"""Grouping what says the same, by hand-made directions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.kinds.reply.answers.clusters import group_alike, medoid, plane, topics


def directions(degrees: list[float]) -> np.ndarray:
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def test_rows_join_the_leader_they_are_nearest_to() -> None:
    vectors = directions([0, 40, 10, 35, 90])
    group = group_alike(vectors, own=2, similarity=np.cos(np.radians(15)))
    assert group.tolist() == [0, 1, 0, 1, 4]


def test_the_first_rows_stay_by_themselves() -> None:
    vectors = directions([0, 0, 0])
    assert group_alike(vectors, own=2, similarity=0.9).tolist() == [0, 1, 0]
    assert group_alike(vectors, own=0, similarity=0.9).tolist() == [0, 0, 0]


def test_neighbours_do_not_chain() -> None:
    group = group_alike(directions([0, 10, 20, 30]), own=0, similarity=np.cos(np.radians(12)))
    assert group.tolist() == [0, 0, 2, 2]


@given(st.integers(0, 2**16), st.integers(1, 1200), st.integers(0, 40))
@settings(max_examples=15, deadline=None)
def test_every_row_is_alike_to_a_leader(seed: int, rows: int, own: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(rows, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    done: list[int] = []
    group = group_alike(vectors, own=own, similarity=0.95, progress=done.append)
    assert sum(done) == rows
    assert (group[group] == group).all()
    joined = group != np.arange(rows)
    assert ((vectors * vectors[group]).sum(axis=1)[joined] > 0.949).all()
    leaders = np.flatnonzero(~joined)
    free = leaders[leaders >= own]
    apart = vectors[free] @ vectors[leaders].T
    apart[np.arange(len(free)), np.searchsorted(leaders, free)] = 0
    assert (apart < 0.951).all()


def test_the_medoid_is_in_the_middle() -> None:
    vectors = directions([0, 10, 20])
    assert medoid(vectors, np.ones(3, np.float32)) == 1
    assert medoid(vectors, np.array([9, 0, 0], np.float32)) == 0


@pytest.mark.parametrize("rows", [1, 2, 5, 30])
def test_pictures_and_topics_of_few_rows(rows: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(rows, 8)).astype(np.float32)
    places = plane(vectors)
    assert places.shape == (rows, 2)
    assert np.abs(places).max() <= 1.0001
    weights = np.arange(1, rows + 1, dtype=np.float32)
    division = topics(vectors, weights)
    sizes = np.bincount(division, weights=weights)
    assert (np.diff(sizes) <= 0).all()


def test_the_same_answers_again_and_again_can_be_drawn() -> None:
    vectors = np.tile(directions([30]), (25, 1))
    assert np.isfinite(plane(vectors)).all()
    assert len(topics(vectors, np.ones(25, np.float32))) == 25
