"""Which post a person means: its address, or SOURCE:ID."""

from __future__ import annotations

import re

from trendspark_cli.base.errors import UsageError
from trendspark_cli.kinds.sources import SOURCES


def place_of(given: str) -> tuple[str, str]:
    """Return (source, id there) of an address or SOURCE:ID; raise UsageError for anything else."""
    given = given.strip()
    source, colon, post_id = given.partition(":")
    kind = SOURCES.get(source.lower())
    if colon and kind is not None and post_id and not post_id.startswith("//"):
        return kind.name, post_id.removeprefix(kind.id_prefix)
    for kind in SOURCES.values():
        for address in kind.addresses:
            found = re.match(address, given, re.IGNORECASE)
            if found:
                return kind.name, found[1].lower()
    examples = ", ".join(kind.example for kind in SOURCES.values() if kind.example)
    forms = ", ".join(f"{name}:ID" for name in SOURCES)
    raise UsageError(f"{given[:100]!r} is no post", hint=f"give its address ({examples}) or {forms}")
