"""Run the `cuebox` command and write down when its start reached certain points.

`python phases.py FILE serve ...` writes one JSON object to FILE: name of the point to seconds on
CLOCK_MONOTONIC, which all processes share. Modules are patched as they are imported, so the order
of the start stays what it is.
"""

import time

_FIRST_LINE = time.monotonic()

import importlib.abc  # noqa: E402
import importlib.machinery  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from functools import wraps  # noqa: E402
from pathlib import Path  # noqa: E402
from types import ModuleType  # noqa: E402
from typing import Any  # noqa: E402

# Module, attribute, and what its first call and its first return are called.
_POINTS: dict[str, list[tuple[str, str, str]]] = {
    "cuebox.api.listening": [("listen", "imported", "listening")],
    "cuebox.engines.opener": [("EncoderOpener.__call__", "composed", "encoder open")],
    "cuebox.serving.loader": [("Loader.load", "", "loaded")],
}
_reached: dict[str, float] = {"interpreter": _FIRST_LINE}
_file = ""


def _reach(point: str) -> None:
    if point and point not in _reached:
        _reached[point] = time.monotonic()
        Path(_file).write_text(json.dumps(_reached))


def _timed(function: Callable[..., Any], before: str, after: str) -> Callable[..., Any]:
    @wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        _reach(before)
        if before == "composed":
            import onnxruntime  # noqa: F401
            import tokenizers  # type: ignore[import-untyped,unused-ignore]  # noqa: F401

            _reach("engine imported")
        result = function(*arguments, **named)
        _reach(after)
        return result

    return call


def _patch(module: ModuleType) -> None:
    for path, before, after in _POINTS[module.__name__]:
        *outer, last = path.split(".")
        owner: Any = module
        for name in outer:
            owner = getattr(owner, name)
        setattr(owner, last, _timed(getattr(owner, last), before, after))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules as usual, and patches those of `_POINTS` once they have run."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in _POINTS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_patch(module: ModuleType) -> None:
                run(module)
                _patch(module)

            spec.loader.exec_module = run_and_patch  # type: ignore[method-assign]
        return spec


def main() -> None:
    """Run the command with the rest of the arguments."""
    global _file  # noqa: PLW0603
    _file = sys.argv.pop(1)
    sys.meta_path.insert(0, _Finder())
    from cuebox.cli.main import main as cuebox

    cuebox()


if __name__ == "__main__":
    main()
