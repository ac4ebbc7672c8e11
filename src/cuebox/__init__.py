"""cuebox: one server and one life cycle for the transformer models of a product."""

import os

__all__ = ["__version__"]

__version__ = "0.1.0"

# The official builds of onnxruntime report their use to Microsoft unless this is set before
# they are imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
