"""Settings of the inference log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from cuebox.core.errors import ConfigError

__all__ = ["InferenceLogSettings", "Inputs", "path_of"]

_SQLITE = "sqlite:///"

Inputs = Literal["keep", "redact", "omit"]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class InferenceLogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is kept of suggestions and feedback, where, and for how long.

    Attributes:
        url: `sqlite:///PATH`, a file that is made, readable by its owner only, at the first
            suggestion; empty keeps no log. Several server processes may share a file, on a local
            disk.
        inputs: `keep` writes conversations, drafts and texts as they are; `redact` replaces
            e-mail addresses, telephone and card numbers and other runs of six or more digits in
            them; `omit` leaves out all that was written. Ids (also of sessions, as clients name
            them), models, scores, times and events are always kept.
        max_waiting: most records that wait in memory for the database; what comes on top is
            counted as lost. A request never waits for the log.
        max_waiting_mb: most memory they may take.
        retention_days: what is older is deleted; 0 keeps everything.
    """

    url: str = "sqlite:///.cuebox/inference_log.sqlite"
    inputs: Inputs = "keep"
    max_waiting: Positive = 20_000
    max_waiting_mb: Positive = 64
    retention_days: Annotated[float, msgspec.Meta(ge=0)] = 365.0

    def __post_init__(self) -> None:
        """Refuse a URL of no known kind."""
        if self.url:
            path_of(self.url)


def path_of(url: str) -> Path:
    """The file that `sqlite:///PATH` names; four slashes begin an absolute path.

    Raises:
        ConfigError: another kind of URL, or no path.
    """
    if not url.startswith(_SQLITE) or url.removeprefix(_SQLITE) in {"", ":memory:"}:
        raise ConfigError(
            f"inference_log.url is {url[:200]!r}: use sqlite:///PATH, or nothing for no log",
            param="inference_log.url",
        )
    return Path(url.removeprefix(_SQLITE)).expanduser()
