"""One feed as a source: asked once an hour unless it says better, and for what is new only."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from msgspec.structs import replace

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import (
    BadAnswerError,
    CredentialsRefusedError,
    RateLimitedError,
    UpstreamError,
    os_words,
)
from trendspark_cli.base.feed_addresses import secrets_of
from trendspark_cli.base.models import Page, Span
from trendspark_cli.collecting.source import Counter, Reach
from trendspark_cli.services.feeds.entries import Origin, read_entries
from trendspark_cli.services.feeds.fetching import SERVICE, SETTING, Answer, Fetcher, told_address
from trendspark_cli.services.feeds.hosts import Hosts
from trendspark_cli.services.feeds.parsing import Feed, NoFeedError, read_feed
from trendspark_cli.services.feeds.state import LONGEST_VALIDATOR, State, due_at, short_hash, state_of
from trendspark_cli.services.public_api import retry_after

USUAL = timedelta(hours=1)  # between two polls
SHORTEST, LONGEST = timedelta(minutes=15), timedelta(days=1)  # that a feed may ask for instead
GONE_AGAIN = timedelta(days=7)  # before a feed that is gone for good is asked once more
FIRST_WAIT = timedelta(minutes=30)  # after a second failure in a row; each further one doubles it
MOVED_AFTER = timedelta(days=3)  # that a feed says the same, it is asked where it says it lives
SOON = timedelta(minutes=1)  # runs begin a little earlier or later
NEXT_RUN = "nothing to do: a later run tries again"

log = logging.getLogger(__name__)


class FeedSource:
    """Implements collecting.source.Source, forward. A cursor is the text of a `State`."""

    name = "feeds"
    service = SERVICE
    endpoint = "feed"
    largest_page = 300
    smallest_page = 1
    is_billed_by_post = False
    counter: Counter | None = None

    def __init__(self, address: str, name: str, fetcher: Fetcher, hosts: Hosts, *, now: datetime) -> None:
        self.query = name
        self._address = address
        self._fetcher = fetcher
        self._hosts = hosts
        self._now = now
        self._secrets = secrets_of(address)
        self._host = (urlsplit(address).hostname or "").lower()

    def reach(self, span: Span) -> Reach:
        """Return *span* when the feed may be asked now; nothing can be asked of the past."""
        if span.until is not None:
            return Reach(None, lost=span)
        state = state_of(span.since)
        if (until := due_at(state.host_again_at, self._now)) is not None:
            self._hosts.pause(self._host, until)
        is_due = due_at(state.again_at - SOON.total_seconds(), self._now) is None
        return Reach(span if is_due and self._hosts.may_be_asked(self._host, self._now) else None)

    def fetch(self, span: Span, *, limit: int) -> Page:
        """Return what is new in the feed.

        Raises UpstreamError with a `place`: what is known of the feed all the same, such as when it may be asked again.
        """
        state = state_of(span.since)
        self._hosts.note(self._host)
        has_moved = state.moved_to and self._now.timestamp() - state.moved_since >= MOVED_AFTER.total_seconds()
        try:
            if has_moved and (page := self._at_new_place(state)) is not None:
                return page
            known = {} if has_moved else _known(state)  # what another place said of itself means nothing here
            return self._taken(state, self._fetcher.fetch(self._address, self.query, known=known))
        except UpstreamError as failure:
            failure.is_service_wide = self._hosts.is_everything_down(failure)
            failure.place = self._ill(state, failure).text()
            raise

    def fetch_counts(self, ids: Sequence[str]) -> Page:
        """Return nothing: feeds have no counters."""
        return Page((), 0, endpoint="counts")

    def check(self) -> str:
        """Return how many entries the feed has. Raises UpstreamError."""
        answer = self._fetcher.fetch(self._address, self.query, known={})
        if answer.status != 200:
            raise self._refused(answer)
        number = len(self._parsed(answer).entries)
        moved = f", and says it moved to {told_address(answer.moved_to)} for good" if answer.moved_to else ""
        return f"{self.query} has {number} {'entry' if number == 1 else 'entries'}{moved}"

    def _at_new_place(self, state: State) -> Page | None:
        """Return what is new where the feed says it lives; None when it is not there, and is asked where it was."""
        address = self._shown(state.moved_to)
        try:
            answer = self._fetcher.fetch(address, self.query, known=_known(state))
            return self._taken(state, answer._replace(moved_to=address))
        except UpstreamError as failure:
            log.info("asked where it was: %s", failure)
            return None

    def _taken(self, state: State, answer: Answer) -> Page:
        """Return what an answer brings. Raises UpstreamError when it is no feed."""
        if answer.status == 304 and state.read_at:
            return self._page(self._well(state, answer, 0))
        if answer.status != 200:
            raise self._refused(answer)
        return self._read(state, answer)

    def _read(self, state: State, answer: Answer) -> Page:
        body = short_hash(answer.content.decode("utf-8", "replace"))
        if body == state.body:
            return self._page(self._well(state, answer, 0))
        feed = self._parsed(answer)
        read = read_entries(feed, Origin(self.query, self._host, self._secrets), state, self._now)
        lost = None
        if read.all_new and state.seen and state.read_at and read.oldest > to_text(_moment(state.read_at)):
            lost = Span(f"@{int(state.read_at)}", f"@{int(self._now.timestamp())}")
        new_state = self._well(replace(read.state, body=body), answer, feed.minutes)
        return self._page(new_state)._replace(
            posts=tuple(read.posts),
            fetched=len(read.posts) + len(read.rejections),
            rejections=tuple(read.rejections),
            lost=lost,
        )

    def _parsed(self, answer: Answer) -> Feed:
        try:
            return read_feed(answer.content, answer.headers.get("content-type", ""), self._address)
        except NoFeedError as error:
            found = f"; the page names {told_address(error.hint)} as its feed" if error.hint else ""
            hint = f"check {SETTING}, proxies and captive portals{found}"
            raise BadAnswerError(SERVICE, f"{self.query}: {error}", hint=hint) from error
        except OSError as error:
            told = f"{self.query}: what reads it does not start: {os_words(error)}"
            raise UpstreamError(SERVICE, told, hint="check the memory and the number of processes here") from error

    def _page(self, state: State) -> Page:
        return Page((), 0, newest_id=state.text(), reads=1, endpoint=self.endpoint, goes_forward=True)

    def _well(self, state: State, answer: Answer, minutes: int) -> State:
        """Return the state after an answer that was as it should be."""
        self._hosts.answered()
        headers = answer.headers
        now = self._now.timestamp()
        if answer.status == 200:
            etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
            state = replace(state, etag=_sendable(etag), modified=_sendable(modified))
        moved_to = self._hidden(answer.moved_to)
        return replace(
            state,
            again_at=now + _wait(headers.get("cache-control", ""), minutes).total_seconds(),
            host_again_at=0.0,
            read_at=now,
            failures=0,
            moved_to=moved_to,
            moved_since=(state.moved_since if moved_to == state.moved_to else now) if moved_to else 0.0,
        )

    def _ill(self, state: State, failure: UpstreamError) -> State:
        """Return the state after a failure: when to ask again, the feed or all of its host."""
        failures = state.failures + 1
        wait = min(FIRST_WAIT * 2 ** min(failures - 2, 10), LONGEST) if failures > 1 else timedelta(0)
        if failure.status == 410:
            wait = GONE_AGAIN
        again_at = self._now + wait
        host_again_at = 0.0
        if failure.status in (429, 503) and (failure.retry_at is not None or failure.status == 429):
            until = failure.retry_at or self._now + USUAL
            self._hosts.pause(self._host, until)
            again_at = max(again_at, until)
            host_again_at = until.timestamp()
        return replace(state, again_at=again_at.timestamp(), host_again_at=host_again_at, failures=failures)

    def _refused(self, answer: Answer) -> UpstreamError:
        """Return the error for an answer that brings no feed."""
        status, told = answer.status, f"{self.query}: "
        if status == 410:
            hint = f"take it out of {SETTING}; it is asked again in a week"
            return BadAnswerError(SERVICE, f"{told}is gone for good (410)", status=status, hint=hint)
        if status in (401, 403):
            hint = (
                f"check the secret in {SETTING}; a site may also refuse all that is no browser, and is then no source"
            )
            return CredentialsRefusedError(SERVICE, f"{told}was refused ({status})", status=status, hint=hint)
        if status == 429 or status >= 500:
            asked = retry_after(answer.headers.get("retry-after", ""), self._now, LONGEST)
            until = f" until {to_text(asked)}" if asked is not None else ""
            kind = RateLimitedError if status == 429 else UpstreamError
            what = "rate limit reached (429)" if status == 429 else f"is failing ({status})"
            return kind(SERVICE, f"{told}{what}{until}", status=status, retry_at=asked, hint=NEXT_RUN)
        hint = f"check {SETTING}: is it still the address of a feed?"
        return BadAnswerError(SERVICE, f"{told}answered {status}", status=status, hint=hint)

    def _hidden(self, address: str) -> str:
        """Return an address with the secrets of our own one as their numbers; "" for one that has such itself."""
        if "{" in address or "}" in address:
            return ""
        for number, secret in enumerate(self._secrets):
            address = address.replace(secret, f"{{{number}}}")
        return address if len(address) <= 1000 else ""

    def _shown(self, address: str) -> str:
        for number, secret in enumerate(self._secrets):
            address = address.replace(f"{{{number}}}", secret)
        return address


def _wait(cache_control: str, minutes: int) -> timedelta:
    """Return how long to wait for the next poll: as long as the feed says, within reason, or an hour."""
    found = re.search(r"(?<![\w-])max-age=(\d{1,9})", cache_control)
    told = [timedelta(seconds=int(found[1]))] if found is not None and int(found[1]) else []
    told += [timedelta(minutes=minutes)] if minutes else []
    return min(max(*told, SHORTEST), LONGEST) if told else USUAL


def _known(state: State) -> dict[str, str]:
    """Return the headers that say what we have."""
    validators = {"If-None-Match": state.etag, "If-Modified-Since": state.modified}
    return {name: value for name, value in validators.items() if _sendable(value)}


def _sendable(validator: str) -> str:
    """Return a validator that a header can hold, "" for any other."""
    is_plain = validator.isascii() and validator.isprintable() and validator == validator.strip()
    return validator if is_plain and len(validator) <= LONGEST_VALIDATOR else ""


def _moment(epoch: float) -> datetime:
    from trendspark_cli.base.clock import from_epoch

    return from_epoch(epoch)
