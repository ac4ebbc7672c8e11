"""The order in which remembered blocks are forgotten.

Leaf first and least recently used first; but where there are many answers, those before any
prompt: most answers never come back, the prompts of a person who types always do.
"""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cuebox.generation.engine.blocks import BlockPool
    from cuebox.generation.engine.prefix_node import Node

__all__ = ["Eviction"]

# While answers hold more than this part of the blocks, they are forgotten before any prompt.
_ANSWERS_SHARE = 8

_Heap = list[tuple[int, int, "Node"]]


class Eviction:
    """Leaves by their last use, in a heap for prompts and one for answers.

    An entry is put right only when it surfaces, so using a node costs nothing.
    """

    def __init__(self, pool: BlockPool) -> None:
        self._pool = pool
        self._ticks = count(1)
        self._prompts: _Heap = []
        self._answers: _Heap = []
        self._answer_blocks = 0

    def add(self, node: Node) -> None:
        """A block is remembered."""
        node.used = next(self._ticks)
        self._answer_blocks += node.answer
        self.queue(node)

    def use(self, node: Node, *, answer: bool) -> None:
        """A prompt (or an answer) holds a remembered block: it is the last to be forgotten."""
        node.used = next(self._ticks)
        if node.answer and not answer:
            node.answer = False
            self._answer_blocks -= 1

    def remove(self, node: Node) -> None:
        """A block is forgotten."""
        self._answer_blocks -= node.answer

    def queue(self, node: Node) -> None:
        """A node has become a leaf."""
        if node.queued:
            return
        heap = self._answers if node.answer else self._prompts
        if len(heap) > 2 * self._pool.size:
            _tidy(heap)
        node.queued = True
        heapq.heappush(heap, (node.used, next(self._ticks), node))

    def next(self) -> Node | None:
        """The leaf to forget; None when all are in use."""
        answer = self._oldest(self._answers)
        if answer and self._answer_blocks * _ANSWERS_SHARE > self._pool.size:
            return answer
        prompt = self._oldest(self._prompts)
        if answer and prompt:
            return answer if answer.used < prompt.used else prompt
        return answer or prompt

    def _oldest(self, heap: _Heap) -> Node | None:
        now = next(self._ticks)
        while heap:
            used, _, node = heap[0]
            if used >= now:
                return None
            if self._pool.is_used(node.block):
                node.used = now
            if node.is_leaf and node.used == used and node.answer == (heap is self._answers):
                return node
            heapq.heappop(heap)
            node.queued = False
            if node.is_leaf:
                self.queue(node)
        return None


def _tidy(heap: _Heap) -> None:
    """Leave out what is no leaf any more; what remains is at most one entry per block."""
    for _, _, node in heap:
        node.queued = node.is_leaf
    heap[:] = [entry for entry in heap if entry[2].queued]
    heapq.heapify(heap)
