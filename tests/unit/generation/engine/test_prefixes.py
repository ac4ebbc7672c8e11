"""The prefix tree: token-exact, least recently used first, answers before prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.generation.engine.blocks import BlockPool
from cuebox.generation.engine.prefixes import PrefixTree

if TYPE_CHECKING:
    from cuebox.generation.engine.prefix_node import Node

SIZE = 4

Token = st.integers(0, 2)
Texts = st.lists(st.lists(Token, min_size=1, max_size=14), min_size=1, max_size=12)


def remember(
    tree: PrefixTree, pool: BlockPool, tokens: list[int], *, answer: bool = False
) -> list[Node]:
    """What a sequence does when it is over."""
    node, path = tree.root, []
    for start in range(0, len(tokens), SIZE):
        block = pool.take()
        node = tree.insert(node, tuple(tokens[start : start + SIZE]), block, answer=answer)
        path.append(node)
        pool.drop(block)
    return path


def longest_common_prefix(texts: list[list[int]], query: list[int]) -> int:
    def common(text: list[int]) -> int:
        pairs = list(zip(text, query, strict=False))
        return next((at for at, (a, b) in enumerate(pairs) if a != b), len(pairs))

    return max(map(common, texts))


@settings(max_examples=150, deadline=None)
@given(Texts, st.lists(Token, max_size=16), st.integers(0, 16))
def test_the_longest_remembered_prefix_is_found(
    texts: list[list[int]], query: list[int], most: int
) -> None:
    pool = BlockPool(100)
    tree = PrefixTree(pool, SIZE)
    for at, text in enumerate(texts):
        remember(tree, pool, text, answer=at % 2 == 0)
    path, length = tree.find(query, min(most, len(query)))
    assert length == longest_common_prefix(texts, query[:most])
    assert [token for node in path for token in node.key][:length] == query[:length]
    assert len(path) == -(-length // SIZE)


@settings(max_examples=80, deadline=None)
@given(Texts)
def test_what_is_known_takes_no_second_block(texts: list[list[int]]) -> None:
    pool = BlockPool(100)
    tree = PrefixTree(pool, SIZE)
    for text in texts:
        remember(tree, pool, text)
    blocks = tree.blocks
    assert pool.free == 100 - blocks
    for text in texts:
        remember(tree, pool, text)
    assert tree.blocks == blocks
    assert pool.free == 100 - blocks


def test_a_growing_prompt_replaces_its_last_block() -> None:
    pool = BlockPool(100)
    tree = PrefixTree(pool, SIZE)
    for end in range(1, 11):
        remember(tree, pool, list(range(end)))
    assert tree.blocks == 3


@settings(max_examples=80, deadline=None)
@given(Texts)
def test_everything_can_be_forgotten_and_leaves_no_block(texts: list[list[int]]) -> None:
    pool = BlockPool(100)
    tree = PrefixTree(pool, SIZE)
    for text in texts:
        remember(tree, pool, text)
    while tree.evict():
        pass
    assert tree.blocks == 0
    assert pool.free == 100
    assert tree.find(texts[0], len(texts[0])) == ([], 0)


def test_the_least_recently_used_goes_first() -> None:
    pool = BlockPool(10)
    tree = PrefixTree(pool, SIZE)
    for text in ([1, 1], [2, 2], [3, 3]):
        remember(tree, pool, text)
    path, _ = tree.find([1, 1], 2)
    tree.touch(path)
    tree.evict()
    assert tree.find([2, 2], 2)[1] == 0
    tree.evict()
    assert tree.find([3, 3], 2)[1] == 0
    assert tree.find([1, 1], 2)[1] == 2


def test_a_used_block_stays() -> None:
    pool = BlockPool(10)
    tree = PrefixTree(pool, SIZE)
    [used] = remember(tree, pool, [1, 1])
    remember(tree, pool, [2, 2])
    pool.hold(used.block)
    assert tree.evict()
    assert not tree.evict()
    assert tree.find([1, 1], 2)[1] == 2
    pool.drop(used.block)
    assert tree.evict()


def test_many_answers_go_before_prompts() -> None:
    pool = BlockPool(16)
    tree = PrefixTree(pool, SIZE)
    remember(tree, pool, [0, 0])
    for token in range(1, 5):
        remember(tree, pool, [token, token], answer=True)
    # Of 16 blocks, answers keep 2; then the oldest goes.
    for _ in range(2):
        tree.evict()
    assert [tree.find([token], 1)[1] for token in range(5)] == [1, 0, 0, 1, 1]
    tree.evict()
    assert [tree.find([token], 1)[1] for token in range(5)] == [0, 0, 0, 1, 1]


def test_few_answers_are_no_reason_to_keep_what_they_followed() -> None:
    pool = BlockPool(64)
    tree = PrefixTree(pool, SIZE)
    remember(tree, pool, [0, 0, 0, 0])
    remember(tree, pool, [0, 0, 0, 0, 1], answer=True)
    remember(tree, pool, [2, 2])
    for _ in range(2):
        tree.evict()
    assert tree.find([0], 1)[1] == 0
    assert tree.find([2], 1)[1] == 1


def test_an_answer_that_came_back_as_prompt_is_kept_as_one() -> None:
    pool = BlockPool(8)
    tree = PrefixTree(pool, SIZE)
    path = remember(tree, pool, [1, 1], answer=True)
    for token in range(2, 5):
        remember(tree, pool, [token, token], answer=True)
    tree.touch(path)
    for _ in range(2):
        tree.evict()
    assert tree.find([1, 1], 2)[1] == 2


def test_an_answer_does_not_replace_the_prompt_it_began_with() -> None:
    pool = BlockPool(10)
    tree = PrefixTree(pool, SIZE)
    remember(tree, pool, [1, 2])
    remember(tree, pool, [1, 2, 3], answer=True)
    assert tree.blocks == 2
    remember(tree, pool, [1, 2, 3, 4])
    assert tree.blocks == 1


def test_years_of_growing_prompts_leave_no_trace() -> None:
    pool = BlockPool(8)
    tree = PrefixTree(pool, SIZE)
    for round_ in range(2_000):
        remember(tree, pool, [round_ % 3, *range(round_ % 4)])
    assert len(tree._eviction._prompts) <= 2 * pool.size + 1
