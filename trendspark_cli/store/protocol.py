"""What jobs may rely on. A store speaks of posts, runs and trends; never of rows, columns or SQL.

Writers are called inside `with store.transaction():`, which is all or nothing and holds the database's only
write lock, so nothing slow may happen inside. Every method raises StoreError (or StoreBusyError) when the
database cannot do it. Times are UTC-aware; the store alone decides how they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from trendspark_cli.base.models import (
    ALL_RUNS,
    Alert,
    Calibration,
    ChannelState,
    DeletedBatch,
    ForecastProgress,
    Gap,
    Incident,
    JobRun,
    JobState,
    Manifest,
    ModelAnswer,
    NewestSeen,
    Page,
    PageOutcome,
    Post,
    PostForecast,
    Profile,
    QueuedAlert,
    RankingProgress,
    RestoredBatch,
    RunFilter,
    Spent,
    Tombstone,
    TrendBrief,
    TrendVerdict,
    WatchedRow,
)
from trendspark_cli.ranking.baseline.history import SourceState, TermHistory

if TYPE_CHECKING:  # it brings numpy, which most commands never need
    from trendspark_cli.ranking.bursts.segments import Segment
    from trendspark_cli.ranking.lifecycle.topic_lifecycle import TrendRecord
    from trendspark_cli.ranking.posts.forecast import EngagementBaseline
    from trendspark_cli.ranking.posts.post_learning import Counters
    from trendspark_cli.ranking.posts.post_trends import PostTrend
    from trendspark_cli.ranking.posts.source_memory import SourceMemory


class Posts(Protocol):
    """Posts and their counters over time."""

    def save(self, posts: Sequence[Post], collected_at: datetime) -> PageOutcome:
        """Store posts idempotently by (source, source_id); older versions never replace newer ones."""

    def newest_id(self) -> int:
        """Return the id of the post stored last; ids grow and are never used again."""

    def newest_created(self, until: datetime) -> str | None:
        """Return when the newest post was created, those dated after *until* aside; None when there is none."""

    def count(self) -> int:
        """Return how many posts are live."""

    def count_known(self, posts: Sequence[Post]) -> int:
        """Return how many of these posts are stored already."""

    def stored_ids(self, source: str, source_ids: Iterable[str]) -> set[str]:
        """Return those of these ids of a source whose posts are live."""

    def leaving(self, position: tuple[str, int], until: int, seen_post_id: int, limit: int) -> list[tuple[Any, ...]]:
        """Return rows of `window` plus created_at: the next posts after *position* created before *until*."""

    def arrived(self, after_id: int, limit: int) -> list[tuple[Any, ...]]:
        """Return rows of `window` plus created_at: the posts stored after *after_id*, in that order."""

    def count_between(self, since: int, until: int) -> int:
        """Return how many posts were created in [since, until), both in epoch seconds."""

    def find(self, source: str, source_id: str) -> dict[str, Any] | None:
        """Return one live post by its source and its id there, or None."""

    def by_ids(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """Return the live posts with these ids, in this order."""

    def rows(self, ids: Sequence[int]) -> list[tuple[Any, ...]]:
        """Return rows of `window` for the live posts with these ids, in any order."""

    def texts(self, ids: Sequence[int]) -> dict[int, str]:
        """Return the texts of the live posts with these ids."""

    def mentions_per_slot(self, trend_id: int, since: int, slot_seconds: int, slots: int) -> list[int]:
        """Return how many posts of a trend were created in each slot from *since* (epoch) on."""

    def refreshable(self, source: str, since: datetime, not_since: datetime, today: str, limit: int) -> list[str]:
        """Return the source ids of recent posts whose counters were not read since *not_since*.

        Those last read *today* (YYYY-MM-DD) come first, then the busiest.
        """

    def note_counts_read(self, source: str, source_ids: Sequence[str], now: datetime) -> None:
        """Remember that these posts' counters were asked for, whatever came of it."""


class Cursors(Protocol):
    """How far each query of each profile has been read."""

    def get(self, profile: str, source: str, query: str) -> str | None:
        """Return the newest id read, or None before the first run."""

    def set(self, profile: str, source: str, query: str, newest_id: str, now: datetime) -> None:
        """Move the cursor, in the transaction of the page it belongs to."""


class Gaps(Protocol):
    """Ranges known not to have been read."""

    def open(
        self,
        *,
        profile: str,
        source: str,
        query: str,
        since_id: str | None,
        until_id: str | None,
        reason: str,
        estimated_reads: int,
        run_id: int | None,
        now: datetime,
    ) -> int:
        """Record a gap and return its id."""

    def shrink(self, gap_id: int, until_id: str | None) -> None:
        """What is newer than *until_id* has been read."""

    def explain(self, gap_id: int, reason: str) -> None:
        """Say why a gap is there."""

    def close(self, gap_id: int, state: str, now: datetime) -> None:
        """Mark a gap `filled`, or `lost` when it can never be filled."""

    def forget(self, gap_id: int) -> None:
        """Remove a gap that its own run read to the end."""

    def open_ones(self, profile: str, source: str, query: str) -> list[Gap]:
        """Return the open gaps of a query, newest first."""

    def open_queries(self, profile: str) -> list[tuple[str, str]]:
        """Return (source, query) of all open gaps of a profile."""

    def open_profiles(self) -> list[str]:
        """Return the profiles that have open gaps."""

    def give_up(self, profile: str, reason: str, now: datetime) -> int:
        """Mark every open gap of a profile `lost` and say why; return how many there were."""

    def count_open(self) -> int:
        """Return how many gaps wait to be filled."""

    def recent(self, limit: int) -> list[dict[str, Any]]:
        """Return gap rows, newest first."""


class IngestAudit(Protocol):
    """One row for each page that was asked for."""

    def add(
        self,
        cycle_id: int,
        profile: str,
        source: str,
        query: str,
        page: Page,
        outcome: PageOutcome,
        now: datetime,
        *,
        usd: float = 0.0,
        error: str | None = None,
    ) -> int:
        """Record what a page held and what became of it; return the row's id."""

    def extend(self, audit_id: int, page: Page, outcome: PageOutcome, *, usd: float = 0.0) -> None:
        """Add what else came in the same way to a row: a stream has no pages."""

    def recent(self, limit: int, source: str | None = None) -> list[dict[str, Any]]:
        """Return audit rows, newest first."""

    def pages_with(self, source: str, created_at: str, collected_at: str) -> list[dict[str, Any]]:
        """Return profile, query and run of the pages that may have brought a post, both times as stored."""

    def usual_reads(self, profile: str, source: str, query: str) -> int:
        """Return the mean of billed reads over the last runs of a query; 0 when there was none."""


class ApiCalls(Protocol):
    """Calls to remote services, rolled up by the minute."""

    def add(self, calls: Sequence[tuple[datetime, str, str, str, float, int | None]]) -> None:
        """Record (time, service, endpoint, code class, seconds, status) of each call."""

    def count(self, service: str, endpoint: str, since: datetime) -> int:
        """Return how many calls were made since the minute of *since*."""


class StreamRules(Protocol):
    """Rules the stream should have."""

    def all(self) -> list[str]:
        """Return them, the first one first."""

    def add(self, value: str, now: datetime) -> bool:
        """Store a rule; return False when it is there."""

    def remove(self, value: str) -> bool:
        """Remove a rule; return False when it is not there."""


class Profiles(Protocol):
    """Topics by name, in place of those of the settings."""

    def all(self) -> list[Profile]:
        """Return every profile, enabled or not, by name."""

    def get(self, name: str) -> Profile | None:
        """Return the profile of this name, or None."""

    def save(self, profile: Profile) -> None:
        """Store a profile; of one that is there, the time of its creation stays."""

    def remove(self, name: str) -> bool:
        """Remove a profile; return False when there is none of this name."""


class Spend(Protocol):
    """Units (post reads, tokens) by UTC day, shared by every process."""

    def used(self, service: str, first_day: str, last_day: str) -> int:
        """Return units used or reserved from *first_day* to *last_day*, both included."""

    def used_only(self, service: str, first_day: str, last_day: str) -> int:
        """Return units settled in these days."""

    def reserved(self, service: str, first_day: str, last_day: str) -> int:
        """Return units set aside in these days and not settled."""

    def spent_now(self, service: str, today: str, profile: str | None = None) -> Mapping[str, Spent]:
        """Return by period (`day`, `month`) what was settled up to *today* (YYYY-MM-DD) and what is set aside.

        By all, or by one *profile*.
        """

    def profiles_in(self, service: str, first_day: str, last_day: str) -> list[str]:
        """Return the profiles that used anything of a service in these days, or have set something aside."""

    def bill(self, service: str, ids: Sequence[str], today: str) -> int:
        """Note that these posts were read *today* (YYYY-MM-DD); return how many of them were not read before today."""

    def billed(self, service: str, ids: Sequence[str], today: str) -> set[str]:
        """Return which of these posts were read *today* before, so that reading them again costs nothing."""

    def used_by_day(self, service: str, first_day: str, last_day: str, without: str = "") -> dict[str, int]:
        """Return units settled on each of these days that has any, those of the kind *without* aside."""

    def reserve(
        self,
        service: str,
        profile: str,
        kind: str,
        units: int,
        run_id: int | None,
        now: datetime,
        usd: float = 0.0,
    ) -> int:
        """Set units, and what they cost at most, aside for one call and return the reservation's id."""

    def settle(self, reservation_id: int, used: int, usd: float) -> None:
        """Replace a reservation by what the call really used."""

    def settle_dead_runs(self, service: str, usd_per_unit: float) -> int:
        """Count reservations of runs that died as used; return the units."""


class JobRuns(Protocol):
    """One row for each run, written before its work begins."""

    def start(self, job_id: str, now: datetime, pid: int, host: str, version: str) -> int:
        """Record that a run begins and return its id."""

    def beat(self, run_id: int, now: datetime) -> None:
        """Record that the run is alive."""

    def finish(
        self,
        run_id: int,
        status: str,
        exit_code: int,
        error: str | None,
        counts: Mapping[str, object],
        now: datetime,
        duration: float,
    ) -> None:
        """Record how a run ended; *duration* in seconds."""

    def note_schedule(self, run_id: int, scheduled_for: datetime, lateness: float) -> None:
        """Record when a run was due and how many seconds late it began."""

    def amend(self, run_id: int, exit_code: int, error: str) -> None:
        """Add what went wrong after the work was recorded."""

    def add_skipped(
        self, job_id: str, now: datetime, pid: int, host: str, version: str, exit_code: int, why: str
    ) -> int:
        """Record a run that did nothing, and why; return its id."""

    def abandon(self, job_id: str, now: datetime) -> list[int]:
        """Mark runs that never ended; only the holder of the job's lock may call this. Return their ids."""

    def history(self, limit: int, wanted: RunFilter = ALL_RUNS) -> list[JobRun]:
        """Return the runs that are wanted, newest first."""

    def scheduled(self, job_id: str, after: datetime) -> set[str]:
        """Return the moments after *after* for which there is a run."""

    def spans(self, job_id: str, after: datetime) -> list[tuple[str, str | None]]:
        """Return when runs of the job that began after *after* were at work: from and to."""

    def overlaps(self, after: datetime) -> dict[str, int]:
        """Return how many runs of each job found another one at work."""

    def last_success(self, job_id: str) -> str | None:
        """Return when the job last ended with exit code 0."""

    def last(self, job_id: str) -> JobRun | None:
        """Return the newest run that was not skipped."""


class JobStates(Protocol):
    """Pause and failure streak of each job."""

    def get(self, job_id: str) -> JobState:
        """Return the state of a job."""

    def save(self, state: JobState) -> None:
        """Store the state of a job."""


class MetricTotals(Protocol):
    """Counters, histogram buckets and last-seen values."""

    def add(self, amounts: Sequence[tuple[str, Mapping[str, str], float]]) -> None:
        """Raise each (name, labels) by its amount."""

    def set(self, values: Sequence[tuple[str, Mapping[str, str], float]]) -> None:
        """Set each (name, labels) to its value."""

    def all(self) -> dict[str, list[tuple[dict[str, str], float]]]:
        """Return every total by metric name."""


class Notifications(Protocol):
    """The outbox. A claim is an update that must change exactly one row, with a lease that gives it back."""

    def queue(self, alert: Alert, now: datetime, *, muted: bool) -> bool:
        """Add an alert unless its dedupe key is known; return whether it was added."""

    def due(self, channel: str, now: datetime) -> list[QueuedAlert]:
        """Return what may be sent now, in the order it was decided."""

    def waiting(self, channel: str) -> list[QueuedAlert]:
        """Return everything that waits, due or not, in the order it was decided."""

    def claim(self, alert_id: int, lease_until: datetime) -> bool:
        """Take an alert for sending; False when another process has it."""

    def reclaim(self, channel: str, now: datetime) -> list[str]:
        """Give back claims whose lease ended; return their categories."""

    def note_part(self, alert_id: int, parts_sent: int, message_id: str, lease_until: datetime) -> None:
        """Remember how much of a long message has gone out."""

    def mark(
        self,
        alert_id: int,
        status: str,
        *,
        error: str | None = None,
        message_id: str | None = None,
        sent_at: datetime | None = None,
    ) -> None:
        """Give an alert its final status."""

    def put_back(self, alert_id: int, next_attempt_at: datetime, error: str) -> None:
        """Let an alert wait for another try."""

    def message_of(self, dedupe_key: str) -> tuple[str, str | None] | None:
        """Return (status, message id) of the alert with this key, or None."""

    def sent_today(self, channel: str, day: str) -> int:
        """Return how many trend alerts went out since *day* (YYYY-MM-DD) began."""

    def listing(self, limit: int, status: str | None = None) -> list[dict[str, Any]]:
        """Return alerts, newest first, without their bodies."""

    def of_trend(self, trend_id: int) -> list[dict[str, Any]]:
        """Return what became of the alerts of a trend: id, title, status, sent_at, error."""

    def get(self, alert_id: int) -> dict[str, Any] | None:
        """Return one alert whole, or None."""

    def revive(self, alert_id: int | None, now: datetime) -> int:
        """Make a dead alert, or all of them, wait again; return how many."""

    def drop(self, alert_id: int | None) -> int:
        """Give up a waiting or dead alert, or all of them; return how many."""

    def backlog(self) -> dict[str, int]:
        """Return how many alerts are in each status."""

    def oldest_pending(self) -> str | None:
        """Return the time at which the oldest waiting alert was queued."""


class Channels(Protocol):
    """What is remembered of each channel between processes."""

    def get(self, channel: str) -> ChannelState:
        """Return the state of a channel."""

    def save(self, state: ChannelState) -> None:
        """Store the state of a channel."""


class Incidents(Protocol):
    """What is wrong at the moment, across processes."""

    def open_ones(self, prefix: str) -> list[Incident]:
        """Return open incidents whose key begins with *prefix*."""

    def save(self, incident: Incident) -> None:
        """Store an incident."""

    def close(self, key: str) -> None:
        """Forget an incident that is over."""

    def api_errors(self, since: datetime) -> Sequence[dict[str, Any]]:
        """Return service, endpoint, failures and last status of 5xx and lost answers since *since*, the worst first."""


class Trends(Protocol):
    """Trends over their life."""

    def living(self, closed_since: datetime) -> list[TrendRecord]:
        """Return open trends and those closed after *closed_since*, with their posts."""

    def save(self, trend: TrendRecord, threshold: float) -> TrendRecord:
        """Insert or update a trend and return it with its id."""

    def living_posts(self, opened_since: datetime) -> list[PostTrend]:
        """Return open trends that are single posts, and those that opened since."""

    def save_post(self, trend: PostTrend, threshold: float) -> PostTrend:
        """Insert or update a trend that is a single post, and return it with its id."""

    def of_post(self, post_id: int) -> list[int]:
        """Return the ids of the trends that rest on a post, that of the post itself first."""

    def alert_of(self, trend_id: int) -> tuple[str | None, float]:
        """Return the key of the alert that tells of a trend, and how much was observed when the last one was queued."""

    def set_alert(self, trend_id: int, alert_key: str, observed: float) -> None:
        """Remember which alert tells of a trend, and what it told."""

    def post_ids(self, trend_id: int) -> tuple[int, ...]:
        """Return the live posts a trend rests on."""

    def listing(self, limit: int, state: str | None = None) -> list[dict[str, Any]]:
        """Return trends as tables show them: open ones first, the strongest first."""

    def get(self, trend_id: int) -> dict[str, Any] | None:
        """Return one trend, or None."""

    def count_open(self) -> int:
        """Return how many trends are open."""

    def keep_verdict(self, verdict: TrendVerdict) -> None:
        """Keep what a person said of a trend; it replaces what was said before."""

    def verdicts(self, since: datetime) -> list[TrendVerdict]:
        """Return what was said since then, oldest first."""


class Calibrations(Protocol):
    """Thresholds made of an operator's own posts."""

    def last(self, until: datetime | None = None) -> Calibration | None:
        """Return the newest, or the one that was the newest at a time; None when there was none."""

    def save(self, calibration: Calibration) -> None:
        """Store one; the oldest of more than twenty go."""


class Briefs(Protocol):
    """What a language model wrote."""

    def of_trend(self, trend_id: int) -> TrendBrief | None:
        """Return what was last written of a trend, or None when no model was asked yet."""

    def save(self, brief: TrendBrief) -> None:
        """Store what was written of a trend, in place of what was there."""

    def answer(self, key: str) -> ModelAnswer | None:
        """Return what a model answered when it was asked the same before, or None."""

    def keep_answer(self, key: str, kind: str, model: str, answer: ModelAnswer, now: datetime) -> None:
        """Remember an answer, in the transaction that settles what it cost."""


class Forecasts(Protocol):
    """What forecasts of single posts rest on."""

    def progress(self) -> ForecastProgress:
        """Return how far forecasting has come."""

    def save_progress(self, progress: ForecastProgress) -> None:
        """Store how far it has come, in the transaction of the work it counts."""

    def sources(self) -> dict[str, SourceMemory]:
        """Return what is remembered of each source."""

    def put_sources(self, memories: Mapping[str, SourceMemory]) -> None:
        """Store what is remembered of these sources."""

    def baselines(self, keys: Iterable[int]) -> dict[int, EngagementBaseline]:
        """Return what the posts of these authors and communities usually end with, where it is known."""

    def put_baselines(self, baselines: Mapping[int, EngagementBaseline], day: int) -> None:
        """Store the usual of these, heard of on *day* (since 1970)."""

    def sweep(self, day: int) -> int:
        """Forget authors and communities not heard of for long, outside a transaction; return how many."""

    def newest(self) -> NewestSeen:
        """Return up to where posts and changes of counters go."""

    def arrived(self, ids: tuple[int, int], since: datetime, fresh: datetime, limit: int) -> list[WatchedRow]:
        """Return posts with counters created at *since* or later that were collected since *fresh*, by id.

        *ids*: after which one, and up to which one.
        """

    def changed(self, until: int) -> list[int]:
        """Return the ids of posts whose counters changed, up to this change."""

    def forget_changed(self, until: int) -> None:
        """Take notice of changes up to this one."""

    def watched(self, post_ids: Sequence[int], since: datetime, fresh: datetime) -> list[WatchedRow]:
        """Return those of these posts created at *since* or later whose counters were read since *fresh*."""

    def leaving(self, position: tuple[str, int], until: datetime, limit: int) -> list[WatchedRow]:
        """Return the next posts with counters after (created_at, id) created before *until*, oldest first."""

    def observations(self, post_ids: Sequence[int]) -> dict[int, list[Counters]]:
        """Return what the counters of these posts said over time, oldest first: the first 200 looks and the last."""

    def note(self, forecasts: Sequence[PostForecast]) -> None:
        """Remember the last forecast of each post."""

    def drop(self, post_ids: Sequence[int]) -> None:
        """Forget the forecasts of posts that are no longer watched."""

    def of_post(self, post_id: int) -> PostForecast | None:
        """Return the last forecast of a post that is still watched, or None."""


class RankingMemory(TermHistory, Protocol):
    """What the ranker remembers between runs: term states, source states, recent posts as numbers, progress."""

    def sources(self) -> dict[str, SourceState]:
        """Return what is known of each source's volume."""

    def put_sources(self, states: Mapping[str, SourceState]) -> None:
        """Store the state of each source."""

    def add_segment(self, segment: Segment) -> None:
        """Keep posts as numbers, in the transaction that takes notice of them."""

    def segments(self, since: int) -> Iterator[Segment]:
        """Yield the segments with posts created at *since* (epoch seconds) or later, in the order they were added."""

    def drop_segments(self, before: int) -> None:
        """Forget segments all of whose posts were created before this moment (epoch seconds)."""

    def progress(self) -> RankingProgress:
        """Return how far the ranker has come."""

    def save_progress(self, progress: RankingProgress) -> None:
        """Store how far the ranker has come, in the transaction of the work it counts."""


class Archives(Protocol):
    """Manifests, the ids they are about, and the rows behind these ids. `table` is one of archiving/tables.py."""

    def days(self, table: str, until: datetime) -> Iterator[tuple[str, int]]:
        """Yield (day, rows) of each UTC day before *until* that has rows, the oldest first."""

    def count(self, table: str, until: datetime | None = None, at_most: int = 2**62) -> int:
        """Return how many rows are live, or how many of those are older than *until*; counting ends at *at_most*."""

    def count_held(self, table: str) -> int:
        """Return how many live rows belong to a file: about to be deleted, or restored for a while."""

    def choose(
        self, table: str, source: str | None, day: str, after: tuple[str, int], limit: int
    ) -> list[tuple[int, str, int]]:
        """Return (id, time, bytes of text) of the next rows of a day that may leave, in the order of time.

        Left out: posts that are not ranked yet or that an open trend or an unsent alert refers to, alerts that are
        not final, runs that `jobs list` tells of, and rows that are in a file already.
        """

    def read(self, table: str, ids: Sequence[int]) -> list[tuple[Any, ...]]:
        """Return the live rows with these ids, in this order, with the columns of archiving/tables.py."""

    def plan(self, manifest: Manifest, ids: Sequence[int]) -> None:
        """Store a manifest and the ids it is about."""

    def adopt(self, manifest: Manifest) -> bool:
        """Record a manifest that was found in an archive; return False when it is known."""

    def save(self, manifest: Manifest) -> None:
        """Store what changed of a manifest."""

    def discard(self, manifest_id: str) -> None:
        """Forget a manifest none of whose rows was deleted; they are free for another one."""

    def forget_changes(self, manifest_id: str) -> None:
        """Begin to watch the rows of a manifest from here on: call before they are read for export."""

    def batches(self, manifest_id: str) -> Iterator[list[int]]:
        """Yield the ids of a manifest, at most 1,000 at a time, in the order of the file."""

    def delete_batch(self, manifest: Manifest) -> DeletedBatch:
        """Delete the next batch of a verified manifest, rows that changed since their export aside."""

    def restore(self, manifest: Manifest, rows: Sequence[tuple[Any, ...]]) -> RestoredBatch:
        """Bring rows of a file back, watched from here on; what is live stays as it is."""

    def get(self, manifest_id: str) -> Manifest | None:
        """Return one manifest, or None."""

    def listing(self, limit: int, table: str | None = None) -> list[Manifest]:
        """Return manifests, newest first."""

    def unfinished(self, now: datetime) -> list[Manifest]:
        """Return manifests to go on with, oldest first: cut short, or whose restored rows have stayed long enough."""

    def stored(self) -> list[Manifest]:
        """Return every manifest whose object should be in the archive, those written off aside."""

    def note_missing(self, manifest_id: str, since: str | None) -> None:
        """Remember since when an object is wrong, or that it is right again."""

    def write_off(self, manifest_id: str, at: str, why: str) -> None:
        """Expect the object of a manifest no more; its rows that are live are free for another file."""

    def count_missing(self) -> int:
        """Return how many objects were found missing or changed."""


class Tombstones(Protocol):
    """Posts and authors whose posts must not come back, from an archive or from a source."""

    def add(self, tombstone: Tombstone) -> bool:
        """Store a tombstone; return False when there is one for that post or author."""

    def exist(self) -> bool:
        """Tell whether there is any: most installations have none."""

    def forget_posts(self, tombstone: Tombstone) -> int:
        """Delete at most 1,000 live posts it is about, and what alerts quote of them; return how many posts."""

    def buried(self, source: str, posts: Sequence[tuple[str, str | None]]) -> set[int]:
        """Return the places of those (source id, author) pairs that have a tombstone."""

    def all(self) -> list[Tombstone]:
        """Return every tombstone, oldest first."""

    def note_pushed(self, tombstone_id: str) -> None:
        """Remember that the archive knows it too."""


class Upkeep(Protocol):
    """Work on the database as a whole, not inside a transaction of the caller. What takes long ends on a signal."""

    def engine(self) -> tuple[str, str]:
        """Return the library with its version, and what an operator should know of that version, or nothing."""

    def problems(self, seconds: float | None = None) -> list[str] | None:
        """Return what a quick check finds wrong, a few lines at most; empty when the database is sound."""

    def file_bytes(self) -> int:
        """Return the size of the database on the disk, its log included."""

    def disk_free_bytes(self) -> int:
        """Return how much room the disk of the database has left for us."""

    def gives_back_pages(self) -> bool:
        """Tell whether free pages can be given back little by little."""

    def give_back(self) -> int:
        """Give up to 1,000 free pages back to the disk; return how many are left."""

    def rebuild(self) -> None:
        """Write the whole file anew, which holds the write lock all the while."""

    def analyze(self) -> None:
        """Let the query planner learn what the tables hold."""

    def empty_wal(self, wait_seconds: float) -> bool:
        """Fold the log into the file and empty it; False when a reader stayed open for so long."""

    def drop_old(self, before: Mapping[str, datetime]) -> dict[str, int]:
        """Delete rows of api_calls, notices, gaps and trends older than a time each; return how many of which."""


class Store(Protocol):
    """One database. `in_transaction` lets a signal handler wait for the end of a group of writes."""

    @property
    def posts(self) -> Posts: ...
    @property
    def cursors(self) -> Cursors: ...
    @property
    def gaps(self) -> Gaps: ...
    @property
    def audit(self) -> IngestAudit: ...
    @property
    def api_calls(self) -> ApiCalls: ...
    @property
    def stream_rules(self) -> StreamRules: ...
    @property
    def profiles(self) -> Profiles: ...
    @property
    def spend(self) -> Spend: ...
    @property
    def job_runs(self) -> JobRuns: ...
    @property
    def job_states(self) -> JobStates: ...
    @property
    def totals(self) -> MetricTotals: ...
    @property
    def notifications(self) -> Notifications: ...
    @property
    def channels(self) -> Channels: ...
    @property
    def incidents(self) -> Incidents: ...
    @property
    def trends(self) -> Trends: ...
    @property
    def calibrations(self) -> Calibrations: ...
    @property
    def briefs(self) -> Briefs: ...
    @property
    def ranking(self) -> RankingMemory: ...
    @property
    def forecasts(self) -> Forecasts: ...
    @property
    def archives(self) -> Archives: ...
    @property
    def tombstones(self) -> Tombstones: ...
    @property
    def upkeep(self) -> Upkeep: ...
    @property
    def in_transaction(self) -> bool: ...

    def transaction(self) -> AbstractContextManager[None]:
        """Group writes: all of them or none."""

    def set_after_commit(self, callback: Callable[[], None]) -> None:
        """Have *callback* called after each transaction."""

    def notice_once(self, key: str, now: datetime) -> bool:
        """Remember that *key* was said; return False when it was said before."""

    def notice_after(self, key: str, now: datetime, pause: timedelta) -> bool:
        """Remember that *key* was said now; return False, and change nothing, when that was less than *pause* ago."""

    def size_bytes(self) -> int:
        """Return the size of the database in bytes, free space included."""

    def free_bytes(self) -> int:
        """Return how many of those bytes are free."""

    def close(self) -> None:
        """Close the connection."""
