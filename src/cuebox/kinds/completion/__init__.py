"""Language models that continue what a person types.

Serving imports this room, so it stays light: what training and export need is imported by the
files that serving never touches.
"""

from cuebox.kinds.completion.kind import CompletionKind

__all__ = ["KIND"]

KIND = CompletionKind()
