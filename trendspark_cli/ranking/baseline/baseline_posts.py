"""The two shapes in which posts come in."""

from typing import NamedTuple

PostRow = tuple[int, str, str | None, str | None, int, str]
"""(id, source, author, community, created_at in epoch seconds, text): what a window is built from."""


class BaselinePost(NamedTuple):
    """A post that leaves the longest window and updates the baseline; `created_at` in epoch seconds."""

    source: str
    created_at: int
    text: str
