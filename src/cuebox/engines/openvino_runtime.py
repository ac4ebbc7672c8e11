"""OpenVINO, without what it reports home.

Importing `openvino` also imports its model conversion tools, if they are there, and those send
a usage event over the network. They are hidden while it is imported, which halves its import
time and saves 15 MB as well; whoever needs them can import them later.

Modules of this room take `ov` and `ops` from here and never import `openvino` themselves.
"""

from __future__ import annotations

import sys

__all__ = ["ops", "ov"]

_CONVERSION_TOOLS = "openvino.tools.ovc"

_hide = _CONVERSION_TOOLS not in sys.modules
if _hide:
    sys.modules[_CONVERSION_TOOLS] = None  # type: ignore[assignment]  # "may not be imported"
try:
    import openvino as ov
    import openvino.opset15 as ops
finally:
    if _hide:
        del sys.modules[_CONVERSION_TOOLS]
