"""Replies an agent may want to send, ranked for a conversation and a draft.

Serving imports this room, so it stays light: what training needs is imported by the files that
serving never touches.
"""

from cuebox.kinds.reply.kind import ReplyKind

__all__ = ["KIND"]

KIND = ReplyKind()
"""The reply kind as the server sees it."""
