"""The shapes in which posts come in."""

from typing import NamedTuple


class PostRow(NamedTuple):
    """A post as a window takes it; `created_at` in epoch seconds.

    `created_text` is its exact time, for those who read posts in that order and have to know where to go on.
    """

    id: int
    source: str
    author: str | None
    community: str | None
    created_at: int
    text: str
    created_text: str = ""


class LeavingPlace(NamedTuple):
    """A post that leaves the longest window: `created_at` in epoch seconds, `created_text` its exact time."""

    id: int
    source: str
    created_at: int
    created_text: str
