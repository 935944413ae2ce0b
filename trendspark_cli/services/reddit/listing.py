"""One listing of one subreddit: `new`, read back to where the last run began, or `hot`, looked at anew each time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.base.errors import BadAnswerError
from trendspark_cli.base.models import Page, Post, Rejection, Span
from trendspark_cli.collecting.source import Counter, Reach
from trendspark_cli.services.reddit.client import RedditClient
from trendspark_cli.services.reddit.posts import post_from_submission

LISTING_LIMIT = 1000  # Reddit lists no more; a listing that ends well before it simply has no older posts
NEARLY_ALL = LISTING_LIMIT - 50  # deleted posts leave holes


class RedditListing:
    """Implements sources.protocol.Source for `r/NAME/new` or `r/NAME/hot`.

    Reddit's own anchors (`before=ID`) answer nothing once that post is deleted, so a cursor is compared, never sent:
    ids grow, and reading from the top ends at the first post that is not newer.
    """

    name = "reddit"
    service = "reddit"
    largest_page = 100
    smallest_page = 1
    is_billed_by_post = False
    counter: Counter | None = None  # listings cost nothing

    def __init__(self, client: RedditClient, subreddit: str, kind: str, *, lookback: timedelta, now: datetime) -> None:
        self.query = f"r/{subreddit}/{kind}"
        self.endpoint = kind
        self._client = client
        self._lookback = lookback
        self._now = now

    def reach(self, span: Span) -> Reach:
        """Return *span*; a first run of `new` goes back by time, written as `@epoch`."""
        if self.endpoint == "hot":
            return Reach(Span())
        if span.since is None:
            span = Span(since=f"@{int((self._now - self._lookback).timestamp())}", until=span.until)
        return Reach(span)

    def fetch(self, span: Span, *, limit: int) -> Page:
        """Return one page, as sources.protocol.Source promises."""
        anchor, listed = _split(span.token)
        parameters: dict[str, str | int] = {"limit": max(1, min(limit, self.largest_page)), "count": listed}
        if anchor:
            parameters["after"] = anchor
        answer = self._client.get(self.query, parameters, about=self.query.rpartition("/")[0])
        children, after = _listing(answer, self.query)
        span = self._bounded(span)
        if not children and anchor:
            # The post the listing went on from was deleted meanwhile; what is older is not known to be read.
            raise BadAnswerError("reddit", f"{self.query} lost its place", hint="nothing to do: the next run goes on")
        if after is not None and after == anchor:
            raise BadAnswerError("reddit", f"{self.query} names the same next page again", hint="try again later")
        posts, rejections = _posts(children)
        return self._page(span, posts, rejections, len(children), after, listed + len(children))

    def _bounded(self, span: Span) -> Span:
        """Return *span* with a beginning that is no later than a first run's, by the clock of the answer."""
        if span.since is None or not span.since.startswith("@"):
            return span
        witness = self._client.witness
        now = self._now - witness.ahead if witness.ahead is not None and witness.contradicts else self._now
        latest = int((now - self._lookback).timestamp())
        return span._replace(since=f"@{latest}") if float(span.since[1:]) > latest else span

    def fetch_counts(self, ids: Sequence[str]) -> Page:
        """Return the present counters of up to 100 posts."""
        names = ",".join(f"t3_{post_id}" for post_id in ids)
        children, _ = _listing(self._client.get("api/info", {"id": names}, about="a look-up of posts"), "api/info")
        posts, rejections = _posts(children)
        return Page(tuple(posts), len(children), tuple(rejections), reads=1, endpoint="info")

    def _page(
        self,
        span: Span,
        posts: list[Post],
        rejections: list[Rejection],
        fetched: int,
        after: str | None,
        listed: int,
    ) -> Page:
        unread = lost = None
        if self.endpoint == "new":
            ends = [post.source_id for post in posts] + ([span.until] if span.until is not None else [])
            oldest = min(ends, key=_number, default=None)  # a gap is read from the top: above it nothing is unread
            is_complete = any(_is_known(post, span.since) for post in posts)
            if after and not is_complete and listed < LISTING_LIMIT + self.largest_page:
                unread = Span(span.since, oldest, token=f"{after} {listed}")
            elif not is_complete and listed >= NEARLY_ALL:
                lost = Span(span.since, oldest)
        return Page(
            posts=tuple(posts),
            fetched=fetched,
            rejections=tuple(rejections),
            newest_id=self._newest(posts),
            unread=unread,
            lost=lost,
            reads=1,
            endpoint=self.endpoint,
        )

    def _newest(self, posts: list[Post]) -> str | None:
        """Return what a cursor keeps; `hot` has no order of time, so it keeps none."""
        if self.endpoint == "hot":
            return None
        return max((post.source_id for post in posts), key=_number, default=None)


def _listing(answer: Any, about: str) -> tuple[list[Any], str | None]:
    """Return the children of a listing and the name of its next page."""
    data = answer.get("data") if isinstance(answer, dict) else None
    children = data.get("children") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(children, list):
        raise BadAnswerError(
            "reddit",
            f"{about}: the answer is no listing",
            hint="check REDDIT_OAUTH_URL, proxies and captive portals on this network",
        )
    after = data.get("after")
    return children, after if isinstance(after, str) and after else None


def _posts(children: list[Any]) -> tuple[list[Post], list[Rejection]]:
    posts, rejections = [], []
    for index, child in enumerate(children, 1):
        item = child.get("data") if isinstance(child, dict) else None
        found = (
            post_from_submission(item, str(index)) if isinstance(item, dict) else Rejection("not_a_post", str(index))
        )
        if isinstance(found, Post):
            posts.append(found)
        else:
            rejections.append(found)
    return posts, rejections


def _is_known(post: Post, since: str | None) -> bool:
    """Tell whether a post is one an earlier run, or the beginning of the first, already covers."""
    if since is None:
        return False
    if since.startswith("@"):
        return post.created_at <= to_text(from_epoch(float(since[1:])))
    return _number(post.source_id) <= _number(since)


def _number(post_id: str) -> int:
    try:
        return int(post_id, 36)
    except ValueError:
        return 0


def _split(token: str | None) -> tuple[str, int]:
    """Return the anchor of the next page and how many posts were listed before it."""
    anchor, _, listed = (token or "").partition(" ")
    return anchor, int(listed or 0)
