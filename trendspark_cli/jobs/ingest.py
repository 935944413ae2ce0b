"""`ingest`: fetch what is new from every source; one source failing does not stop the others."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import NamedTuple

from trendspark_cli.base.clock import duration_words
from trendspark_cli.base.errors import (
    BadAnswerError,
    CeilingReachedError,
    ClockWrongError,
    ConfigError,
    CursorAheadError,
    CursorTooOldError,
    SourcesFailedError,
    TrendSparkError,
    UpstreamError,
)
from trendspark_cli.base.models import Page, Span
from trendspark_cli.collecting.counting import feeds_worth_reading, worth_reading_from
from trendspark_cli.collecting.deletions import follow_deletions
from trendspark_cli.collecting.gap_keeping import (
    bound_gap,
    close_gap,
    keep_gap,
    pass_over_lost,
    record_lost,
    take_back_cursor,
)
from trendspark_cli.collecting.page_storing import as_billed, record_failure, store_page
from trendspark_cli.collecting.paid_calls import fetch_page, reserve_page
from trendspark_cli.collecting.profile_sources import ProfileSource
from trendspark_cli.collecting.refresh import refresh_counts
from trendspark_cli.running.clock_healing import clock_is_confirmed
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.spending.budget import Reservation

log = logging.getLogger(__name__)

MOST_SEEN = 250_000  # posts of a file that a dry run remembers: 20 MB
STREAMED = timedelta(hours=1)  # a query of a stream says more often that it is read
EMPTY_PAGES = 10  # in a row: a listing that goes on longer than that without a post does not end


def ingest(
    job: JobContext,
    profile_sources: Sequence[ProfileSource],
    *,
    limit: int | None = None,
    refused: Sequence[ConfigError] = (),
) -> None:
    """Read new posts, then what earlier runs left unread, then present counts; each page is stored before the next.

    *refused* are profiles that nothing can be asked for; the others go on.
    Raises SourcesFailedError when sources failed, CeilingReachedError when money ran out first.
    """
    budgets = {
        profile_source.budget.service: profile_source.budget
        for profile_source in profile_sources
        if profile_source.budget is not None
    }

    def settle_dead_runs() -> None:
        for budget in budgets.values():
            job.store.spend.settle_dead_runs(budget.service, budget.usd_per_unit)

    job.write(settle_dead_runs)
    reading = _Reading(job, limit, refused)
    for profile_source in feeds_worth_reading(
        job, [profile_source for profile_source in profile_sources if profile_source.is_new]
    ):
        reading.attempt(profile_source, reading.read_new)
    for profile_source in profile_sources:
        reading.attempt(profile_source, reading.fill_gaps)
    if limit is None:
        for profile_source in {
            profile_source.source.service: profile_source for profile_source in profile_sources
        }.values():
            reading.attempt(profile_source, reading.refresh)
    reading.note_read(profile_sources)
    reading.finish(profile_sources)


def fill_gaps(job: JobContext, profile_sources: Sequence[ProfileSource], *, limit: int | None = None) -> None:
    """Read only what earlier runs knew of and did not read. Raises as `ingest` does."""
    reading = _Reading(job, limit)
    for profile_source in profile_sources:
        reading.attempt(profile_source, reading.fill_gaps)
    reading.finish(profile_sources)


class _Reading:
    """One run over its profile sources: what failed, and what therefore is not worth asking."""

    def __init__(self, job: JobContext, limit: int | None, refused: Sequence[ConfigError] = ()) -> None:
        self._job = job
        self._limit = limit
        self._refused = refused
        self._left: dict[int, int] = {}  # posts each profile source may still bring, once it has brought some
        self._failures: dict[int, TrendSparkError] = {}  # by profile source, the first of each
        self._down: dict[str, UpstreamError] = {}  # services that would answer every source alike
        self._ceilings: dict[str, CeilingReachedError] = {}  # by key
        self._something_worked = False
        self._whole: list[ProfileSource] = []  # those that were read to their end

    def attempt(self, profile_source: ProfileSource, step: Callable[[ProfileSource], None]) -> None:
        """Take one step with one profile source, unless that cannot work; keep its failure for the end of the run."""
        service = profile_source.source.service
        if id(profile_source) in self._failures:
            return
        if service in self._down:
            self._failures[id(profile_source)] = self._down[service]
            return
        try:
            step(profile_source)
        except CeilingReachedError as reached:
            self._ceilings.setdefault(reached.key, reached)
        except (UpstreamError, ConfigError) as failure:
            record_failure(profile_source.job, profile_source.source, failure, profile_source.budget)
            self._failures[id(profile_source)] = failure
            self._something_worked |= step == self.refresh  # its posts were read before
            if isinstance(failure, UpstreamError) and failure.is_service_wide:
                self._down[service] = failure

    def read_new(self, profile_source: ProfileSource) -> None:
        """Read what is newer than the cursor; what can no longer be read is recorded as lost."""
        job, source = profile_source.job, profile_source.source
        cursor = job.store.cursors.get(job.profile, source.name, source.query)
        if source.counter is not None and cursor is not None:
            cursor = worth_reading_from(job, source, source.counter, profile_source.budget, cursor)
            if cursor is None:
                return
        try:
            self._read_from(profile_source, cursor)
        except CursorAheadError:
            if cursor is None:
                raise
            self._read_from(profile_source, take_back_cursor(job, source, cursor))

    def _read_from(self, profile_source: ProfileSource, cursor: str | None) -> None:
        """Read what is newer than *cursor*. That it is too old is for the service to say: our clock may be wrong."""
        source = profile_source.source
        reach = source.reach(Span(since=cursor))
        asked = reach.readable if reach.lost is None else Span(since=cursor)
        if asked is None:
            return
        try:
            self._read(profile_source, asked)
            self._note_whole(profile_source)
        except CursorTooOldError:
            # Where the id did not tell its age, begin again as in a first run.
            self._trust_clock(profile_source, "nothing was given up as lost")
            if cursor is None:
                raise
            again = (reach if reach.lost is not None else source.reach(Span())).readable
            if again is None:
                raise
            self._read(profile_source, again, lost=Span(since=cursor, until=again.since))

    def _note_whole(self, profile_source: ProfileSource) -> None:
        """Remember that nothing new is left, unless a limit ended the reading; what is only counted says so itself."""
        if profile_source.source.counter is None and self._left.get(id(profile_source), 1) > 0:
            self._whole.append(profile_source)

    def note_read(self, profile_sources: Sequence[ProfileSource]) -> None:
        """Write down of which queries all posts are known by now, and forget those that are asked no more.

        What has no order, and so no cursor, is never known whole.
        """
        queries: dict[tuple[str, str], set[str]] = {}
        for one in (each for each in profile_sources if each.is_new):
            queries.setdefault((one.job.profile, one.source.name), set()).add(one.source.query)
        volumes = self._job.store.volumes

        def note() -> None:
            for (profile, source), known in queries.items():
                volumes.keep_queries(profile, source, known, self._job.now - STREAMED)
            for one in self._whole:
                key = one.job.profile, one.source.name, one.source.query
                if self._job.store.cursors.get(*key) is not None:
                    volumes.note_read(*key, self._job.now)

        self._job.write(note)

    def _trust_clock(self, profile_source: ProfileSource, what_then: str) -> None:
        """Raise ClockWrongError when an answer of this run says that it is another time than our clock does."""
        witness = profile_source.job.witness
        if witness.ahead is not None and witness.contradicts:
            way = "ahead" if witness.ahead.total_seconds() > 0 else "behind"
            raise ClockWrongError(
                profile_source.source.service,
                f"this machine's clock is {duration_words(abs(witness.ahead))} {way}, so {what_then}",
                hint="set the clock (timedatectl), and keep it set by NTP",
            )

    def fill_gaps(self, profile_source: ProfileSource) -> None:
        """Read what earlier runs knew of and did not read, the newest first."""
        job, source = profile_source.job, profile_source.source
        for gap in job.store.gaps.open_ones(job.profile, source.name, source.query):
            reach = source.reach(Span(since=gap.since_id, until=gap.until_id))
            if (reach.lost is not None or reach.later is not None) and not clock_is_confirmed(job, source.name):
                log.warning("gap %d was left: no answer confirmed this machine's clock", gap.id)
                job.count("gaps_left")
                continue
            if reach.later is not None:
                bound_gap(job, gap, reach.later)
                continue
            if reach.lost is not None:
                record_lost(job, source, reach.lost)
            if reach.readable is not None:
                self._read(profile_source, reach.readable, gap_id=gap.id)
            elif reach.lost is not None:
                close_gap(job, gap.id, "lost")

    def refresh(self, profile_source: ProfileSource) -> None:
        """Read present counts of recent posts, whoever found them; a ceiling leaves nothing unread: it is no news."""
        refresh_counts(
            self._job,
            profile_source.source,
            profile_source.budget.without_shares() if profile_source.budget is not None else None,
        )

    def finish(self, profile_sources: Sequence[ProfileSource]) -> None:
        """Raise what the run ends with, if anything."""
        failures = [*self._refused, *self._failures.values()]
        if failures:
            raise SourcesFailedError(failures, tried=len(profile_sources) + len(self._refused) + self._something_worked)
        if self._ceilings:

            def note() -> None:
                for reached in self._ceilings.values():
                    reached.is_news = self._job.store.notice_once(reached.key, self._job.now)

            self._job.write(note)
            raise max(self._ceilings.values(), key=lambda reached: reached.is_news)

    def _read(
        self, profile_source: ProfileSource, span: Span, *, gap_id: int | None = None, lost: Span | None = None
    ) -> None:
        """Read a span page by page; each page, its cursor and what is left of the span are one transaction.

        The first page that holds a post moves the cursor, and what lies below becomes a gap that shrinks with each
        further page. Pages that go forward each move the cursor, and leave no gap.
        What is *lost* before the span is recorded with the first page: by then the service has answered.
        A page's transaction also reserves the next one: a commit saved is a fsync saved.
        """
        job, source, budget = profile_source.job, profile_source.source, profile_source.budget
        place = _Place(gap_id, fills_gap=gap_id is not None, cursor_is_final=gap_id is not None, lost=lost)
        unread: Span | None = span
        left = self._left.get(id(profile_source), self._limit if self._limit is not None else sys.maxsize)
        if left <= 0:
            return
        empty = 0
        place = place._replace(reservation=reserve_page(job, source, budget, min(source.largest_page, left)))
        while unread is not None and left > 0:
            wanted = min(source.largest_page, left)
            try:
                page = fetch_page(job, source, budget, unread, wanted, place.reservation)
            except TrendSparkError:
                self._explain(place.gap_id, "the source failed")
                raise
            left = self._left[id(profile_source)] = left - page.fetched
            empty = 0 if page.fetched or (page.goes_forward and page.newest_id is not None) else empty + 1
            follow_deletions(job, source.name, page)
            next_wanted = min(source.largest_page, left) if page.unread is not None and empty < EMPTY_PAGES else 0
            place = job.write(partial(_store, profile_source, page, place, next_wanted))
            if place.ceiling is not None:
                self._explain(place.gap_id, "spending ceiling reached")
                raise place.ceiling
            unread = page.unread
            if unread is not None and empty >= EMPTY_PAGES:
                raise BadAnswerError(source.service, f"{empty} empty pages in a row", hint="try again later")

    def _explain(self, gap_id: int | None, reason: str) -> None:
        if gap_id is not None:
            self._job.write(lambda: self._job.store.gaps.explain(gap_id, reason))


class _Place(NamedTuple):
    """How far the reading of a span has come, and what is set aside for its next page."""

    gap_id: int | None
    fills_gap: bool
    cursor_is_final: bool
    lost: Span | None
    reservation: Reservation | None = None
    ceiling: CeilingReachedError | None = None  # why there is no next page


def _store(profile_source: ProfileSource, page: Page, place: _Place, next_wanted: int) -> _Place:
    """Store a page with all that follows from it; call inside a transaction. *next_wanted* posts are reserved."""
    job, source, budget = profile_source.job, profile_source.source, profile_source.budget
    page = as_billed(job, source.service, page)
    usd = budget.settle(job, place.reservation, page.reads) if budget is not None and place.reservation else 0.0
    store_page(job, source.name, source.query, page, usd=usd)
    if place.lost is not None:
        pass_over_lost(job, source, place.lost)
    cursor_is_final = place.cursor_is_final
    if page.newest_id is not None and (page.goes_forward or not cursor_is_final):
        job.store.cursors.set(job.profile, source.name, source.query, page.newest_id, job.now)
        cursor_is_final = True
    gap_id = keep_gap(job, source, page, place.gap_id, fills_gap=place.fills_gap)
    place = _Place(gap_id, place.fills_gap, cursor_is_final, lost=None)
    if next_wanted <= 0:
        return place
    try:
        return place._replace(reservation=reserve_page(job, source, budget, next_wanted))
    except CeilingReachedError as reached:
        return place._replace(ceiling=reached)


def estimate(job: JobContext, profile_sources: Sequence[ProfileSource]) -> None:
    """Say what a run would cost, without asking anyone: what recent runs cost, and what the ceilings allow at most."""
    estimates = []
    for profile_source in (profile_source for profile_source in profile_sources if profile_source.is_new):
        job, source, budget = profile_source.job, profile_source.source, profile_source.budget
        at_most = budget.remaining(job) if budget is not None and budget.usd_per_unit else None
        usual = job.store.audit.usual_reads(job.profile, source.name, source.query)
        price = budget.usd_per_unit if budget is not None else 0.0
        estimates.append(
            {
                "profile": job.profile,
                "source": source.name,
                "query": source.query,
                "reads_usual": usual if at_most is None else min(usual, at_most),
                "reads_at_most": at_most,
                "usd_usual": round(usual * price, 4),
                "usd_at_most": round((at_most or 0) * price, 4),
            }
        )
    job.result["estimates"] = estimates


def estimate_gaps(job: JobContext, profile_sources: Sequence[ProfileSource]) -> None:
    """Say what filling the gaps of these profile sources would cost, by the guess made when each was found."""
    job.result["estimates"] = [
        {
            "gap": gap.id,
            "profile": gap.profile,
            "query": gap.query,
            "since": gap.since_id,
            "until": gap.until_id,
            "reads": gap.estimated_reads,
            "usd": round(gap.estimated_reads * profile_source.budget.usd_per_unit, 4)
            if profile_source.budget is not None
            else 0.0,
        }
        for profile_source in profile_sources
        for gap in job.store.gaps.open_ones(
            profile_source.job.profile, profile_source.source.name, profile_source.source.query
        )
    ]


def ingest_pages(job: JobContext, name: str, pages: Iterable[Page]) -> None:
    """Store pages of a file; reading a file again stores nothing twice, so no cursor is kept.

    The counts add up: fetched = new + updated + known + skipped + refused. What an operator had to forget is skipped.
    """
    seen: set[int] = set()  # by a dry run, which has no rows to find them in: fingerprints
    skipped: Counter[str] = Counter()
    for page in pages:
        if job.dry_run:
            fresh = {(post.source, post.source_id): post for post in page.posts}
            unseen = [post for key, post in fresh.items() if hash(key) not in seen]
            seen.update(hash(key) for key in islice(fresh, max(0, MOST_SEEN - len(seen))))
            job.count("fetched", page.fetched)
            job.count("new", len(unseen) - job.store.posts.count_known(unseen))
            job.count("updated", 0)
            job.count("rejected", len(page.rejections))
        else:
            job.write(partial(store_page, job, "file", name, page))
        job.count("refused", len(page.rejections))
        skipped.update(item.reason for item in page.skipped)
        _count_the_rest(job, skipped)


def _count_the_rest(job: JobContext, skipped: Counter[str]) -> None:
    """Count what is neither new, updated nor refused."""
    counts = {name: value for name, value in job.counts.items() if isinstance(value, int)}
    if forgotten := counts["rejected"] - counts["refused"]:
        skipped["forgotten"] = forgotten
    job.counts["skipped"] = skipped.total()
    if skipped:
        job.counts["skipped_by_reason"] = dict(skipped)
    job.counts["known"] = counts["fetched"] - counts["new"] - counts["updated"] - counts["refused"] - skipped.total()
