"""The tables, for any database.

A conversation stands once however many keystrokes were suggested in it: `suggestions` names it by
digest. Nothing is declared a foreign key: feedback may arrive before what it is about (another
process writes that), and outlive it.
"""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, MetaData, String, Table, Text

__all__ = ["VERSION", "conversations", "feedback", "metadata", "schema", "shown", "suggestions"]

VERSION = 1
"""Of the schema: one higher with every change that an older cuebox cannot write."""

metadata = MetaData()

schema = Table("inference_log_schema", metadata, Column("version", Integer, primary_key=True))

conversations = Table(
    "conversations",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("turns", Text, nullable=False),  # JSON
)

suggestions = Table(
    "suggestions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("session", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("conversation", String(64)),  # None where inputs are not kept
    Column("draft", Text, nullable=False),
    Column("milliseconds", Text, nullable=False),  # JSON
    Index("suggestions_by_time", "at", "id"),
    Index("suggestions_by_conversation", "conversation"),
)

shown = Table(
    "shown",
    metadata,
    Column("id", Text, primary_key=True),
    Column("suggestion", Text, nullable=False),
    Column("place", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("score", Double, nullable=False),
    Column("answer", Text, nullable=False),
    Index("shown_by_suggestion", "suggestion"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("suggestion", Text, primary_key=True),
    Column("event", String(16), primary_key=True),
    Column("at", Double, nullable=False),
    Column("client", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("feedback_by_time", "at"),
)
