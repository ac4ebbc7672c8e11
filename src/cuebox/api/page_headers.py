"""Headers of what a browser shows, beside its own policy."""

from __future__ import annotations

__all__ = ["SAFE_HEADERS", "page_headers"]

# A file is what it is said to be, and where it was asked for is nobody's business.
SAFE_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))


def page_headers(policy: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Those of a page with this Content-Security-Policy."""
    return ((b"content-security-policy", policy), *SAFE_HEADERS)
