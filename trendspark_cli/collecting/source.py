"""What a source of posts promises. It knows a remote API and nothing of our tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from trendspark_cli.base.models import Page, Span
from trendspark_cli.collecting.volume import Slice


class Reach(NamedTuple):
    """What of a span the service can still be asked for.

    `readable` None and `lost` None together mean: not yet, ask again in a later run. All of it is by our clock, which
    may be wrong: what is `lost` has to be confirmed. `later`: the span ends in the future; so much of it has come.
    """

    readable: Span | None
    lost: Span | None = None
    later: Span | None = None


class Counted(NamedTuple):
    """How many posts of a query there are, hour by hour, oldest first."""

    slices: tuple[Slice, ...]
    request_id: str | None = None


class Counter(Protocol):
    """What tells cheaply how many posts a query has, before any of them is bought. A call costs one unit."""

    endpoint: str  # what is charged, for the ledger

    def count(self, query: str) -> Counted:
        """Return the posts of each hour the service still searches. Raises what `Source.fetch` raises."""

    def together(self, queries: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
        """Return as few queries as find all that *queries* find, each with those it stands for."""

    def place_at(self, moment: datetime) -> str:
        """Return an id that posts of this moment or later are above."""


class Source(Protocol):
    """One query of one service, read page by page, newest first.

    Nothing is remembered between calls: a page names the span still unread below it, so storing a page together
    with that span is enough to resume in another process.
    """

    name: str  # short and permanent: stored in posts.source and used as a metric label
    query: str  # with the name, the identity of a cursor
    service: str  # whose budget a page is charged to
    endpoint: str  # what is charged, for the ledger
    largest_page: int  # the most posts one call may return
    smallest_page: int  # the fewest one may ask for
    counter: Counter | None  # asked before posts are bought; None buys at once
    is_billed_by_post: bool  # each post returned costs a unit; otherwise each call does

    def reach(self, span: Span) -> Reach:
        """Return what of *span* can be read now. An empty span is a first run: the source chooses where to begin."""

    def fetch(self, span: Span, *, limit: int) -> Page:
        """Return the newest unread page of *span*, of at most *limit* posts; the oldest one if its pages go forward.

        Raises UpstreamError: `permanent` when retrying cannot help, `retry_at` (UTC) when the service names a time.
        """

    def fetch_counts(self, ids: Sequence[str]) -> Page:
        """Return the present counters of up to 100 posts of this service; deleted ones are missing."""
