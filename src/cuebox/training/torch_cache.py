"""Keys and values that a transformers model remembers between two calls."""

from __future__ import annotations

import inspect
from typing import Any

__all__ = ["remembering"]


def remembering(model: Any, cache: Any) -> dict[str, Any]:  # noqa: ANN401 - no types there
    """Arguments with which `model` reads on from a `DynamicCache`, and adds to it.

    The argument is called `cache` from transformers 5.24 on, and was `past_key_values` before.
    """
    known = inspect.signature(model.forward).parameters
    name = "cache" if "cache" in known else "past_key_values"
    return {name: cache, "use_cache": True}
