"""Light heads on a shared encoder.

Serving imports this room, so it stays light: what training needs (scikit-learn, reports) is
imported by `train`, `evaluate` and `export`, which serving never touches.
"""

from cuebox.kinds.classifier.kind import ClassifierKind

__all__ = ["KIND"]

KIND = ClassifierKind()
