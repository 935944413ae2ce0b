"""All stories of Hacker News, newest first, read back to where the last run began by the second they were posted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.base.links import links_in, links_of
from trendspark_cli.base.models import Page, Post, Rejection, Span
from trendspark_cli.base.texts import clean_text, is_placeholder
from trendspark_cli.collecting.source import Counter, Reach
from trendspark_cli.services.field_values import JsonObject, counter, identifier
from trendspark_cli.services.html_texts import text_of_html
from trendspark_cli.services.public_api import PublicApi

FIRST_RUN_LOOKBACK = timedelta(hours=48)  # a day to warm up on, and a day to spare
OVERLAP = timedelta(minutes=10)  # stories reach the search index out of order for a while
TOLERATED = timedelta(minutes=5)  # a story is no later than now, by two clocks that are kept right
FIELDS = "objectID,title,url,story_text,author,points,num_comments,created_at_i"


class HackerNewsStories:
    """Implements collecting.source.Source for all stories, or those whose text is wanted.

    A cursor is the second of the newest story, as `@epoch`.
    """

    name = "hackernews"
    query = "stories"
    service = "hackernews"
    endpoint = "stories"
    largest_page = 1000  # the search shows no more of one question, whatever page is asked for
    smallest_page = 1
    is_billed_by_post = False
    counter: Counter | None = None  # nothing costs anything

    def __init__(
        self, api: PublicApi, *, now: datetime, wanted: Callable[[], Callable[[str], bool]] | None = None
    ) -> None:
        self._api = api
        self._make_wanted = wanted
        self._wanted: Callable[[str], bool] | None = None
        self._now = now

    def reach(self, span: Span) -> Reach:
        """Return *span*, begun a little earlier when it goes on where a run ended; stories stay to be asked for."""
        if span.since is None or span.until is not None:
            return Reach(span)
        return Reach(Span(since=f"@{_second(span.since) - int(OVERLAP.total_seconds())}"))

    def fetch(self, span: Span, *, limit: int) -> Page:
        """Return one page, as collecting.source.Source promises; the search counts no pages, so we go by seconds."""
        if self._wanted is None and self._make_wanted is not None:
            self._wanted = self._make_wanted()
        wanted = max(1, min(limit, self.largest_page))
        bounds = [f"created_at_i>{_second(span.since)}"] if span.since is not None else []
        if span.until is not None:
            bounds.append(f"created_at_i<={_second(span.until)}")
        hits = self._hits(
            "search_by_date", {"tags": "story", "numericFilters": ",".join(bounds), "hitsPerPage": wanted}
        )
        began = _second(span.since) if span.since is not None else self._first_second()
        posts, rejections, seconds = self._read(hits, began)
        return Page(
            posts=tuple(post for post in posts if self._wanted is None or self._wanted(post.text)),
            fetched=len(hits),
            rejections=tuple(rejections),
            newest_id=f"@{max(seconds)}" if seconds else None,
            unread=_unread(span, began, min(seconds)) if seconds and len(hits) >= wanted else None,
            reads=1,
            endpoint=self.endpoint,
        )

    def fetch_counts(self, ids: Sequence[str]) -> Page:
        """Return the present counters of up to 100 stories; deleted ones are missing."""
        names = ",".join(f"story_{post_id}" for post_id in ids if post_id.isdecimal())
        hits = self._hits("search", {"tags": f"story,({names})", "hitsPerPage": self.largest_page})
        posts, rejections, _ = self._read(hits, 0)
        return Page(tuple(posts), len(hits), tuple(rejections), reads=1, endpoint="counts")

    def check(self) -> str:
        """Return how old the newest story is."""
        hits = self._hits("search_by_date", {"tags": "story", "hitsPerPage": 1})
        posts, _, _ = self._read(hits, 0)
        return f"the newest story is of {posts[0].created_at}" if posts else "it answers, and names no story"

    def _hits(self, path: str, parameters: dict[str, str | int]) -> list[object]:
        about = "a look-up of stories" if path == "search" else "the search for stories"
        answer = self._api.get(
            path, {**parameters, "attributesToRetrieve": FIELDS, "attributesToHighlight": "none"}, about=about
        )
        hits = answer.get("hits") if isinstance(answer, dict) else None
        if not isinstance(hits, list):
            raise self._api.bad_answer(f"{about}: the answer is no list of stories")
        return hits

    def _first_second(self) -> int:
        """Return where a first run begins, by the clock of the answer."""
        return int((self._api.now(self._now) - FIRST_RUN_LOOKBACK).timestamp())

    def _read(self, hits: list[object], began: int) -> tuple[list[Post], list[Rejection], list[int]]:
        """Return posts, what is none, and the seconds that say how far the page goes."""
        latest = self._api.now(self._now) + TOLERATED
        posts, rejections, seconds = [], [], []
        for index, hit in enumerate(hits, 1):
            if not isinstance(hit, dict):
                rejections.append(Rejection("not_a_post", str(index)))
                continue
            second = _posted(hit, latest)
            if second is not None:
                seconds.append(second)
            found = post_of_story(hit, str(index), latest)
            if isinstance(found, Rejection):
                rejections.append(found)
            elif second is not None and second > began:
                posts.append(found)
        if hits and not seconds:
            raise self._api.bad_answer("no story of the answer says when it was posted")
        return posts, rejections, seconds


def post_of_story(hit: JsonObject, place: str, latest: datetime) -> Post | Rejection:
    """Return the post in one hit of the search, or why there is none; one later than *latest* has no time."""
    post_id = identifier(hit.get("objectID"))
    if post_id is None or not (post_id.isascii() and post_id.isdecimal()):
        return Rejection("bad_id", f"item {place}")
    title, second = hit.get("title"), _posted(hit, latest)
    if not isinstance(title, str) or not title.strip() or hit.get("created_at_i") is None:
        return Rejection("missing_field", post_id[:40])
    if is_placeholder(title):
        return Rejection("placeholder", post_id[:40])
    if second is None:
        return Rejection("bad_time", post_id[:40])
    try:
        points, comments = counter(hit.get("points")), counter(hit.get("num_comments"))
    except ValueError:
        return Rejection("bad_counter", post_id[:40])
    body, author = hit.get("story_text"), hit.get("author")
    texts = [title, text_of_html(body) if isinstance(body, str) else ""]
    return Post(
        source="hackernews",
        source_id=post_id,
        author=(clean_text(author) or None) if isinstance(author, str) else None,
        community=None,
        text=clean_text("\n".join(text for text in texts if text)),
        url=f"https://news.ycombinator.com/item?id={post_id}",
        lang=None,
        created_at=to_text(from_epoch(second)),
        likes=points,
        replies=comments,
        reposts=None,
        quotes=None,
        views=None,
        edits=0,
        observed_at=None,
        links=links_of((hit.get("url"), *links_in(texts[1]))),
    )


def _posted(hit: JsonObject, latest: datetime) -> int | None:
    """Return the second a hit was posted in; None when it names none that has come."""
    second = hit.get("created_at_i")
    is_second = isinstance(second, int) and not isinstance(second, bool) and 0 <= second <= latest.timestamp()
    return second if is_second else None


def endpoint_name(path: str) -> str:
    """Return the short name of a path of the search: a label, so the list is closed."""
    return "stories" if path.endswith("search_by_date") else "counts"


def _unread(span: Span, began: int, oldest: int) -> Span | None:
    """Return what lies below a full page whose oldest story is of the second *oldest*.

    That second is asked for again, since it may hold more stories, unless the page held no other.
    """
    until = oldest if span.until is None or oldest < _second(span.until) else oldest - 1
    return Span(f"@{began}", f"@{until}") if until > began else None


def _second(place: str) -> int:
    """Return the second a place names; 0, the beginning, for one that is not ours."""
    digits = place.removeprefix("@")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 12 else 0
