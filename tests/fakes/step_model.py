"""A language model without weights whose logits are read back from its blocks.

It keeps the token ids where a real model keeps keys and values, and what comes next is a function
of the ids that the blocks of a sequence hold. A block that was shared, copied or overwritten
wrongly gives other logits; a batch that breaks the rules of `core.ports.StepModel` fails at once.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.decoder import DecoderSpec
from cuebox.core.file_ref import FileRef

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.types import FloatArray, StepBatch

__all__ = ["ByteTokenizer", "FakeStepModel", "SpacingTokenizer", "fake_decoder_spec"]

_NOTHING = -1
_WORDS = b" the quick brown fox likes to jump over a lazy dog, and then it sleeps. Yes! No?"


def fake_decoder_spec(vocab: int = 260, context: int = 64, bos: int | None = 256) -> DecoderSpec:
    """A spec for models that need no files."""
    absent = FileRef(sha256="0" * 64, size=0)
    return DecoderSpec(
        architecture="gpt2", vocab=vocab, hidden=8, layers=1, heads=1, kv_heads=1, head_dim=8,
        inner=8, context=context, norm_epsilon=1e-5, tied=True, quantization="float32", bos=bos,
        ends=[257], weights=absent, tokenizer=absent,
    )  # fmt: skip


class ByteTokenizer:
    """One token a byte; 256 begins a document, 257 ends one, 258 and 259 are turns."""

    special = {"<|begin|>": 256, "<|end|>": 257, "<|user|>": 258, "<|agent|>": 259}  # noqa: RUF012

    def __init__(self) -> None:
        self.token_bytes = [bytes([byte]) for byte in range(256)] + [b""] * len(self.special)
        self.encoded_chars = 0

    def encode(self, text: str) -> list[int]:
        """The text's UTF-8; the text of a special token becomes that token."""
        self.encoded_chars += len(text)
        for name, token in self.special.items():
            if name in text:
                before, after = text.split(name, 1)
                return [*self.encode(before), token, *self.encode(after)]
        return list(text.encode())


class SpacingTokenizer(ByteTokenizer):
    """Puts a space before every text, as sentencepiece models do."""

    def encode(self, text: str) -> list[int]:
        return super().encode(f" {text}") if text else []


class FakeStepModel:
    """`core.ports.StepModel` over token ids; counts what it did.

    Attributes:
        steps, read: batches, and tokens in them.
        batches: tokens of each sequence, batch by batch.
        fail_with: raised by the next steps.
        took: told how many tokens a step had, so that a test's clock can go on.
        ends_after: an end becomes likely once a sequence has this many tokens.
    """

    def __init__(
        self,
        *,
        blocks: int = 64,
        block_size: int = 4,
        spec: DecoderSpec | None = None,
        letters: bytes = _WORDS,
        liking: float = 4.0,
    ) -> None:
        self.spec = spec or fake_decoder_spec()
        self.blocks = blocks
        self.block_size = block_size
        self._letters = letters
        self._liking = liking
        self.held = np.full((blocks, block_size), _NOTHING, dtype=np.int64)
        self.steps = 0
        self.read = 0
        self.copies = 0
        self.batches: list[list[int]] = []
        self.fail_with: Exception | None = None
        self.took: Callable[[int], None] = lambda _: None
        self.ends_after = 1 << 30
        self.closed = False

    def step(self, batch: StepBatch) -> FloatArray:
        """Write the ids, then derive each wanted row of logits from the ids up to it."""
        if self.fail_with is not None:
            raise self.fail_with
        count = len(batch.past)
        assert len(batch.begins) == len(batch.block_begins) == count + 1
        assert batch.begins[-1] == len(batch.tokens) == len(batch.positions)
        assert batch.block_begins[-1] == len(batch.blocks)
        wanted = set(batch.sample_rows.tolist())
        assert len(wanted) == len(batch.sample_rows)
        logits: dict[int, FloatArray] = {}
        written: list[set[int]] = []
        tables: list[list[int]] = []
        for index in range(count):
            table = batch.blocks[batch.block_begins[index] : batch.block_begins[index + 1]].tolist()
            written.append(self._write(batch, index, table))
            tables.append(table)
        self._check_sharing(written, tables)
        for index, table in enumerate(tables):
            begin, end = int(batch.begins[index]), int(batch.begins[index + 1])
            ids = self.held[table].reshape(-1)[: int(batch.past[index]) + end - begin]
            assert (ids != _NOTHING).all(), "a sequence reads what nobody wrote"
            for row in range(begin, end):
                if row in wanted:
                    logits[row] = self.logits(ids[: int(batch.positions[row]) + 1])
        self.steps += 1
        self.read += len(batch.tokens)
        self.batches.append(np.diff(batch.begins).tolist())
        self.took(len(batch.tokens))
        return (
            np.stack([logits[row] for row in batch.sample_rows.tolist()])
            if wanted
            else (np.zeros((0, self.spec.vocab), dtype=np.float32))
        )

    def logits(
        self, ids: Sequence[int] | np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    ) -> FloatArray:
        """What follows these ids: mostly the model's letters, now and then an end."""
        data = np.asarray(ids, dtype=np.int64).tobytes()
        values = np.random.default_rng(zlib.crc32(data)).standard_normal(self.spec.vocab)
        values[list(self._letters)] += self._liking
        values[256:] -= 6
        if len(ids) > self.ends_after:
            values[self.spec.ends] += 12
        return values.astype(np.float32)

    def copy_block(self, source: int, target: int) -> None:
        """Copy the ids."""
        self.copies += 1
        self.held[target] = self.held[source]

    def close(self) -> None:
        """Remember it."""
        self.closed = True

    def _write(self, batch: StepBatch, index: int, table: list[int]) -> set[int]:
        """Store a sequence's new ids; the blocks that were written to."""
        begin, end = int(batch.begins[index]), int(batch.begins[index + 1])
        past = int(batch.past[index])
        assert end > begin, "a sequence without new tokens"
        assert len(set(table)) == len(table)
        assert batch.positions[begin:end].tolist() == list(range(past, past + end - begin))
        assert past + end - begin <= self.spec.context
        assert len(table) == -(-(past + end - begin) // self.block_size)
        for row in range(begin, end):
            block, offset = divmod(int(batch.positions[row]), self.block_size)
            self.held[table[block], offset] = batch.tokens[row]
            # What lay behind it belonged to a text that is no more.
            self.held[table[block], offset + 1 :] = _NOTHING
        return set(table[past // self.block_size :])

    @staticmethod
    def _check_sharing(written: list[set[int]], tables: list[list[int]]) -> None:
        """A block that is written to belongs to one sequence of the batch."""
        for index, blocks in enumerate(written):
            for other, table in enumerate(tables):
                assert other == index or not blocks & set(table), "a shared block is written to"
