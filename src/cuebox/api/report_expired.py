"""What a person reads who follows a link to a report that opens nothing any more."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from cuebox.api.tickets import Ticket

__all__ = ["expired_page"]

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>This link opens nothing any more</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 36rem; margin: 3rem auto; padding: 0 1.25rem; font: 1rem/1.5 system-ui, sans-serif; }}
h1 {{ font-size: 1.25rem; line-height: 1.3; }}
</style>
</head>
<body>
<main>
<h1>This link opens nothing any more</h1>
<p>A link to a report works for {minutes} minutes, so that one that is passed on or left behind
shows nothing. The report itself is still where it was.</p>
<p><a href="../#/models{path}">{words}</a></p>
</main>
</body>
</html>
"""


def expired_page(ticket: Ticket | None, seconds: int) -> bytes:
    """A page that says so, and leads to where another link is made.

    Args:
        ticket: what the link was signed for; None where no such thing was signed here.
        seconds: how long a link works.
    """
    path, words = "", "All models"
    if ticket is not None:
        path = f"/{quote(ticket.model, safe='')}/{quote(ticket.version, safe='')}"
        words = f"Open the report of {ticket.model} {ticket.version} again"
    page = _PAGE.format(minutes=seconds // 60, path=path, words=escape(words))
    return page.encode("utf-8", "replace")
