"""Remembered token sequences as a tree of blocks: the longest known prefix of any prompt.

An edge is the tokens of one block, so a path from the root is a sequence and its blocks. Only
leaves may be shorter than a block. The edges of a node are sorted: whichever of them shares the
longest prefix with a query stands right beside where the query would be inserted, so a look-up
takes microseconds however many sequences are remembered.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from cuebox.generation.engine.eviction import Eviction
from cuebox.generation.engine.prefix_node import Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.generation.engine.blocks import BlockPool
    from cuebox.generation.engine.prefix_node import Key

__all__ = ["PrefixTree"]

# How many shorter leaves beside a new one are looked at for being part of it.
_LOOK_BACK = 4


class PrefixTree:
    """All remembered sequences of one model.

    Attributes:
        blocks: how many are remembered.
        evicted: how many were forgotten to make way.
    """

    def __init__(self, pool: BlockPool, block_size: int) -> None:
        self._pool = pool
        self._block_size = block_size
        self._eviction = Eviction(pool)
        self.root = Node(None, (), -1, answer=False)
        self.blocks = 0
        self.evicted = 0

    def find(self, tokens: Sequence[int], most: int) -> tuple[list[Node], int]:
        """The longest remembered prefix of `tokens[:most]`.

        Returns:
            The nodes on its way and its length in tokens; of the last node perhaps only the
            first tokens count.
        """
        size = self._block_size
        node, path, length = self.root, [], 0
        while length < most:
            key = tuple(tokens[length : min(length + size, most)])
            found, common = _closest(node, key)
            if found is None:
                break
            path.append(found)
            length += common
            if common < size:
                break
            node = found
        return path, length

    def touch(self, path: Sequence[Node]) -> None:
        """A prompt uses these nodes: they are the last to be forgotten, whatever they were."""
        for node in path:
            self._eviction.use(node, answer=False)

    def insert(self, parent: Node, key: Key, block: int, *, answer: bool) -> Node:
        """Remember a block that continues `parent`, unless its content is known already.

        Returns:
            The node that stands for these tokens, which may name another block or hold more
            tokens than `key`.
        """
        place = bisect_left(parent.keys, key)
        if place < len(parent.keys) and parent.keys[place][: len(key)] == key:
            known = parent.nodes[place]
            self._eviction.use(known, answer=answer)
            return known
        place -= self._drop_shorter(parent, key, place, answer=answer)
        node = Node(parent, key, block, answer=answer)
        parent.keys.insert(place, key)
        parent.nodes.insert(place, node)
        self._pool.remember(block)
        self._eviction.add(node)
        self.blocks += 1
        return node

    def evict(self) -> bool:
        """Forget the block that is least likely to be asked for; whether there was any."""
        node = self._eviction.next()
        if node is None:
            return False
        self._remove(node)
        self.evicted += 1
        return True

    def _drop_shorter(self, parent: Node, key: Key, place: int, *, answer: bool) -> int:
        """Forget leaves that a new one holds as well; how many those were.

        An answer does not replace the prompt it began with: it is forgotten sooner.
        """
        dropped = 0
        for at in range(place - 1, max(place - 1 - _LOOK_BACK, -1), -1):
            shorter = parent.keys[at]
            if key[: len(shorter)] == shorter and parent.nodes[at].answer >= answer:
                self._remove(parent.nodes[at])
                dropped += 1
        return dropped

    def _remove(self, node: Node) -> None:
        parent = node.parent
        if parent is None:
            return
        place = bisect_left(parent.keys, node.key)
        del parent.keys[place], parent.nodes[place]
        node.parent = None
        self.blocks -= 1
        self._eviction.remove(node)
        self._pool.forget(node.block)
        if parent.is_leaf:
            self._eviction.queue(parent)


def _closest(node: Node, key: Key) -> tuple[Node | None, int]:
    """The edge that shares the longest prefix with `key`, and that prefix's length."""
    place = bisect_left(node.keys, key)
    best, longest = None, 0
    for at in (place, place - 1):
        if 0 <= at < len(node.keys):
            common = _common(node.keys[at], key)
            if common > longest:
                best, longest = node.nodes[at], common
    return best, longest


def _common(left: Key, right: Key) -> int:
    if left == right:
        return len(left)
    for place, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return place
    return min(len(left), len(right))
