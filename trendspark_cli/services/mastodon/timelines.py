"""A timeline of Mastodon, read forward from where the last run ended, by the ids that its instance gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.base.errors import CursorAheadError
from trendspark_cli.base.models import Page, Post, Rejection, Span
from trendspark_cli.collecting.source import Counter, Reach
from trendspark_cli.services.field_values import identifier
from trendspark_cli.services.mastodon.counters import StatusCounters
from trendspark_cli.services.mastodon.instances import SERVICE, Instance, Statuses
from trendspark_cli.services.mastodon.posts import post_of
from trendspark_cli.services.post_files.json_values import members
from trendspark_cli.services.public_api import Parameters

MOST_POSTS = 40  # of one answer
MOST_PAGES = 100  # of one run: an instance lets 300 pages in a quarter of an hour be read from one address
OVERLAP = timedelta(minutes=5)  # read again: ids follow the time of the post, which comes late from other instances
TOLERATED = timedelta(minutes=5)  # a post is no later than now, by two clocks that are kept right
FIRST_RUN_OF_TAGS = timedelta(hours=48)  # a day to warm up on, and a day to spare
FIRST_RUN_OF_ALL = timedelta(hours=1)  # thousands of posts on a large instance
LEAST_DIGITS = 15  # of an id that holds a time: milliseconds since 1970, and 16 bits more
TIME_BITS = 16


class Timeline:
    """Implements collecting.source.Source, forward. A cursor is the instance's id of the newest post."""

    name = "mastodon"
    service = SERVICE
    endpoint = "timeline"
    largest_page = MOST_POSTS
    smallest_page = 1
    is_billed_by_post = False
    counter: Counter | None = None

    def __init__(self, address: str, instance: Instance, counters: StatusCounters, *, now: datetime) -> None:
        self.query = name_of(address)
        self.fetch_counts = counters.fetch_counts
        self._instance = instance
        self._path, self._fixed, self._is_tag = _request_of(address)
        self._now = now
        self._pages = 0
        self._cursor: str | None = None  # where the last run ended: no page moves it back

    def reach(self, span: Span) -> Reach:
        """Return *span*, begun a little earlier when it goes on where a run ended."""
        if span.until is not None:
            return Reach(None, lost=span)
        self._cursor = span.since
        return Reach(Span(since=_earlier(span.since)))

    def fetch(self, span: Span, *, limit: int) -> Page:
        """Return the oldest page of *span*; `unread` is None once the timeline has no more, or enough was read.

        Raises UpstreamError, CursorAheadError for a place that only a wrong clock can have made.
        """
        since = span.token or span.since
        wanted = max(1, min(limit, self.largest_page))
        if since is None:
            found = self._asked({"limit": wanted})
            begin = self._first_place(found.items)
            if begin is None:
                return self._page(found, None, is_last=True)
            since = begin
        found = self._asked({"min_id": since, "limit": wanted})
        self._believe(found)
        is_last = len(found.items) * 2 < wanted or found.is_enough or self._pages >= MOST_PAGES
        return self._page(found, since, is_last=is_last)

    def check(self) -> str:
        """Return how old the newest post is."""
        found = self._asked({"limit": 1})
        posts, _, _ = self._read(found.items)
        return f"{self.query}: the newest post is of {posts[0].created_at}" if posts else f"{self.query}: no posts yet"

    def _asked(self, parameters: Parameters) -> Statuses:
        self._pages += 1
        return self._instance.statuses(self._path, {**self._fixed, **parameters}, about=self.query)

    def _believe(self, found: Statuses) -> None:
        at = time_of(self._cursor) if self._cursor is not None and not found.items else None
        if at is not None and at > self._instance.now(self._now) + TOLERATED:
            told = f"{self.query}: the place we stopped at, {to_text(at)}, lies in the future"
            raise CursorAheadError(SERVICE, told, hint="nothing to do: the next run goes on")

    def _first_place(self, newest: Sequence[Any]) -> str | None:
        """Return the id at which a first run begins; None where ids do not tell the time, so the newest page is it."""
        ids = [place for status in newest if (place := identifier(members(status).get("id"))) is not None]
        if not ids or any(time_of(place) is None for place in ids):
            return None
        lookback = FIRST_RUN_OF_TAGS if self._is_tag else FIRST_RUN_OF_ALL
        return _place_at(self._instance.now(self._now) - lookback)

    def _page(self, found: Statuses, since: str | None, *, is_last: bool) -> Page:
        posts, rejections, places = self._read(found.items)
        if found.items and not places:
            raise self._instance.bad_answer(f"{self.query}: no post of the answer has an id")
        newest = max(places, key=_order) if places else None
        kept = max(filter(None, (newest, self._cursor)), key=_order, default=None) if newest else None
        above = found.newer or newest
        has_moved = above is not None and (since is None or _order(above) > _order(since))
        return Page(
            posts=tuple(posts),
            fetched=len(found.items),
            rejections=tuple(rejections),
            newest_id=kept,
            unread=None if is_last or not has_moved else Span(since=kept, token=above),
            reads=1,
            endpoint=self.endpoint,
            goes_forward=True,
        )

    def _read(self, items: Sequence[Any]) -> tuple[list[Post], list[Rejection], list[str]]:
        """Return posts, what is none, and the ids that say how far the page goes. Posts of bots are left out."""
        latest = self._instance.now(self._now) + TOLERATED
        posts, rejections, places = [], [], []
        for index, item in enumerate(items, 1):
            status = members(item)
            place = identifier(status.get("id"))
            if place is None or not place.isascii() or not place.isalnum():
                rejections.append(Rejection("bad_id" if status else "not_a_post", str(index)))
                continue
            at = time_of(place)
            if at is not None and at > latest:
                rejections.append(Rejection("bad_time", place[:40]))
                continue
            places.append(place)
            found = post_of(status, place[:40])
            if isinstance(found, Post) and found.created_at > to_text(latest):  # as its own server claims
                found = found._replace(created_at=to_text(at)) if at is not None else Rejection("bad_time", place[:40])
            if isinstance(found, Rejection):
                rejections.append(found)
            elif members(status.get("account")).get("bot") is not True:
                posts.append(found)
        return posts, rejections, places


def name_of(address: str) -> str:
    """Return a timeline as people write it, which is the identity of its cursor too."""
    return address.removeprefix("https://")


def base_of(address: str) -> str:
    """Return the address of a timeline's instance."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def time_of(place: str) -> datetime | None:
    """Return the time in an id of Mastodon's own; None for an id of software that makes others."""
    if len(place) < LEAST_DIGITS or len(place) > 20 or not (place.isascii() and place.isdecimal()):
        return None
    try:
        return from_epoch((int(place) >> TIME_BITS) / 1000)
    except (OverflowError, ValueError, OSError):
        return None


def _place_at(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000) << TIME_BITS)


def _earlier(place: str | None) -> str | None:
    at = time_of(place) if place is not None else None
    return place if at is None else _place_at(at - OVERLAP)


def _order(place: str) -> tuple[int, str]:
    """Return what ids are sorted by: numbers are longer when they are later, and other ids are all of one length."""
    return len(place), place


def _request_of(address: str) -> tuple[str, dict[str, str | int | list[str]], bool]:
    """Return the path and the parameters that a timeline is asked with, and whether it is that of a tag."""
    kind, *rest = urlsplit(address).path.strip("/").split("/")
    if kind == "tags":
        return f"api/v1/timelines/tag/{quote(rest[0], safe='')}", {}, True
    return "api/v1/timelines/public", {"local": "true"} if rest else {}, False
