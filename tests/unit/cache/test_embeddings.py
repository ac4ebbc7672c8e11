"""The embedding cache keeps its bounds and never mixes encoders up."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.cache.embeddings import LruEmbeddingCache
from cuebox.cache.settings import CacheSettings
from cuebox.core.types import Embedded


def embedded(value: float, dim: int = 4) -> Embedded:
    return Embedded(np.full(dim, value, dtype=np.float32), 3, 3)


def test_remembers_by_encoder_and_text() -> None:
    cache = LruEmbeddingCache(CacheSettings())
    cache.put("one", "hello", embedded(1))
    assert cache.get("two", "hello") is None
    found = cache.get("one", "hello")
    assert found is not None
    assert found.vector[0] == 1


def test_the_least_recently_used_goes_first() -> None:
    cache = LruEmbeddingCache(CacheSettings(entries=2))
    cache.put("e", "a", embedded(1))
    cache.put("e", "b", embedded(2))
    cache.get("e", "a")
    cache.put("e", "c", embedded(3))
    assert cache.get("e", "b") is None
    assert cache.get("e", "a") is not None
    assert cache.stats()["evictions"] == 1


def test_bytes_are_bounded_and_given_back() -> None:
    cache = LruEmbeddingCache(CacheSettings(entries=1000, max_bytes=5_000))
    for number in range(100):
        cache.put("e", f"text {number}", embedded(number))
    assert cache.stats()["bytes"] <= 5_000
    cache.drop("e")
    assert cache.stats()["bytes"] == 0
    assert cache.stats()["entries"] == 0


def test_an_entry_larger_than_the_cache_is_not_kept() -> None:
    cache = LruEmbeddingCache(CacheSettings(max_bytes=500))
    cache.put("e", "x" * 10_000, embedded(1))
    assert cache.stats()["entries"] == 0


def test_zero_entries_turns_it_off() -> None:
    cache = LruEmbeddingCache(CacheSettings(entries=0))
    cache.put("e", "a", embedded(1))
    assert cache.get("e", "a") is None


def test_hits_and_misses_are_counted() -> None:
    cache = LruEmbeddingCache(CacheSettings())
    cache.get("e", "a")
    cache.put("e", "a", embedded(1))
    cache.get("e", "a")
    stats = cache.stats()
    assert (stats["hits"], stats["misses"]) == (1, 1)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=3)), max_size=60),
    st.integers(min_value=1, max_value=5),
)
def test_the_books_balance(puts: list[tuple[str, str]], entries: int) -> None:
    cache = LruEmbeddingCache(CacheSettings(entries=entries))
    for digest, text in puts:
        cache.put(digest, text, embedded(len(text)))
        found = cache.get(digest, text)
        assert found is not None
        assert found.vector[0] == len(text)
    assert cache.stats()["entries"] <= entries
    cache.drop("a")
    cache.drop("b")
    assert cache.stats()["bytes"] == 0
