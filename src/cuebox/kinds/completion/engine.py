"""How a language model is opened outside a server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cuebox.core.ports import OpenDecoder, OpenGenerator

__all__ = ["Engine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The engine of this machine.

    Attributes:
        open_decoder: as the server opens it.
        open_exact: the same without any rounding of its own, to be held against torch.
        open_generator: as the server answers requests.
    """

    open_decoder: OpenDecoder
    open_exact: OpenDecoder
    open_generator: OpenGenerator
