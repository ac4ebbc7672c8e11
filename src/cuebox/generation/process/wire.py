"""What the server processes and the engine process say to each other over a unix socket.

A message is four bytes of length, little-endian, and so many bytes of MessagePack. Every command
that has an answer carries a `call`, a number that its connection chose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from cuebox.core import errors
from cuebox.core.decoder import DecoderSpec
from cuebox.core.errors import CueboxError
from cuebox.core.generation import Completed, Delta, GenerateRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "LONGEST_FRAME",
    "Cancel",
    "Command",
    "Failed",
    "Finished",
    "Frames",
    "Generate",
    "Hello",
    "Load",
    "Loaded",
    "Pieces",
    "Pulse",
    "Release",
    "Reply",
    "Score",
    "Scored",
    "WireError",
    "command_frames",
    "frame",
    "reply_frames",
]

LONGEST_FRAME = 64 << 20
_HEAD = 4

T = TypeVar("T")


class Load(msgspec.Struct, frozen=True, array_like=True, tag="load"):
    """Open a decoder, or hold the one that is open; `weights` and `tokenizer` are local paths."""

    call: int
    spec: DecoderSpec
    weights: str
    tokenizer: str


class Release(msgspec.Struct, frozen=True, array_like=True, tag="release"):
    """The connection needs a decoder digest no longer, however often it loaded it; not answered."""

    decoder: str


class Generate(msgspec.Struct, frozen=True, array_like=True, tag="generate"):
    """Answered by any number of `Pieces`, then `Finished` or `Failed`."""

    call: int
    decoder: str
    request: GenerateRequest


class Cancel(msgspec.Struct, frozen=True, array_like=True, tag="cancel"):
    """Forget a `Generate`; nothing more is said about it."""

    call: int


class Score(msgspec.Struct, frozen=True, array_like=True, tag="score"):
    """Ask for log-probabilities, see `core.ports.Generator.logprobs`."""

    call: int
    decoder: str
    prompt: str | list[int]


class Hello(msgspec.Struct, frozen=True, array_like=True, tag="hello"):
    """The first thing the engine says on a connection."""

    pid: int


class Loaded(msgspec.Struct, frozen=True, array_like=True, tag="loaded"):
    """A `Load` is done."""

    call: int


class Scored(msgspec.Struct, frozen=True, array_like=True, tag="scored"):
    """The answer to a `Score`."""

    call: int
    logprobs: list[float]


class Pieces(msgspec.Struct, frozen=True, array_like=True, tag="pieces"):
    """What one decoding step added to a streamed answer."""

    call: int
    deltas: list[Delta]


class Finished(msgspec.Struct, frozen=True, array_like=True, tag="finished"):
    """The end of a `Generate`."""

    call: int
    completed: Completed


class Failed(msgspec.Struct, frozen=True, array_like=True, tag="failed"):
    """The end of a command that went wrong; the fields are those of a `CueboxError`."""

    call: int
    code: str
    message: str
    param: str | None
    retry_after: float | None

    @classmethod
    def of(cls, call: int, error: Exception) -> Failed:
        """Put an error into words."""
        if not isinstance(error, CueboxError):
            error = CueboxError(f"the engine failed: {type(error).__name__}: {error}")
        return cls(call, error.code, error.message, error.param, error.retry_after)

    def error(self) -> CueboxError:
        """The error again, of the class it was."""
        cls = _ERRORS.get(self.code, CueboxError)
        return cls(self.message, param=self.param, retry_after=self.retry_after)


class Pulse(msgspec.Struct, frozen=True, array_like=True, tag="pulse"):
    """The engine is alive; sent once a second while anything is unanswered.

    One connection is told the figures of the engine as well, so that they are reported once.

    Attributes:
        gauges: name, decoder digest, value.
        counts: the same for counters: what was added since the last pulse.
    """

    gauges: list[tuple[str, str, float]] = []
    counts: list[tuple[str, str, float]] = []


Command = Load | Release | Generate | Cancel | Score
Reply = Hello | Loaded | Scored | Pieces | Finished | Failed | Pulse

_ERRORS: dict[str, type[CueboxError]] = {
    cls.code: cls for cls in (getattr(errors, name) for name in errors.__all__)
}

_encoder = msgspec.msgpack.Encoder()


class WireError(Exception):
    """The bytes on a connection are no messages; nothing more can be read from it."""


def frame(message: Command | Reply) -> bytes:
    """A message as it is sent.

    Raises:
        UnicodeEncodeError: a text has half a surrogate pair.
    """
    buffer = bytearray(_HEAD)
    _encoder.encode_into(message, buffer, _HEAD)
    buffer[:_HEAD] = (len(buffer) - _HEAD).to_bytes(_HEAD, "little")
    return bytes(buffer)


class Frames(Generic[T]):
    """Cuts a stream of bytes into messages of one type, wherever the pieces of it end."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[T]) -> None:
        self._decoder = decoder
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[T]:
        """Add bytes; gives every message that is complete now.

        Raises:
            WireError: a length or a message that cannot be.
        """
        buffer = self._buffer
        buffer += data
        begin = 0
        try:
            while len(buffer) - begin >= _HEAD:
                size = int.from_bytes(buffer[begin : begin + _HEAD], "little")
                if size > LONGEST_FRAME:
                    raise WireError(f"a message of {size} bytes is announced")
                end = begin + _HEAD + size
                if len(buffer) < end:
                    break
                message = self._decode(bytes(memoryview(buffer)[begin + _HEAD : end]))
                begin = end
                yield message
        finally:
            del buffer[:begin]

    def _decode(self, body: bytes) -> T:
        try:
            return self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise WireError(f"not a message: {error}") from error


def command_frames() -> Frames[Command]:
    """Reads what server processes send."""
    return Frames(msgspec.msgpack.Decoder(Command))


def reply_frames() -> Frames[Reply]:
    """Reads what the engine sends."""
    return Frames(msgspec.msgpack.Decoder(Reply))
