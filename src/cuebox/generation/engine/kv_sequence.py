"""A sequence of tokens in blocks, and the blocks that its request may still take."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cuebox.generation.engine.prefix_node import Node

__all__ = ["KvSequence", "Reservation"]


class Reservation:
    """Blocks that a request may still take; what is promised is never given to another."""

    __slots__ = ("left",)

    def __init__(self, blocks: int) -> None:
        self.left = blocks


class KvSequence:
    """Tokens whose keys and values are computed, and the blocks that hold them.

    Attributes:
        tokens: what was computed so far, in order.
        blocks: int32, one per `block_size` tokens begun; some may be shared.
        room: tokens that fit before the cache has to be asked for more.
        node: the deepest node of the prefix tree that holds a whole block of it.
        published: whole blocks that are in the tree.
    """

    __slots__ = ("blocks", "node", "published", "reservation", "room", "tokens")

    def __init__(self, node: Node, reservation: Reservation) -> None:
        self.tokens: list[int] = []
        self.blocks = array("i")
        self.room = 0
        self.node = node
        self.published = 0
        self.reservation = reservation
