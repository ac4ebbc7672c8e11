"""A remembered block as a node of the prefix tree."""

from __future__ import annotations

__all__ = ["Key", "Node"]

Key = tuple[int, ...]


class Node:
    """One block; the keys and values of its tokens follow those of its ancestors.

    Attributes:
        parent: None for the root, and for a node that was forgotten.
        key: the block's tokens; only a leaf may have fewer than fill it.
        keys, nodes: its children, sorted by key.
        answer: it was generated, and was no prompt since.
        used: when it last served a prompt, in ticks of the tree.
        queued: it is among the candidates for being forgotten.
    """

    __slots__ = ("answer", "block", "key", "keys", "nodes", "parent", "queued", "used")

    def __init__(self, parent: Node | None, key: Key, block: int, *, answer: bool) -> None:
        self.parent = parent
        self.key = key
        self.block = block
        self.answer = answer
        self.keys: list[Key] = []
        self.nodes: list[Node] = []
        self.used = 0
        self.queued = False

    @property
    def is_leaf(self) -> bool:
        """Whether it is in the tree and nothing depends on it."""
        return self.parent is not None and not self.nodes
