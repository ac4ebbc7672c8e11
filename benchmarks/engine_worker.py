"""One candidate of `engine.py`: reads a JSON list of texts a line, answers with milliseconds each.

`engine_worker.py cuebox ENCODER` runs in cuebox's environment, `engine_worker.py peer` in a
peer's, where cuebox is not installed; so everything of either side is imported where it is used.
"""

import json
import os
import sys
import time
from collections.abc import Callable


def _cuebox(encoder: str) -> Callable[[str], object]:
    from benchmarks.heads import find_encoder
    from cuebox.core.text import TextSettings, normalize_text
    from cuebox.core.types import TokenBatch
    from cuebox.engines.opener import EncoderOpener
    from cuebox.engines.settings import EngineSettings

    tokenizer, session = EncoderOpener(EngineSettings())(*find_encoder(encoder))
    settings = TextSettings()

    def embed(text: str) -> object:
        ids = tokenizer.encode(normalize_text(text, settings)).ids
        return session.run(TokenBatch.of([ids]))[0]

    return embed


def _peer() -> Callable[[str], object]:
    from encoder import open_encoder  # type: ignore[import-not-found,unused-ignore]

    opened = open_encoder()
    return lambda text: opened.encode([text])[0]


def main() -> None:
    """Answer until the input ends."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {0})
    answers = sys.stdout
    sys.stdout = sys.stderr  # libraries may print
    embed = _cuebox(sys.argv[2]) if sys.argv[1] == "cuebox" else _peer()
    for line in sys.stdin:
        taken = []
        for text in json.loads(line):
            began = time.perf_counter()
            embed(text)
            taken.append(1000 * (time.perf_counter() - began))
        answers.write(json.dumps(taken) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
