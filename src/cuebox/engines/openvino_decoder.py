"""A decoder on OpenVINO: a compiled graph, its inputs, and a pool of key and value blocks."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.core.errors import ModelError, Unavailable
from cuebox.core.types import StepBatch
from cuebox.engines.block_pool import BlockPool
from cuebox.engines.cpu import available_cores
from cuebox.engines.decoder_graph import build_graph
from cuebox.engines.openvino_runtime import ov
from cuebox.engines.step_inputs import STEP_INPUTS, StepInputs

if TYPE_CHECKING:
    from openvino import InferRequest

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.types import FloatArray
    from cuebox.engines.decoder_weights import DecoderWeights
    from cuebox.engines.settings import DecoderSettings

__all__ = ["OpenVinoDecoder"]

_FIRST_CACHE = len(STEP_INPUTS) + 1
# Columns that share a scale when activations are quantised for a product with int8 weights. 32
# would take 17 % longer a step and 40 % longer a prompt, for 0.02 % of perplexity.
_ACTIVATION_GROUP = 128


@dataclass(frozen=True, slots=True)
class _Held:
    """What closing gives back; the compiled graph's constants are views of `weights`."""

    request: InferRequest
    inputs: StepInputs
    pool: BlockPool
    weights: DecoderWeights


class OpenVinoDecoder:
    """`core.ports.StepModel`."""

    def __init__(
        self, spec: DecoderSpec, weights: DecoderWeights, settings: DecoderSettings
    ) -> None:
        """Compile the model, reserve its blocks, and take a first step.

        Raises:
            ConfigError: the room for keys and values is less than one text takes.
            ModelError: the weights do not fit the spec, or the engine cannot run the model.
        """
        self.spec = spec
        graph = build_graph(spec, weights)
        try:
            compiled = ov.Core().compile_model(graph, "CPU", _properties(weights, spec, settings))
        except RuntimeError as error:
            raise ModelError(f"OpenVINO cannot run this decoder: {error}") from error
        caches = compiled.inputs[_FIRST_CACHE:]
        block_shape = [side.get_length() for side in list(caches[0].partial_shape)[1:]]
        pool = BlockPool(
            len(caches),
            block_shape,
            caches[0].element_type.to_dtype(),
            settings.kv_cache_mb,
            spec.context,
        )
        self.block_size = block_shape[1]
        self.blocks = pool.blocks
        request = compiled.create_infer_request()
        for index, layer in enumerate(pool.arrays):
            request.set_input_tensor(_FIRST_CACHE + index, ov.Tensor(layer, shared_memory=True))
        inputs = StepInputs(request, pool.scratch)
        self._held: _Held | None = _Held(request, inputs, pool, weights)
        self._first_step()

    def step(self, batch: StepBatch) -> FloatArray:
        """Append tokens and return logits; see `core.ports.StepModel`.

        Raises:
            ModelError: a text grows over the model's context, or the engine failed.
            Unavailable: the decoder is closed.
        """
        held = self._open()
        longest = held.inputs.write(batch)
        if longest > self.spec.context:
            raise ModelError(
                f"a text of {longest} tokens: this decoder's context is {self.spec.context}"
            )
        held.pool.expect(int(batch.blocks.max()))
        try:
            # In this thread; to start it and wait would wake another one up first.
            held.request.infer(share_outputs=True)
        except RuntimeError as error:
            raise ModelError(
                f"the decoder cannot run a step of {len(batch.tokens)} tokens: {error}"
            ) from error
        logits: FloatArray = held.request.get_output_tensor(0).data
        return logits[: len(batch.sample_rows)]

    def copy_block(self, source: int, target: int) -> None:
        """Copy the keys and values of one block, in all layers.

        Raises:
            Unavailable: the decoder is closed.
        """
        self._open().pool.copy(source, target)

    def close(self) -> None:
        """Give weights and blocks back; later steps raise `Unavailable`."""
        self._held = None

    def _open(self) -> _Held:
        if self._held is None:
            raise Unavailable("the decoder is closed")
        return self._held

    def _first_step(self) -> None:
        """Let the engine repack the weights now; give back what it no longer needs."""
        zero, begins = np.zeros(1, np.int64), np.array([0, 1], np.int32)
        past, block = np.zeros(1, np.int32), np.full(1, self.blocks, np.int32)
        self.step(StepBatch(zero, zero, past, begins, block, begins, zero))
        self._open().weights.release_pages()
        self._open().pool.expect(0)
        _return_freed_memory()


def _properties(
    weights: DecoderWeights, spec: DecoderSpec, settings: DecoderSettings
) -> dict[str, Any]:
    """Settings of OpenVINO's CPU plugin."""
    exact = settings.exact
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": settings.thread_count(available_cores(), weights.size),
        # Threads tied to cores would stay on them when another process takes those.
        "ENABLE_CPU_PINNING": False,
        # Its default, where the CPU has it, is bfloat16: three digits.
        "INFERENCE_PRECISION_HINT": "f32",
        "KV_CACHE_PRECISION": "f32" if exact else "f16",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0 if exact else spec.group or _ACTIVATION_GROUP,
    }


def _return_freed_memory() -> None:
    """Compiling leaves holes in the heap; glibc keeps them unless asked."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
