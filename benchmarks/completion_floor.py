"""The least that opening a language model takes: `python completion_floor.py WEIGHTS TOKENIZER`.

One process, no server and no engine around it: OpenVINO is imported, the model opened, one step
taken. SPEC comes on the input as JSON; the output is JSON: what was reached at how many seconds on
CLOCK_MONOTONIC.
"""

import time

_FIRST_LINE = time.monotonic()

import json  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402


def main() -> None:
    """Open and step."""
    import openvino  # noqa: F401

    reached = {"interpreter": _FIRST_LINE, "openvino imported": time.monotonic()}

    import msgspec
    import numpy as np

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.types import StepBatch
    from cuebox.engines.opener import DecoderOpener

    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=DecoderSpec)
    _, model = DecoderOpener()(spec, Path(sys.argv[1]), Path(sys.argv[2]))
    reached["model open"] = time.monotonic()
    one = np.zeros(1, np.int64)
    ends = np.array([0, 1], np.int32)
    model.step(StepBatch(one, one, np.zeros(1, np.int32), ends, np.zeros(1, np.int32), ends, one))
    reached["one step"] = time.monotonic()
    sys.stdout.write(json.dumps(reached) + "\n")
    sys.stdout.flush()
    # The reader measures this process and ends it.
    time.sleep(10)


if __name__ == "__main__":
    main()
