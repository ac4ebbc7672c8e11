"""Makes the conversations that the studio's Reply page steps through, from the demo's test split.

    python scripts/studio_conversations.py

They are of agents whom the demo's models have not seen. Licence and source: examples/README.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "examples" / "demo" / "star_conversations.jsonl"
TARGET = ROOT / "studio" / "src" / "pages" / "reply" / "conversations.json"
KEPT = ("role", "text", "facts")
# Shorter ones show little.
LEAST_TURNS = 5


def conversations() -> list[dict[str, Any]]:
    """Each with its `id` and `turns`, in the order of the file."""
    found: dict[str, list[dict[str, Any]]] = {}
    with SOURCE.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["split"] == "test":
                turn = {name: row[name] for name in KEPT if name in row}
                found.setdefault(row["conversation"], []).append(turn)
    return [
        {"id": name, "turns": turns} for name, turns in found.items() if len(turns) >= LEAST_TURNS
    ]


def content() -> str:
    """The file, one conversation a line."""
    lines = (json.dumps(each, ensure_ascii=False) for each in conversations())
    return "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    TARGET.write_text(content(), encoding="utf-8")
