"""X recent search through tweepy: one query, newest first, resumable by post id."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
import tweepy

from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import (
    BadAnswerError,
    ConfigError,
    CredentialsRefusedError,
    CreditsUsedUpError,
    CursorAheadError,
    CursorTooOldError,
    RateLimitedError,
    TrendSparkError,
    UpstreamError,
    UsageCappedError,
)
from trendspark_cli.base.models import Page, Span
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.collecting.source import Counter, Reach
from trendspark_cli.services.http import ANSWER_SECONDS, BoundedAdapter, session
from trendspark_cli.services.transport_errors import no_answer
from trendspark_cli.services.x.counts import XCounter
from trendspark_cli.services.x.posts import TWEET_FIELDS, Decoded, decode_answer, snowflake_at, snowflake_time

SEARCHABLE = timedelta(days=7) - timedelta(minutes=5)  # X searches 7 days; the margin is for clocks and slow calls
LATEST_END = timedelta(minutes=10)  # of a gap: none is made to end later than a few minutes from now
INDEX_DELAY = timedelta(seconds=60)  # posts reach the search index out of order for a while
_PORTAL = "check X_API_BASE_URL, proxies and captive portals on this network"
LIBRARY_HOST = "api.twitter.com"  # built into tweepy


class XSearch:
    """Implements sources.protocol.Source for one X query."""

    name = "x"
    service = "x"
    endpoint = "search_recent"
    largest_page = 100
    smallest_page = 10  # X refuses less
    is_billed_by_post = True

    def __init__(
        self,
        query: str,
        *,
        bearer_token: str,
        base_url: str,
        lookback: timedelta,
        now: datetime,
        record: Callable[[ApiCall], None],
        expand_authors: bool = False,
        counts_first: bool = False,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.query = query
        self._lookback = min(lookback, SEARCHABLE)
        self._now = now
        self._expand_authors = expand_authors
        self._client = tweepy.Client(bearer_token, return_type=requests.Response)
        adapter = BoundedAdapter(
            "x",
            record,
            rewrites={LIBRARY_HOST: base_url},
            endpoint_of=endpoint_name,
            remaining_header="x-rate-limit-remaining",
            answer_seconds=answer_seconds,
            is_billed=True,
        )
        self.counter: Counter | None = XCounter(self._count) if counts_first else None
        # Before tweepy reads it: its own parsing of refusals trips over bodies that are not X's.
        session(adapter, self._client.session).hooks["response"].append(self._judge)

    def reach(self, span: Span) -> Reach:
        """Return what of *span* X still searches: seven days, and nothing that is still settling."""
        if span.since is None and span.until is None:
            return Reach(Span(since=snowflake_at(self._now - self._lookback)))
        oldest = snowflake_at(self._now - SEARCHABLE)
        if span.until is not None:
            ended = snowflake_time(span.until)
            if ended is not None and ended > self._now + LATEST_END:
                return Reach(None, later=self._until_now(span))
            if ended is not None and ended > self._now - INDEX_DELAY:
                return Reach(None)
            if ended is not None and ended <= self._now - SEARCHABLE:
                return Reach(None, lost=span)
        began = snowflake_time(span.since) if span.since else None
        if began is not None and began < self._now - SEARCHABLE:
            return Reach(Span(since=oldest, until=span.until), lost=Span(since=span.since, until=oldest))
        return Reach(span)

    def _until_now(self, span: Span) -> Span:
        """Return what has come yet of a span that ends in the future."""
        now = snowflake_at(self._now)
        return Span(span.since if span.since is None or _number(span.since) < _number(now) else now, now)

    def fetch(self, span: Span, *, limit: int) -> Page:
        """Return one page, as sources.protocol.Source promises."""
        parameters = self._parameters(span, limit)
        response = self._ask(lambda: self._client.search_recent_tweets(self.query, **parameters))
        return self._page(_decoded(response, is_listing=True), span, response)

    def fetch_counts(self, ids: Sequence[str]) -> Page:
        """Return the present counters of up to 100 posts; X does not bill a post twice within a UTC day."""
        response = self._ask(lambda: self._client.get_tweets(list(ids), tweet_fields=list(TWEET_FIELDS)))
        decoded = _decoded(response)
        return Page(
            posts=tuple(decoded.posts),
            fetched=decoded.fetched,
            rejections=tuple(decoded.rejections),
            reads=decoded.fetched,
            billed_ids=decoded.ids,
            endpoint="tweets",
            request_id=response.headers.get("x-transaction-id"),
        )

    def _count(self, query: str) -> requests.Response:
        return self._ask(lambda: self._client.get_recent_tweets_count(query, granularity="hour"))

    def _parameters(self, span: Span, limit: int) -> dict[str, Any]:
        parameters: dict[str, Any] = {
            "max_results": max(self.smallest_page, min(limit, self.largest_page)),
            "tweet_fields": list(TWEET_FIELDS),
        }
        if self._expand_authors:
            parameters |= {"expansions": ["author_id"], "user_fields": ["username"]}
        # A next page must be asked for with the very parameters of the first.
        until, next_token = _split(span.token) if span.token is not None else (span.until, None)
        began = snowflake_time(span.since) if span.since else None
        if until is None and began is not None and span.since == snowflake_at(began):
            # No post stands behind such an id: the documented way to say a time is start_time.
            parameters["start_time"] = to_text(began)[:19] + "Z"
        elif span.since is not None and (until is None or _number(span.since) < _number(until)):
            parameters["since_id"] = span.since
        if until is not None:
            parameters["until_id"] = until
        if next_token is not None:
            parameters["next_token"] = next_token
        return parameters

    def _ask(self, call: Callable[[], requests.Response]) -> requests.Response:
        """Make one call of the library, and turn its errors into ours."""
        try:
            return call()
        except requests.exceptions.RequestException as error:
            raise no_answer("x", error, "X_API_BASE_URL") from error

    def _judge(self, response: requests.Response, **options: Any) -> None:
        """Raise what an answer means that is none; redirects too, since X has none and a token must not travel."""
        if response.status_code >= 300:
            raise refusal(response, self.query)

    def _page(self, decoded: Decoded, span: Span, response: requests.Response) -> Page:
        meta = decoded.meta
        ids = [post.source_id for post in decoded.posts]
        oldest = _id(meta.oldest_id) or min(ids, key=_number, default=None)
        unread = None
        if meta.next_token:
            first_until = _split(span.token)[0] if span.token is not None else span.until
            # A later run has no token: it asks for what is older than the oldest post of this page.
            unread = Span(span.since, oldest or span.until, token=f"{first_until or ''} {meta.next_token}")
            if unread.token == span.token:
                raise _nonsense("recent search names the same next page again")
            if span.token is not None and span.until and oldest and _number(oldest) >= _number(span.until):
                raise _nonsense("the next page of recent search has no older posts")
        return Page(
            posts=tuple(decoded.posts),
            fetched=decoded.fetched,
            rejections=tuple(decoded.rejections),
            newest_id=_id(meta.newest_id) or max(ids, key=_number, default=None),
            unread=unread,
            reads=decoded.fetched,
            billed_ids=decoded.ids,
            endpoint=self.endpoint,
            request_id=response.headers.get("x-transaction-id"),
            notes=tuple(decoded.notes),
        )


def _nonsense(what: str) -> BadAnswerError:
    """Return the error for a page that contradicts the one before; its posts were delivered all the same."""
    return BadAnswerError("x", what, hint="try again later", may_be_billed=True)


def endpoint_name(path: str) -> str:
    """Return the short name of an X API path: a label, so the list is closed."""
    for part, name in (("/search/recent", "search_recent"), ("/counts/recent", "counts_recent"), ("/usage", "usage")):
        if part in path:
            return name
    return "tweets" if "/tweets" in path else "other"


def _split(token: str) -> tuple[str | None, str]:
    """Return the `until` the listing began with, and X's own token for its next page."""
    until, _, next_token = token.partition(" ")
    return until or None, next_token


def _decoded(response: requests.Response, *, is_listing: bool = False) -> Decoded:
    try:
        return decode_answer(response.content, is_listing=is_listing)
    except (ValueError, RecursionError) as error:
        raise BadAnswerError(
            "x",
            f"the answer is no page of posts ({_excerpt(response, error)})",
            hint=_PORTAL,
            may_be_billed=True,
        ) from error


def _id(text: str | None) -> str | None:
    """Return a post id, or None for a text that is none: it would be refused as a cursor for ever."""
    return text if text is not None and text.isdecimal() else None


def _number(post_id: str) -> int:
    return int(post_id) if post_id.isdecimal() else 0


def refusal(response: requests.Response, query: str | None, what: str = "recent search") -> TrendSparkError:
    """Return what an HTTP status of X means for the operator; *what* was asked, with a *query* or without one."""
    status, told = response.status_code, _told(response)
    if status == 401:
        return CredentialsRefusedError(
            "x", "the bearer token was refused (401)", status=401, hint="set X_BEARER_TOKEN to a valid app-only token"
        )
    if status == 402:
        return CreditsUsedUpError(
            "x",
            f"no credits left (402): {told}",
            status=402,
            hint="buy credits in the X developer portal, or set X_INGEST_ENABLED=false",
        )
    if status == 403:
        return CredentialsRefusedError(
            "x",
            f"the app may not use {what} (403): {told}",
            status=403,
            hint="check the app's project and access level in the X developer portal",
        )
    if status == 429:
        return _rate_limit(response, told)
    if status == 400 and query is not None and _is_too_old(told):
        return CursorTooOldError(
            "x",
            "the cursor is older than the seven days X searches",
            status=400,
            hint="nothing to do: the next run begins seven days back",
        )
    if status == 400 and query is not None and _is_of_the_future(told):
        return CursorAheadError(
            "x",
            f"what was asked for lies in the future of X: {told}",
            status=400,
            hint="check this machine's clock (timedatectl), and keep it set by NTP",
        )
    if status == 400 and query is not None:
        return ConfigError(f"x refused the query {query!r}: {told}", hint="see `trendspark config check`")
    if status >= 500:
        return UpstreamError(
            "x",
            f"{what} is failing ({status})",
            status=status,
            hint="nothing to do: the next run goes on where this one stopped",
        )
    if status < 400:
        return BadAnswerError("x", f"{what} redirects elsewhere ({status})", status=status, hint=_PORTAL)
    return BadAnswerError("x", f"{what} answered {status}: {told}", status=status, hint="check X_API_BASE_URL")


def _is_too_old(told: str) -> bool:
    """Tell whether X says that the beginning we named lies before the days it searches."""
    return ("since_id" in told and "created after" in told) or ("start_time" in told and "on or after" in told)


def _is_of_the_future(told: str) -> bool:
    """Tell whether X says that the beginning we named has not come yet."""
    return ("since_id" in told or "start_time" in told) and ("before" in told or "prior to" in told)


def _rate_limit(response: requests.Response, told: str) -> RateLimitedError:
    body = response.text.lower()
    if "usage-capped" in body or "usagecapexceeded" in body:
        return UsageCappedError(
            "x",
            f"the account's monthly usage cap is reached (429): {told}",
            status=429,
            hint="raise the cap in the X developer portal, or wait for the next billing period",
        )
    try:
        retry_at = datetime.fromtimestamp(int(response.headers["x-rate-limit-reset"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return RateLimitedError(
            "x",
            "rate limit reached (429)",
            status=429,
            hint="nothing to do: the next run goes on where this one stopped",
        )
    return RateLimitedError(
        "x",
        f"rate limit reached (429) until {to_text(retry_at)}",
        status=429,
        retry_at=retry_at,
        hint="nothing to do: the next run goes on where this one stopped",
    )


def _told(response: requests.Response) -> str:
    """Return the service's own words, short: they are shown to the operator."""
    try:
        body = json.loads(response.content)
        problems = [body, *body.get("errors", [])]
        texts = [p.get("detail") or p.get("message") or p.get("title") for p in problems if isinstance(p, dict)]
        return excerpt("; ".join(dict.fromkeys(str(text) for text in texts if text)), 300) or "no reason given"
    except (ValueError, AttributeError, TypeError, RecursionError):
        return "no reason given"


def _excerpt(response: requests.Response, error: Exception) -> str:
    content_type = response.headers.get("content-type", "no content type")
    return f"{content_type}, {len(response.content)} bytes: {excerpt(error, 100)}"
