"""Where a network computes, and how precisely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from cuebox.kinds.completion.settings import TrainingSettings

__all__ = ["Device"]


class Device:
    """A CPU or a GPU with a precision."""

    def __init__(self, settings: TrainingSettings) -> None:
        import torch

        automatic = "cuda" if torch.cuda.is_available() else "cpu"
        self.name = automatic if settings.device == "auto" else settings.device
        self._kind = torch.device(self.name).type
        self._compile = settings.compile
        if settings.threads:
            torch.set_num_threads(settings.threads)
        wanted = settings.precision
        self.low_precision = wanted == "bf16" or (wanted == "auto" and _has_bfloat16(self._kind))

    def precision(self) -> AbstractContextManager[Any]:
        """A context in which products are made in the device's precision."""
        import torch

        context: AbstractContextManager[Any] = torch.autocast(
            self._kind, torch.bfloat16, enabled=self.low_precision
        )
        return context

    def compiled(self, module: Any) -> Any:  # noqa: ANN401 - a torch module
        """The module, fused where the settings ask for it."""
        import torch

        return torch.compile(module, dynamic=False) if self._compile else module

    def tensors(self, *arrays: np.ndarray[Any, Any]) -> list[Any]:
        """Arrays as tensors on the device."""
        import torch

        return [torch.from_numpy(np.ascontiguousarray(one)).to(self.name) for one in arrays]


def _has_bfloat16(kind: str) -> bool:
    """Whether bfloat16 is faster than float32 there."""
    import torch

    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
