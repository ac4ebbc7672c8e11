"""The documentation page: three files, nothing from outside."""

from functools import cache
from pathlib import Path

__all__ = ["asset"]


@cache
def asset(name: str) -> bytes:
    """The content of a file of this room."""
    return (Path(__file__).parent / Path(name).name).read_bytes()
