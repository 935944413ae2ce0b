"""`stream`: posts as X sends them, stored in groups; what was missed between two connections is kept as gaps."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from trendspark_cli.base.clock import Clock, from_text, to_text
from trendspark_cli.base.clock_witness import TOLERATED
from trendspark_cli.base.errors import (
    CeilingReachedError,
    ConfigError,
    CredentialsRefusedError,
    RateLimitedError,
    TrendSparkError,
    UpstreamError,
)
from trendspark_cli.base.metric_kinds import Reading
from trendspark_cli.base.metrics import STREAM_CONNECTED, STREAM_LAG, STREAM_LAST_DATA, STREAM_RECONNECTS
from trendspark_cli.base.models import Page
from trendspark_cli.collecting.page_storing import as_billed, store_page
from trendspark_cli.collecting.prepaid import Payment, Prepaid
from trendspark_cli.collecting.reconnecting import ATTEMPTS_WINDOW, MOST_ATTEMPTS, Reconnecting
from trendspark_cli.collecting.stream_reading import Lines, StreamReader
from trendspark_cli.collecting.stream_source import Received, StreamEndedError, StreamSource
from trendspark_cli.running.clock_healing import note_healed
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.running.pausing import is_paused
from trendspark_cli.spending.budget import Budget

COMMIT_SECONDS = 0.25  # posts wait so long for others to share a commit with
MOST_POSTS = 1000  # of one commit
NOTE_SECONDS = 15.0  # between two looks at metrics, pause and position
AUDIT_SECONDS = 60.0  # one row of the audit for so long
CAP_SECONDS = 20.0  # between two looks whether X's number of attempts allows one more
LATE_POSTS = timedelta(seconds=30)  # posts arrive that long after others that are newer
ARRIVAL_DELAY = timedelta(seconds=5)  # after connecting, before all posts arrive
ARRIVAL_DELAY_OF_NEW_RULES = timedelta(seconds=20)  # the same when X had to be given other rules just before
POSITION = "(stream)"  # the cursor that says up to when nothing was missed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StreamWork:
    """What the job works with. `rules` are ours at the service, each with its profile; a search for them fills gaps."""

    stream: StreamSource
    rules: Mapping[str, str]
    budget: Budget
    clock: Clock
    export: Callable[[], None]  # write the metrics files
    ask: Callable[[bool], None]  # between two commits; True when posts came: rank and fill gaps, elsewhere
    wait: Callable[[float], None] = time.sleep
    max_runtime: timedelta | None = None
    has_new_rules: bool = False


def stream(job: JobContext, work: StreamWork) -> None:
    """Keep a connection open until it is told to stop, is paused, or its planned end has come.

    Raises what cannot get better by waiting: CredentialsRefusedError, ConfigError; CeilingReachedError when money ends.
    """
    job.write(lambda: job.store.spend.settle_dead_runs(work.stream.service, work.budget.usd_per_unit))
    running = _Running(job, work)
    try:
        running.run()
    finally:
        running.end()


class _Running:
    """One run: its connection, what waits to be stored, and what is known of the past."""

    def __init__(self, job: JobContext, work: StreamWork) -> None:
        self._job = job
        self._work = work
        self._source = work.stream
        self._reconnecting = Reconnecting()
        self._reader: StreamReader | None = None
        self._connected_at = 0.0  # monotonic, as all that is no datetime
        self._started = time.monotonic()
        self._waiting: list[bytes] = []
        self._taken = 0  # lines of this connection
        self._oldest_waiting = 0.0
        self._last_data: datetime | None = None
        self._not_before: datetime | None = None  # our place never moves back: what lies before it has been paid
        self._prepaid = Prepaid(work.budget, work.stream.endpoint)
        self._audit_id: int | None = None
        self._audit_began = 0.0
        self._noted = 0.0
        self._posts = 0
        self._is_paused = False
        self._arrival_delay = ARRIVAL_DELAY_OF_NEW_RULES if work.has_new_rules else ARRIVAL_DELAY

    def run(self) -> None:
        """Connect, read, and begin again, with the pauses X asks for."""
        while not self._is_over():
            since = self._work.clock() - ATTEMPTS_WINDOW
            if self._job.store.api_calls.count(self._source.service, self._source.endpoint, since) >= MOST_ATTEMPTS:
                self._pause(CAP_SECONDS)  # those of earlier processes count too
            else:
                self._pause(self._try_once())

    def end(self) -> None:
        """Close the connection in order and store all that has arrived; in whatever way the run ended."""
        if self._reader is not None:
            self._drop_connection(self._reader)
        job = self._at_now()

        def record() -> None:
            self._prepaid.give_back(self._payer())
            job.record_calls()
            self._set(STREAM_CONNECTED.at(0.0))

        job.write(record)

    def _pause(self, seconds: float) -> None:
        """Wait, in steps, so that the planned end and a pause are noticed."""
        while seconds > 0 and not self._is_over():
            self._note()
            self._work.wait(min(seconds, 1.0))
            seconds -= 1.0

    def _try_once(self) -> float:
        """Hold one connection to its end; return how long to wait before the next one."""
        try:
            self._prepaid.begin(self._payer())
        except CeilingReachedError as reached:
            self._tell_of_ceiling(reached)
            raise
        try:
            connection = self._source.connect()
            most = self._prepaid.may_come if self._prepaid.is_bounded else None
            self._taken = 0
            self._reader = reader = StreamReader(connection, self._source.service, most)  # from now on posts come
        except (CredentialsRefusedError, ConfigError):
            raise
        except UpstreamError as failure:
            kind = "rate_limit" if isinstance(failure, RateLimitedError) else "http" if failure.status else "network"
            self._count_end(kind, failure)
            return self._reconnecting.pause_after(kind)
        finally:
            job = self._at_now()
            job.write(job.record_calls)
        self._begin()
        ended = self._read(reader)
        if ended is None:
            return 0.0
        self._count_end(ended.reason if isinstance(ended, StreamEndedError) else "disconnect", ended)
        return self._reconnecting.pause_after("network", held_seconds=time.monotonic() - self._connected_at)

    def _begin(self) -> None:
        """Note what was missed since the last data, by whatever process, and from now on that nothing is."""
        self._connected_at = time.monotonic()
        job, now = self._at_now(), self._work.clock()

        def note() -> bool:
            has_gap = self._open_gaps(job, now)
            self._last_data = now
            self._note_position(job)
            self._set(STREAM_CONNECTED.at(1.0))
            return has_gap

        if job.write(note):
            self._arrival_delay = ARRIVAL_DELAY
        log.info("stream connected, rules=%d", len(self._work.rules))

    def _open_gaps(self, job: JobContext, now: datetime) -> bool:
        """Note for each rule what was missed since the last data; return whether anything was."""
        position = self._believed_position(job)
        missed_from = self._source.time_of(position) if position is not None else None
        if missed_from is None or missed_from > now:  # our clock is behind, perhaps: what it calls missed has been read
            return False
        for rule, profile in self._work.rules.items():
            job.store.gaps.open(
                profile=profile,
                source=self._source.name,
                query=rule,
                since_id=self._source.id_at(missed_from - LATE_POSTS),
                until_id=self._source.id_at(now + self._arrival_delay),
                reason="the stream was not connected",
                estimated_reads=self._usual_posts(now - missed_from),
                run_id=job.run_id,
                now=now,
            )
            job.count("gaps")
        return True

    def _believed_position(self, job: JobContext) -> str | None:
        """Return until when nothing was missed. One in the future is taken back once X's own clock confirms ours."""
        position = job.store.cursors.get(job.profile, self._source.name, POSITION)
        moment = self._source.time_of(position) if position is not None else None
        self._not_before = moment
        if position is None or moment is None or moment <= job.now + TOLERATED:
            self._not_before = None
            return position
        if not job.witness.agrees:
            log.warning("the stream's place lies in the future, at %s; left until X confirms the time", to_text(moment))
            return position
        self._not_before = None
        served = job.store.audit.newest_served(job.profile, self._source.name, POSITION)
        note_healed(job, "cursor", f"the stream's place lies in the future, at {to_text(moment)}")
        return served

    def _read(self, reader: StreamReader) -> TrendSparkError | None:
        """Store what comes until the connection ends; return why it did, None when the run is over."""
        while not self._is_over():
            wait = COMMIT_SECONDS
            if self._waiting:
                wait = max(0.0, self._oldest_waiting + COMMIT_SECONDS - time.monotonic())
            lines = reader.take(wait)
            if lines is not None:
                self._keep(lines)
            is_due = self._waiting and time.monotonic() >= self._oldest_waiting + COMMIT_SECONDS
            problem = self._commit() if is_due or len(self._waiting) >= self._most_waiting() else None
            self._note()
            if problem is not None:
                self._drop_connection(reader)
                return UpstreamError(
                    self._source.service,
                    f"{self._source.name.upper()} says: {problem}",
                    hint="nothing to do: it connects again",
                )
            if lines is None and (ended := reader.end) is not None:
                self._drop_connection(reader)
                return ended
        return None

    def _most_waiting(self) -> int:
        """Return how many posts may wait: they are paid for before half of what may come has come."""
        return max(1, min(MOST_POSTS, self._prepaid.may_come // 2))

    def _bound_reader(self) -> None:
        """Have the connection closed before more has come than is set aside, whatever we are waiting for then."""
        if self._reader is not None and self._prepaid.is_bounded:
            self._reader.most = self._taken - len(self._waiting) + self._prepaid.may_come

    def _drop_connection(self, reader: StreamReader) -> None:
        """Store what is left of a connection that has ended."""
        reader.stop()
        while (lines := reader.take(0)) is not None:
            self._keep(lines)
        self._reader = None
        while self._waiting:
            self._commit(is_last=True)
        self._job.write(lambda: self._set(STREAM_CONNECTED.at(0.0)))

    def _keep(self, lines: Lines) -> None:
        self._last_data = self._work.clock() - timedelta(seconds=time.monotonic() - lines.at)
        if lines.lines and not self._waiting:
            self._oldest_waiting = lines.at
        self._waiting += lines.lines
        self._taken += len(lines.lines)

    def _commit(self, *, is_last: bool = False) -> str | None:
        """Store what waits, its price and how far we are, in one transaction; return X's word of an end, if any.

        Of a connection that has ended, all is stored, whatever the ceiling: it was delivered, so it was paid.
        """
        lines = self._waiting[:MOST_POSTS]
        received = self._source.read(lines)
        job = self._at_now()
        if received.posts or received.rejections:
            self._prepaid.arrivals.note(len(received.ids), time.monotonic())
            if self._audit_began + AUDIT_SECONDS < time.monotonic():
                self._audit_id, self._audit_began = None, time.monotonic()
            is_whole = is_last and len(lines) == len(self._waiting)
            store = partial(self._store, job, received, is_last=is_last, is_whole=is_whole)
            self._audit_id, payment = job.write(store)
            self._prepaid.reservation, ceiling = payment.reservation, payment.ceiling
        else:
            job.write(partial(self._note_position, job))
            ceiling = None
        self._waiting = self._waiting[len(lines) :]
        self._oldest_waiting = time.monotonic()
        self._posts += len(received.posts)
        if ceiling is not None:
            if self._reader is not None:
                self._reader.stop()
            self._tell_of_ceiling(ceiling)
            raise ceiling
        if self._reader is not None:
            self._prepaid.arrivals.note_unpaid(self._reader.received - self._taken + len(self._waiting))
            self._bound_reader()
        if not is_last:
            self._work.ask(bool(received.posts))
        return received.disconnect

    def _store(self, job: JobContext, received: Received, *, is_last: bool, is_whole: bool) -> tuple[int, Payment]:
        """Store posts, pay for them and set aside what the next ones may cost; call inside a transaction."""
        page = as_billed(job, self._source.name, received.page(self._source.endpoint))
        payment = self._prepaid.pay(self._payer(), page.reads, is_last=is_last, is_whole=is_whole)
        audit_id = store_page(job, self._source.name, POSITION, page, usd=payment.usd, audit_id=self._audit_id)
        self._set(STREAM_LAG.at(_lag(page, self._work.clock())))
        self._note_position(job)
        return audit_id, payment

    def _note(self) -> None:
        """Now and then, say how things are."""
        if time.monotonic() < self._noted + NOTE_SECONDS:
            return
        self._noted = time.monotonic()
        job = self._at_now()

        def note() -> None:
            if self._reader is not None:
                self._note_position(job)
                self._note_read(job)
            job.record_calls()

        job.write(note)
        self._is_paused = is_paused(job.store, "stream")
        self._work.export()
        if self._reader is not None:  # connected: X sends something every 20 s, or the connection is given up
            job.still_alive()
        self._work.ask(False)

    def _note_position(self, job: JobContext) -> None:
        """Remember until when nothing was missed: a process that is killed leaves that behind."""
        if self._last_data is None:
            return
        if self._not_before is None or self._last_data >= self._not_before:
            self._not_before = self._last_data
            place = self._source.id_at(self._last_data)
            job.store.cursors.set(job.profile, self._source.name, POSITION, place, job.now)
        self._set(STREAM_LAST_DATA.at(self._last_data.timestamp()))

    def _note_read(self, job: JobContext) -> None:
        """Remember of which rules all posts are known by now, where no gap is left."""
        for rule, profile in self._work.rules.items() if self._last_data is not None else ():
            job.store.volumes.note_read(profile, self._source.name, rule, self._last_data or job.now)

    def _tell_of_ceiling(self, reached: CeilingReachedError) -> None:
        """Say once for each ceiling that it ended the stream; the budget has queued its alert."""
        store = self._job.store
        reached.is_news = store.write(lambda: store.notice_once(f"stream:{reached.key}", self._work.clock()))

    def _count_end(self, reason: str, failure: TrendSparkError) -> None:
        log.warning("stream: %s", failure)
        self._job.count("reconnects")
        self._job.write(lambda: self._job.store.totals.add([STREAM_RECONNECTS.by(1, reason=reason)]))

    def _usual_posts(self, span: timedelta) -> int:
        """Return how many posts such a time has held in this run so far."""
        running = time.monotonic() - self._started
        return round(self._posts / max(running, 1.0) * span.total_seconds())

    def _is_over(self) -> bool:
        limit = self._work.max_runtime
        return self._is_paused or (limit is not None and time.monotonic() - self._started >= limit.total_seconds())

    def _set(self, reading: Reading) -> None:
        self._job.store.totals.set([reading])

    def _payer(self) -> JobContext:
        """Return the run with a ledger of the stream's own: it serves all profiles, so none of their shares pays."""
        return replace(self._at_now(), profile=POSITION)

    def _at_now(self) -> JobContext:
        """Return the run's context as of now: it goes on for days."""
        return replace(self._job, now=self._work.clock())


def _lag(page: Page, now: datetime) -> float:
    newest = max((post.created_at for post in page.posts), default=None)
    return max(0.0, (now - from_text(newest)).total_seconds()) if newest is not None else 0.0
