"""Posts of Bluesky, read forward from where the last run ended until they are as young as this run."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.clock import from_epoch
from trendspark_cli.base.clock_witness import TOLERATED, ClockWitness
from trendspark_cli.base.errors import BadAnswerError, ClockWrongError, CursorAheadError, UpstreamError
from trendspark_cli.base.models import Page, Span
from trendspark_cli.collecting.source import Counter, Reach
from trendspark_cli.services.bluesky.connection import CHECK_HOSTS, NEXT_RUN, SERVICE, Connection, microseconds
from trendspark_cli.services.bluesky.counters import PostCounters
from trendspark_cli.services.bluesky.page import PageReading, Wanted

OVERLAP = timedelta(seconds=10)  # read again: events come a little out of order, and hosts differ
FLOOR = timedelta(minutes=1)  # there is always an event within it, so a later beginning means: no longer replayed
TURNED_BACK = timedelta(hours=2)  # a host may begin up to an hour before what it was asked for
PAGE_SECONDS = 10.0  # what was read is stored at least as often
LIVE_SECONDS = 20.0  # in which events came no faster than they were made: nothing is left to replay
MOST_CONNECTIONS = 60  # of one run; of one that stays, in so many seconds:
CONNECTIONS_SECONDS = 300.0
COMMIT_SECONDS = 1.0  # of a page of one that stays
MANY = 100  # events of the future: our clock is wrong, not one of them
FIRST_RUN = "first run"  # a span's token: nothing is lost before it

_decode = msgspec.json.Decoder().decode


class BlueskyPosts:
    """Implements collecting.source.Source, forward. A cursor is the time of the newest event, as `@microseconds`.

    One that *stays* never comes to an end: its pages hold what came in a second, and the next one is always unread.
    A connection is kept between two pages of one run; whoever asks for another place gets another connection.
    """

    name = "bluesky"
    query = "posts"
    service = SERVICE
    endpoint = "subscribe"
    largest_page = 1000
    smallest_page = 1
    is_billed_by_post = False
    counter: Counter | None = None

    def __init__(
        self,
        hosts: Sequence[str],
        counters: PostCounters,
        wanted: Callable[[], Wanted],
        *,
        lookback: timedelta,
        now: datetime,
        record: Callable[[ApiCall], None],
        answer_seconds: float,
        stays: bool = False,
    ) -> None:
        self.fetch_counts = counters.fetch_counts
        self._hosts = hosts
        self._make_wanted = wanted
        self._wanted: Wanted | None = None
        self._lookback = lookback
        self._began = now
        self._began_at = time.monotonic()
        self._record = record
        self._answer_seconds = answer_seconds
        self._witness = ClockWitness()
        self._host = 0
        self._stays = stays
        self._connected: deque[float] = deque()  # when (monotonic), the last ones
        self._open: _Open | None = None

    def reach(self, span: Span) -> Reach:
        """Return *span*; a first run begins a while ago. What lies before a place is not asked for again."""
        if span.until is not None:
            return Reach(None, lost=span)
        if _time_of(span.since) is None:
            return Reach(Span(since=place_of(microseconds(self._began - self._lookback)), token=FIRST_RUN))
        return Reach(span)

    def fetch(self, span: Span, *, limit: int) -> Page:
        """Return the next page after the place of *span*; `unread` is None once an event is as young as the run.

        Raises ConfigError when nothing can be looked for, and UpstreamError when no host brought anything.
        """
        if self._wanted is None:
            self._wanted = self._make_wanted()
        failures: list[UpstreamError] = []
        while len(failures) < len(self._hosts):
            try:
                return self._page(span, self._wanted, min(limit, self.largest_page))
            except CursorAheadError:
                raise
            except UpstreamError as failure:
                failures.append(failure)
                self._next_host()
        raise next((failure for failure in failures if type(failure) is not UpstreamError), failures[-1])

    def close(self) -> None:
        """Leave the host."""
        self._close()

    def check(self) -> str:
        """Return which host sends events, and how old the newest one is."""
        failures: list[UpstreamError] = []
        for host in self._hosts:
            try:
                connection = self._connect(host, None)
                try:
                    at = event_time(_event_of(connection.receive() or ""))
                finally:
                    connection.close()
            except UpstreamError as failure:
                failures.append(failure)
                continue
            return f"{connection.host} sends events" + (f"; the newest is of {_text(at)}" if at is not None else "")
        raise failures[-1]

    def _page(self, span: Span, wanted: Wanted, limit: int) -> Page:
        since = _time_of(span.since) or 0
        open_at = self._opened(since)
        connection, latest = open_at.connection, self._latest()
        is_past = since <= latest
        reading = PageReading(wanted, since if is_past else 0, latest, open_at.asked if is_past else 0)
        until = time.monotonic() + (COMMIT_SECONDS if self._stays else PAGE_SECONDS)
        young = float("inf") if self._stays else microseconds(self._now())
        lost: Span | None = None
        caught_up = False
        try:
            while reading.items < limit and not caught_up and time.monotonic() < until:
                frame = connection.receive(until if self._stays else float("inf"))
                if frame is None:
                    break
                at = reading.take(_event_of(frame))
                if at is None:
                    continue
                if open_at.first is None:
                    open_at.first = at
                    lost = self._before(span, since, at)
                caught_up = at >= young
        except UpstreamError:
            if reading.future >= MANY and not reading.moved:
                self._explain(reading)
            if reading.place <= since:  # whatever was read again comes from the next host too
                raise
            self._next_host()
        if not reading.moved and (reading.items or not self._stays):
            self._explain(reading)
        caught_up = caught_up or (not self._stays and open_at.is_live(reading.place))
        page = reading.page(self.endpoint)
        place = place_of(reading.place)
        if caught_up:
            self._close()
        elif self._open is not None:
            self._open.place = reading.place
        return page._replace(newest_id=place, unread=None if caught_up else Span(since=place), lost=lost)

    def _before(self, span: Span, since: int, first: int) -> Span | None:
        """Return what lies between the place that was asked for and the first event, if that much is missing.

        Raises CursorAheadError when the place lies in the future: the host then sends what is made now.
        """
        if span.token == FIRST_RUN:
            return None
        if since > self._latest() and first < since - _us(TURNED_BACK):
            self._close()
            told = f"the place we stopped at, {_text(since)}, lies in the future"
            raise CursorAheadError(SERVICE, told, hint=NEXT_RUN)
        return Span(place_of(since), place_of(first)) if first > since + _us(FLOOR) else None

    def _explain(self, reading: PageReading) -> None:
        """Raise what it means that nothing of a page told a time we can believe."""
        self._next_host()
        if reading.future:
            told = "all events are of the future by this machine's clock, so nothing was stored"
            raise ClockWrongError(SERVICE, told, hint="set the clock (timedatectl), and keep it set by NTP")
        raise BadAnswerError(SERVICE, "what the stream sends are no events", hint=CHECK_HOSTS)

    def _opened(self, since: int) -> _Open:
        """Return the connection that goes on after this place."""
        if self._open is not None and self._open.place == since:
            return self._open
        self._close()
        if len(self._connected) >= MOST_CONNECTIONS:
            if not self._stays:
                raise UpstreamError(SERVICE, f"connections break off: {MOST_CONNECTIONS} in this run", hint=NEXT_RUN)
            if time.monotonic() - self._connected.popleft() < CONNECTIONS_SECONDS:
                told = f"connections break off: {MOST_CONNECTIONS} in {CONNECTIONS_SECONDS / 60:g} minutes"
                raise UpstreamError(SERVICE, told, hint=NEXT_RUN)
        cursor = max(0, since - _us(OVERLAP))
        self._open = _Open(self._connect(self._hosts[self._host % len(self._hosts)], cursor), since, cursor)
        return self._open

    def _connect(self, host: str, cursor: int | None) -> Connection:
        self._connected.append(time.monotonic())
        return Connection(host, cursor, record=self._heard, answer_seconds=self._answer_seconds)

    def _heard(self, call: ApiCall) -> None:
        self._witness.hear([call])
        self._record(call)

    def _next_host(self) -> None:
        self._close()
        self._host += 1

    def _close(self) -> None:
        if self._open is not None:
            self._open.connection.close()
        self._open = None

    def _now(self) -> datetime:
        """Return when this run began: by our clock, or by a host's when that contradicts it."""
        ahead = self._witness.ahead
        return self._began - ahead if ahead is not None and self._witness.contradicts else self._began

    def _latest(self) -> int:
        """Return the latest time an event can be of."""
        running = timedelta(seconds=time.monotonic() - self._began_at)
        return microseconds(self._now() + running + TOLERATED)


class _Open:
    """A connection, the place after which its next event lies, the one it was asked for, and since when it is open."""

    def __init__(self, connection: Connection, place: int, asked: int) -> None:
        self.connection = connection
        self.place = place
        self.asked = asked
        self.first: int | None = None  # the time of its first event
        self._since = time.monotonic()

    def is_live(self, place: int) -> bool:
        """Tell whether events come no faster than they are made: our clock may not tell how young they are."""
        seconds = time.monotonic() - self._since
        return seconds >= LIVE_SECONDS and self.first is not None and place - self.first <= 1.2e6 * seconds


def place_of(at: int) -> str:
    """Return a time in microseconds as a cursor."""
    return f"@{at}"


def event_time(event: Any) -> int | None:
    """Return when the service saw an event, in microseconds; None when it does not say."""
    at = event.get("time_us") if isinstance(event, dict) else None
    return at if isinstance(at, int) and not isinstance(at, bool) and 0 < at < 10**18 else None


def _event_of(frame: str) -> Any:
    """Return what a frame holds; None for what is no JSON."""
    try:
        return _decode(frame)
    except (msgspec.DecodeError, RecursionError):
        return None


def _time_of(place: str | None) -> int | None:
    digits = (place or "").removeprefix("@")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else None


def _text(at: int) -> str:
    return from_epoch(at / 1e6).strftime("%Y-%m-%dT%H:%M:%SZ")


def _us(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1_000_000)
