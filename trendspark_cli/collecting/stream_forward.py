"""The stream of a service that replays what was missed: its pages are stored one after the other, without end."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from trendspark_cli.base.clock import Clock, from_text
from trendspark_cli.base.errors import (
    ConfigError,
    CredentialsRefusedError,
    CursorAheadError,
    RateLimitedError,
    TrendSparkError,
    UpstreamError,
)
from trendspark_cli.base.metrics import STREAM_CONNECTED, STREAM_LAG, STREAM_LAST_DATA, STREAM_RECONNECTS
from trendspark_cli.base.models import Page, Span
from trendspark_cli.collecting.deletions import follow_deletions
from trendspark_cli.collecting.gap_keeping import keep_gap, take_back_cursor
from trendspark_cli.collecting.page_storing import store_page
from trendspark_cli.collecting.source import Source
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.running.pausing import is_paused

NOTE_SECONDS = 15.0  # between two looks at metrics and pause
LIVE = timedelta(minutes=2)  # a post so young shows that we are where the stream is
PLACE_SECONDS = 5.0  # in which pages without posts may pass before our place is written down
AUDIT_SECONDS = 60.0  # one row of the audit for so long
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds, when no host brought anything
LARGEST_PAGE = 1000

log = logging.getLogger(__name__)

Written = TypeVar("Written")


class LiveSource(Source, Protocol):
    """A source that is read forward and stays connected: its pages end after a second or so, and none is the last."""

    def close(self) -> None:
        """Leave the service."""


@dataclass(frozen=True)
class ForwardWork:
    """What the job works with."""

    source: LiveSource
    clock: Clock
    export: Callable[[], None]  # write the metrics files
    ask: Callable[[bool], None]  # between two commits; True when posts came: rank, elsewhere
    wait: Callable[[float], None] = time.sleep
    max_runtime: timedelta | None = None


def stream_forward(job: JobContext, work: ForwardWork) -> None:
    """Read on from where anybody stopped, until it is told to stop, is paused, or its planned end has come.

    The place is that of `ingest`, so nothing is missed between the two, and a connection that broke leaves no gap.
    Raises what cannot get better by waiting: CredentialsRefusedError, ConfigError.
    """
    running = _Running(job, work)
    try:
        running.run()
    finally:
        running.end()


class _Running:
    def __init__(self, job: JobContext, work: ForwardWork) -> None:
        self._job = job
        self._work = work
        self._source = work.source
        self._started = time.monotonic()
        self._pause_seconds = FIRST_PAUSE
        self._span: Span | None = None
        self._place: str | None = None  # known, and not yet written down
        self._placed = self._noted = 0.0
        self._audit_id: int | None = None
        self._audit_began = 0.0
        self._is_paused = self._is_connected = self._is_live = False

    def run(self) -> None:
        """Read page after page, with pauses when nothing comes."""
        while not self._is_over():
            try:
                page = self._source.fetch(self._next_span(), limit=LARGEST_PAGE)
            except CursorAheadError:
                self._begin_anew()
            except (CredentialsRefusedError, ConfigError):
                raise
            except UpstreamError as failure:
                self._count_end(failure)
                self._pause()
            else:
                self._store(page)
            self._note()

    def end(self) -> None:
        """Leave, and write down how far we are; in whatever way the run ended."""
        self._source.close()
        job = self._at_now()

        def record() -> None:
            job.record_calls()
            job.store.totals.set([STREAM_CONNECTED.at(0.0)])

        self._write(job, self._place, record)

    def _next_span(self) -> Span:
        if self._span is None:
            job = self._job
            cursor = job.store.cursors.get(job.profile, self._source.name, self._source.query)
            self._span = self._source.reach(Span(since=cursor)).readable or Span()
        return self._span

    def _begin_anew(self) -> None:
        cursor = self._job.store.cursors.get(self._job.profile, self._source.name, self._source.query)
        take_back_cursor(self._at_now(), self._source, cursor or "")
        self._span = self._place = None
        self._is_live = False

    def _store(self, page: Page) -> None:
        """Store a page; one without anything only moves our place, now and then."""
        job, now = self._at_now(), self._work.clock()
        has_moved = page.newest_id is not None and (self._span is None or page.newest_id != self._span.since)
        self._span = page.unread or Span(since=page.newest_id)
        place = page.newest_id if has_moved else self._place
        self._place = None  # whatever ends the run before this page is stored, it will be read again
        if has_moved:
            self._pause_seconds = FIRST_PAUSE
        follow_deletions(job, self._source.name, page)
        has_items = bool(page.posts or page.rejections or page.lost)
        if not has_items and self._is_connected and time.monotonic() < self._placed + PLACE_SECONDS:
            self._place = place
            return

        if has_items and self._audit_began + AUDIT_SECONDS < time.monotonic():
            self._audit_id, self._audit_began = None, time.monotonic()

        def store() -> int | None:
            audit_id = self._audit_id
            if has_items:
                audit_id = store_page(job, self._source.name, self._source.query, page, audit_id=audit_id)
                keep_gap(job, self._source, page, None, fills_gap=False)
            self._tell(job, page, now, has_moved=has_moved)
            return audit_id

        self._audit_id = self._write(job, place, store)
        self._is_connected = True
        self._is_live |= any(now - from_text(post.created_at) < LIVE for post in page.posts)
        self._work.ask(bool(page.posts))

    def _tell(self, job: JobContext, page: Page, now: datetime, *, has_moved: bool) -> None:
        readings = [STREAM_CONNECTED.at(1.0)]
        if has_moved:
            readings.append(STREAM_LAST_DATA.at(now.timestamp()))
        if page.posts:
            newest = max(post.created_at for post in page.posts)
            readings.append(STREAM_LAG.at(max(0.0, (now - from_text(newest)).total_seconds())))
        job.store.totals.set(readings)

    def _write(self, job: JobContext, place: str | None, record: Callable[[], Written]) -> Written:
        """Record something, and how far we are, in one transaction."""

        def write() -> Written:
            if place is not None:
                job.store.cursors.set(job.profile, self._source.name, self._source.query, place, job.now)
            return record()

        written = job.write(write)
        self._place, self._placed = None, time.monotonic()
        return written

    def _count_end(self, failure: TrendSparkError) -> None:
        log.warning("stream: %s", failure)
        reason = "rate_limit" if isinstance(failure, RateLimitedError) else "network"
        job = self._at_now()
        job.count("reconnects")

        def record() -> None:
            job.record_calls()
            job.store.totals.add([STREAM_RECONNECTS.by(1, reason=reason)])
            job.store.totals.set([STREAM_CONNECTED.at(0.0)])

        self._write(job, self._place, record)
        self._is_connected = self._is_live = False

    def _pause(self) -> None:
        """Wait, in steps, so that the planned end and a pause are noticed; longer each time, and never in step."""
        seconds = self._pause_seconds * random.uniform(0.5, 1.0)
        self._pause_seconds = min(2 * self._pause_seconds, LONGEST_PAUSE)
        while seconds > 0 and not self._is_over():
            self._note()
            self._work.wait(min(seconds, 1.0))
            seconds -= 1.0

    def _note(self) -> None:
        """Now and then, say how things are."""
        if time.monotonic() < self._noted + NOTE_SECONDS:
            return
        self._noted = time.monotonic()
        job = self._at_now()

        def note() -> None:
            job.record_calls()
            if self._is_live:  # what was written until LIVE ago has come
                until = job.now - LIVE
                job.store.volumes.note_read(job.profile, self._source.name, self._source.query, until)

        job.write(note)
        self._is_paused = is_paused(job.store, "stream")
        self._work.export()
        if self._is_connected:
            job.still_alive()
        self._work.ask(False)

    def _is_over(self) -> bool:
        limit = self._work.max_runtime
        return self._is_paused or (limit is not None and time.monotonic() - self._started >= limit.total_seconds())

    def _at_now(self) -> JobContext:
        """Return the run's context as of now: it goes on for days."""
        return replace(self._job, now=self._work.clock())
