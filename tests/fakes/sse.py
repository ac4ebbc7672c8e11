"""Server-sent events as a strict client reads them."""

from __future__ import annotations

import msgspec

__all__ = ["events", "texts"]


def events(body: bytes) -> list[dict[str, object] | str]:
    """The data of each event, decoded; `[DONE]` as it is."""
    assert body.endswith(b"\n\n")
    found: list[dict[str, object] | str] = []
    for event in body[:-2].split(b"\n\n"):
        assert event.startswith(b"data: ")
        assert b"\n" not in event
        assert b"\r" not in event
        data = event.removeprefix(b"data: ")
        found.append("[DONE]" if data == b"[DONE]" else msgspec.json.decode(data))
    return found


def texts(body: bytes) -> dict[int, str]:
    """The text of each choice, put together."""
    found: dict[int, str] = {}
    for event in events(body):
        if isinstance(event, str):
            continue
        choices = event.get("choices", [])
        assert isinstance(choices, list)
        for choice in choices:
            found[choice["index"]] = found.get(choice["index"], "") + choice["text"]
    return found
