"""An engine that does what a test tells it to, for tests of what stands around it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from cuebox.core.decoder import DecoderSpec
from cuebox.core.errors import Conflict, CueboxError, InvalidRequest
from cuebox.core.file_ref import FileRef
from cuebox.core.generation import Choice, Completed, Delta, Usage
from cuebox.generation.process.guarded import GuardedEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cuebox.core.generation import GenerateRequest
    from cuebox.generation.process.guarded import Answer

__all__ = ["EngineRoom", "FakeEngine", "fake_spec"]


def fake_spec(name: str = "a") -> DecoderSpec:
    """A spec whose digest depends on `name`."""
    file = FileRef(name * 64, 1)
    return DecoderSpec(
        architecture="gpt2", vocab=256, hidden=8, layers=1, heads=1, kv_heads=1, head_dim=8,
        inner=8, context=64, norm_epsilon=1e-5, tied=True, quantization="int8", bos=0, ends=[0],
        weights=file, tokenizer=file,
    )  # fmt: skip


class _Running:
    def __init__(self, request: GenerateRequest, sink: Callable[[Answer], None]) -> None:
        self.request = request
        self.sink = sink
        self.steps = 0


class FakeEngine:
    """One character of the prompt, upper-cased, per step, to every request that runs.

    Attributes:
        steps: how often it stepped.
        requests: all that were submitted.
        submitted: set when the first of them came.
        cancelled: how many of them were cancelled.
        fault: raised by the next step, where given.
        gate: while it is closed, a step waits.
    """

    def __init__(self) -> None:
        self.steps = 0
        self.requests: list[GenerateRequest] = []
        self.submitted = threading.Event()
        self.cancelled = 0
        self.fault: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self._running: list[_Running] = []

    @property
    def busy(self) -> bool:
        return bool(self._running)

    def submit(self, request: GenerateRequest, sink: Callable[[Answer], None]) -> _Running:
        if request.prompt == "refuse":
            raise InvalidRequest("this engine refuses", param="prompt")
        self.requests.append(request)
        self.submitted.set()
        for other in list(self._running):
            if request.session and other.request.session == request.session:
                self._running.remove(other)
                other.sink(Conflict("superseded"))
        running = _Running(request, sink)
        self._running.append(running)
        return running

    def cancel(self, ticket: _Running) -> None:
        if ticket in self._running:
            self._running.remove(ticket)
            self.cancelled += 1

    def step(self) -> bool:
        self.gate.wait(30)
        self.steps += 1
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        for running in list(self._running):
            self._advance(running)
        return True

    def logprobs(self, tokens: Sequence[int]) -> list[float]:
        if not tokens:
            raise InvalidRequest("nothing to score", param="prompt")
        return [-float(token) for token in tokens[1:]]

    def stats(self) -> dict[str, float]:
        return {"running_requests": float(len(self._running)), "steps_total": float(self.steps)}

    def _advance(self, running: _Running) -> None:
        request = running.request
        text = str(request.prompt).upper()
        running.steps += 1
        if request.stream:
            running.sink(Delta(index=0, text=text[(running.steps - 1) % len(text)]))
        if running.steps >= request.max_tokens:
            self._running.remove(running)
            said = (text * request.max_tokens)[: request.max_tokens]
            choice = Choice(
                index=0, text=said, finish_reason="length", score=-1.0, tokens=request.max_tokens
            )
            usage = Usage(prompt_tokens=3, completion_tokens=running.steps, cached_tokens=1)
            running.sink(
                Completed(
                    choices=[] if request.stream else [choice],
                    usage=usage,
                    queue_ms=1.0,
                    first_token_ms=2.0,
                    total_ms=2.0 + running.steps,
                    steps=running.steps,
                )
            )


class _Tokenizer:
    token_bytes = tuple(bytes([value]) for value in range(256))

    @property
    def special(self) -> dict[str, int]:
        return {}

    def encode(self, text: str) -> list[int]:
        return list(text.encode())


class _Model:
    """A model that only knows whether it is closed."""

    block_size = 16
    blocks = 4

    def __init__(self, spec: DecoderSpec) -> None:
        self.spec = spec
        self.closed = threading.Event()

    def step(self, batch: Any) -> Any:
        raise NotImplementedError

    def copy_block(self, source: int, target: int) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self.closed.set()


class EngineRoom:
    """Opens fake engines, and remembers them.

    Attributes:
        engines: every engine made, in order; a fault makes a new one.
        models: by digest, the model opened last.
        opened: how many decoders were opened.
        refuse: raised instead of opening, where given.
        gate: while it is closed, opening waits.
        make: makes an engine.
    """

    def __init__(self) -> None:
        self.make: Callable[[], FakeEngine] = FakeEngine
        self.engines: list[FakeEngine] = []
        self.models: dict[str, _Model] = {}
        self.opened = 0
        self.refuse: CueboxError | Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def open(self, spec: DecoderSpec, _weights: Path, _tokenizer: Path) -> GuardedEngine:
        """Stands in for opening a decoder's files."""
        self.gate.wait(30)
        self.opened += 1
        if self.refuse is not None:
            raise self.refuse
        model = self.models[spec.digest] = _Model(spec)
        return GuardedEngine(_Tokenizer(), model, self._make)

    def _make(self, _tokenizer: Any, _model: Any) -> Any:
        self.engines.append(self.make())
        return self.engines[-1]
