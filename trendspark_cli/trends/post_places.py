"""Which post a person means: an address of X or Reddit, or SOURCE:ID."""

from __future__ import annotations

import re

from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.models import SOURCES

_X = re.compile(r"^(?:https?://)?(?:www\.|mobile\.)?(?:x|twitter)\.com/[^/]+/status(?:es)?/(\d{1,20})", re.IGNORECASE)
_REDDIT = re.compile(
    r"^(?:https?://)?(?:(?:\w+\.)?reddit\.com/(?:r/[^/]+/)?comments/|redd\.it/)([a-z0-9]{1,13})", re.IGNORECASE
)


def place_of(given: str) -> tuple[str, str]:
    """Return (source, id there) of an address or SOURCE:ID; raise UsageError for anything else."""
    given = given.strip()
    source, colon, post_id = given.partition(":")
    if colon and source.lower() in SOURCES and post_id and not post_id.startswith("//"):
        return source.lower(), post_id.removeprefix("t3_") if source.lower() == "reddit" else post_id
    for name, pattern in (("x", _X), ("reddit", _REDDIT)):
        found = pattern.match(given)
        if found:
            return name, found[1].lower()
    raise UsageError(
        f"{given[:100]!r} is no post",
        hint="give its address (https://x.com/NAME/status/ID, https://www.reddit.com/comments/ID) or x:ID, reddit:ID",
    )
