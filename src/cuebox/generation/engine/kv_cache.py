"""Keys and values of a model's sequences: in which blocks, shared, copied, remembered."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from cuebox.generation.engine.blocks import BlockPool
from cuebox.generation.engine.kv_sequence import KvSequence, Reservation
from cuebox.generation.engine.prefixes import PrefixTree

if TYPE_CHECKING:
    from cuebox.core.ports import StepModel
    from cuebox.generation.engine.prefix_node import Node

__all__ = ["KvCache"]


class KvCache:
    """The blocks of one model and what is remembered in them.

    A request reserves what it may need before it begins, so one that runs never lacks a block;
    remembered blocks fill the rest and make way.
    """

    def __init__(self, model: StepModel) -> None:
        self._model = model
        self.block_size = model.block_size
        self._pool = BlockPool(model.blocks)
        self._tree = PrefixTree(self._pool, model.block_size)
        self._promised = 0
        self._copies = 0

    def open(self, tokens: list[int], most: int, *, room: int, rows: int) -> KvSequence | None:
        """Begin a request on the longest remembered prefix of its prompt.

        Args:
            tokens: the prompt.
            most: how many of its tokens may be taken from memory.
            room: most new tokens of each row.
            rows: most rows at a time.

        Returns:
            The prompt's sequence, as far as it is known, with the request's blocks reserved;
            None when there are not enough of them now.
        """
        path, length = self._tree.find(tokens, most)
        whole = length // self.block_size
        need = self.need(len(tokens), room, rows) - whole
        if not self._fits(path, need):
            # The last block is in the way until it is copied; without it less is asked for.
            path, length = path[:whole], whole * self.block_size
            if not self._fits(path, need):
                return None
        self._tree.touch(path)
        self._promised += need
        sequence = KvSequence(path[whole - 1] if whole else self._tree.root, Reservation(need))
        for node in path:
            self._pool.hold(node.block)
            sequence.blocks.append(node.block)
        sequence.tokens = tokens[:length]
        sequence.room = length
        sequence.published = whole
        return sequence

    def need(self, prompt: int, room: int, rows: int) -> int:
        """Blocks of a request that shares nothing: the prompt's, and what each row adds."""
        last = -(-(prompt + room) // self.block_size)
        return -(-prompt // self.block_size) + rows * (last - prompt // self.block_size)

    def fork(self, parent: KvSequence, length: int) -> KvSequence:
        """A sequence that shares the first `length` tokens of another."""
        child = KvSequence(parent.node, parent.reservation)
        child.tokens = parent.tokens[:length]
        child.blocks = parent.blocks[: -(-length // self.block_size)]
        child.room = length
        child.published = parent.published
        for block in child.blocks:
            self._pool.hold(block)
        # Where the last block is shared now, its writer has to ask again and gets a copy.
        if len(child.blocks) == len(parent.blocks):
            parent.room = len(parent.tokens)
        return child

    def extend(self, sequence: KvSequence, tokens: int) -> None:
        """Make room for more tokens: copy a shared last block, take new ones."""
        length = len(sequence.tokens)
        blocks = sequence.blocks
        if length % self.block_size and self._pool.is_shared(blocks[-1]):
            copy = self._take(sequence.reservation)
            self._model.copy_block(blocks[-1], copy)
            self._copies += 1
            self._drop(blocks[-1], sequence.reservation)
            blocks[-1] = copy
        for _ in range(-(-(length + tokens) // self.block_size) - len(blocks)):
            blocks.append(self._take(sequence.reservation))
        sequence.room = len(blocks) * self.block_size

    def publish(self, sequence: KvSequence, *, tail: bool, answer_from: int | None = None) -> None:
        """Let other requests share what is computed.

        Args:
            sequence: what to remember; blocks whose content was known are exchanged for those.
            tail: also its last, partial block; nobody may write to it from now on.
            answer_from: blocks that begin at this token or later were an answer.
        """
        tokens, size = sequence.tokens, self.block_size
        whole = len(tokens) // size
        for index in range(sequence.published, whole):
            start = index * size
            block = sequence.blocks[index]
            sequence.node = self._tree.insert(
                sequence.node,
                tuple(tokens[start : start + size]),
                block,
                answer=answer_from is not None and start >= answer_from,
            )
            if sequence.node.block != block:
                self._exchange(sequence, index, sequence.node.block)
        sequence.published = max(whole, sequence.published)
        start = whole * size
        if tail and start < len(tokens):
            answer = answer_from is not None and start >= answer_from
            self._tree.insert(
                sequence.node, tuple(tokens[start:]), sequence.blocks[whole], answer=answer
            )
            sequence.room = len(tokens)

    def truncate(self, sequence: KvSequence, length: int) -> None:
        """Go back to the first `length` tokens; what was published stays remembered."""
        keep = -(-length // self.block_size)
        while sequence.published > length // self.block_size and sequence.node.parent is not None:
            sequence.node = sequence.node.parent
            sequence.published -= 1
        for block in sequence.blocks[keep:]:
            self._drop(block, sequence.reservation)
        del sequence.blocks[keep:], sequence.tokens[length:]
        sequence.room = length

    def close(self, sequence: KvSequence) -> None:
        """Give a sequence's blocks back; what was published stays remembered."""
        for block in sequence.blocks:
            self._drop(block, sequence.reservation)
        sequence.blocks = array("i")

    def end(self, reservation: Reservation) -> None:
        """The request takes no more blocks; its sequences are closed."""
        self._promised -= reservation.left
        reservation.left = 0

    def stats(self) -> dict[str, float]:
        """Blocks and what became of them; names ending in `_total` only grow."""
        return {
            "blocks": self._pool.size,
            "used_blocks": self._pool.used,
            "free_blocks": self._pool.free,
            "remembered_blocks": self._tree.blocks,
            "evicted_blocks_total": self._tree.evicted,
            "copied_blocks_total": self._copies,
        }

    def _fits(self, path: list[Node], need: int) -> bool:
        """Whether these remembered blocks and so many others can be had."""
        held = sum(not self._pool.is_used(node.block) for node in path)
        return self._pool.size - self._pool.used - self._promised >= held + need

    def _exchange(self, sequence: KvSequence, index: int, known: int) -> None:
        """Use a remembered block of the same content instead of the sequence's own."""
        own = sequence.blocks[index]
        sequence.blocks[index] = known
        if self._pool.is_used(known):
            self._pool.hold(known)
            self._drop(own, sequence.reservation)
        else:
            # One block for another: there is none more to take than before.
            self._pool.hold(known)
            self._pool.drop(own)

    def _take(self, reservation: Reservation) -> int:
        if not self._pool.free:
            self._tree.evict()
        reservation.left -= 1
        self._promised -= 1
        return self._pool.take()

    def _drop(self, block: int, reservation: Reservation) -> None:
        if self._pool.drop(block):
            reservation.left += 1
            self._promised += 1
