"""Records that rooms pass to each other. Plain values; no behaviour worth a test of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

AlertCategory = Literal["trending_alert", "daily_ideas", "job_alert", "api_alert", "budget_alert", "manual_test"]
ALERT_CATEGORIES: tuple[AlertCategory, ...] = get_args(AlertCategory)
SOURCES = ("x", "reddit")  # permanent: stored in posts.source and used as a metric label


class Post(NamedTuple):
    """One post as stored. A tuple, so that a page of them goes to the database without copying.

    Times are text in the stored form (see `clock.to_text`). Counters are None when not told.
    `edits` counts the versions before this one: an older version never replaces a newer.
    `observed_at` is set when the line itself says when its counters were read.
    """

    source: str
    source_id: str
    author: str | None
    community: str | None
    text: str
    url: str | None
    lang: str | None
    created_at: str
    likes: int | None
    replies: int | None
    reposts: int | None
    quotes: int | None
    views: int | None
    edits: int
    observed_at: str | None


@dataclass(frozen=True)
class Span:
    """What is still to be read of one query: newer than `since`, older than `until`.

    Both ends are post ids of the source, exclusive; None is open. `token` continues a listing
    inside the same run only: it is never stored.
    """

    since: str | None = None
    until: str | None = None
    token: str | None = None


@dataclass(frozen=True)
class Rejection:
    """An item that was not stored, and why. `reason` is from a short fixed list: a metric label."""

    reason: str
    item: str  # enough to find it again: an id or a line number


@dataclass(frozen=True)
class Page:
    """One answer of a source, newest post first."""

    posts: tuple[Post, ...]
    fetched: int  # items in the answer, rejected ones included
    rejections: tuple[Rejection, ...] = ()
    newest_id: str | None = None
    unread: Span | None = None  # what lies below this page; None when nothing does
    lost: Span | None = None  # what lies below it and can never be read
    reads: int = 0  # billed units
    endpoint: str = ""
    request_id: str | None = None
    notes: tuple[str, ...] = ()  # partial errors the source told us about
    billed_ids: tuple[str, ...] = ()  # as delivered, where a post is billed once a UTC day


@dataclass(frozen=True)
class Gap:
    """A range of one query that is known not to have been read."""

    id: int
    profile: str
    source: str
    query: str
    since_id: str | None
    until_id: str | None
    reason: str
    estimated_reads: int


@dataclass(frozen=True)
class Profile:
    """Topics that are searched for together, and the part of X's ceilings they may use.

    `share` is a fraction above 0, up to 1; None is no share of its own. Times are text in the stored form.
    """

    name: str
    keywords: tuple[str, ...]
    exclude_keywords: tuple[str, ...] = ()
    watchlist: tuple[str, ...] = ()
    niche: str = ""
    languages: tuple[str, ...] = ()
    share: float | None = None
    is_enabled: bool = True
    created_at: str = ""
    updated_at: str = ""


@dataclass(frozen=True)
class Ceiling:
    """The most a service may use in a UTC day or month: `limit` units, or USD. `setting` is where it can be raised.

    With `profile` it is that profile's share, and only what the profile used counts.
    """

    period: Literal["day", "month"]
    limit: float
    setting: str
    is_in_usd: bool = False
    profile: str | None = None


class Spent(NamedTuple):
    """What a service used in some days, and what is set aside for calls under way."""

    used: int = 0  # units
    reserved: int = 0
    used_usd: float = 0.0
    reserved_usd: float = 0.0


@dataclass(frozen=True)
class TrendBrief:
    """What a model wrote of a trend when it held `observed` posts; empty texts when it was asked and gave none.

    `post_ids` are the posts the summary rests on; `made_at` is text in the stored form.
    """

    trend_id: int
    label: str
    summary: str
    post_ids: tuple[int, ...]
    model: str
    observed: float
    made_at: str


@dataclass(frozen=True)
class ModelAnswer:
    """What a model answered: a value in the form that was asked for, when `outcome` is `ok`."""

    outcome: Literal["ok", "refused", "broken"]
    value: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PageOutcome:
    """What storing a page did to the posts table."""

    new: int
    updated: int


@dataclass(frozen=True)
class JobRun:
    """One row of job_runs, as `jobs history` shows it."""

    id: int
    job_id: str
    status: str
    started_at: str
    heartbeat_at: str | None
    finished_at: str | None
    duration: float | None
    scheduled_for: str | None
    lateness: float | None
    pid: int
    host: str
    exit_code: int | None
    error: str | None
    counts: Mapping[str, object]
    version: str


RUN_STATUSES = ("running", "success", "partial", "error", "timeout", "interrupted", "skipped", "abandoned")


@dataclass(frozen=True)
class RunFilter:
    """Which runs are wanted; times in the stored form, by when a run began."""

    job_id: str | None = None
    status: str | None = None
    since: str | None = None
    until: str | None = None
    is_failed: bool = False


ALL_RUNS = RunFilter()


@dataclass(frozen=True)
class JobState:
    """What is remembered of a job between runs: paused by whom, its failure streak, its times."""

    job_id: str
    paused: bool = False
    since: str | None = None
    by: str | None = None
    reason: str | None = None
    failures: int = 0
    failing_since: str | None = None
    alert_key: str | None = None  # dedupe key of the streak's alert, once it was queued
    schedule: str | None = None  # when it is due, as the last run that cron started found it
    schedule_since: str | None = None  # the first run that found it so


@dataclass(frozen=True)
class Alert:
    """A message for the operator, to be queued once: `dedupe_key` makes a second try harmless.

    `title` is one plain line, for digests and lists; `html` is the message, escaped where it must be.
    `reply_to` is the dedupe_key of the message it answers, or edits when `action` says so.
    """

    dedupe_key: str
    category: AlertCategory
    title: str
    html: str
    channel: str = "telegram"
    action: Literal["send", "edit"] = "send"
    reply_to: str | None = None
    trend_id: int | None = None
    strength: float = 0.0  # what survives when a day has too many


@dataclass(frozen=True)
class QueuedAlert:
    """An alert as it waits in the outbox."""

    id: int
    dedupe_key: str
    category: str
    action: str
    reply_to: str | None
    title: str
    body: str
    strength: float
    attempts: int
    parts_sent: int
    message_id: str | None
    created_at: str


@dataclass(frozen=True)
class ChannelState:
    """What is remembered of a channel between processes; `recent_sends` are epoch seconds of the last minute."""

    channel: str
    paused_until: str | None = None
    failures: int = 0  # in a row, certain or not
    migrated_chat_id: str | None = None
    last_error: str | None = None
    recent_sends: tuple[float, ...] = ()


@dataclass(frozen=True)
class Incident:
    """Something that is wrong for a while: opened once, counted, told, resolved."""

    key: str
    opened_at: str
    failures: int = 0
    last_seen_at: str | None = None
    alerted_at: str | None = None


@dataclass(frozen=True)
class RunResult:
    """How a run ended, as `--json` prints it."""

    job: str
    run_id: int | None
    status: str
    exit_code: int
    started_at: datetime
    duration_seconds: float
    counts: Mapping[str, object] = field(default_factory=dict)
    errors: tuple[Mapping[str, str], ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)  # what a job adds: `rank` its trends
    cause: BaseException | None = None
    is_dry: bool = False
    store_error: BaseException | None = None  # what kept the end of the run from being recorded


@dataclass(frozen=True)
class RankingProgress:
    """How far the ranker has come.

    Posts up to `seen_post_id` were looked at. Of those, every one before the position (`folded_created_at`,
    `folded_post_id`) is in the history. `ranked_tick` is the last tick whose trends were settled, `swept_tick`
    the last at which faded terms were dropped.
    """

    seen_post_id: int = 0
    folded_created_at: str = ""
    folded_post_id: int = 0
    ranked_tick: int = 0
    swept_tick: int = 0


@dataclass(frozen=True)
class ForecastProgress:
    """How far forecasting of single posts has come.

    Posts up to `seen_post_id` were looked at. Those before the position (`left_created_at`, `left_post_id`) have
    settled. `swept_day` (since 1970): when authors not heard of for long were last forgotten.
    """

    seen_post_id: int = 0
    left_created_at: str = ""
    left_post_id: int = 0
    swept_day: int = 0


class NewestSeen(NamedTuple):
    """The newest post, and the newest change of counters, when a run began."""

    newest_post: int
    newest_change: int


class WatchedRow(NamedTuple):
    """A post whose engagement is watched; times in epoch seconds. Engagement: likes, reposts and quotes."""

    id: int
    source: str
    author: str | None
    community: str | None
    created_at: int
    collected_at: int
    observed_at: int  # when its counters were last read or asked for
    engagement: int
    comments: int
    created_text: str


class PostForecast(NamedTuple):
    """What was last expected of a post: final engagement, the usual one, and what had been enough (0: unknown)."""

    post_id: int
    forecast: float
    usual: float
    enough: float
    looked_at: str


ManifestState = Literal["planned", "exported", "uploaded", "verified", "deleting", "done"]


@dataclass(frozen=True)
class Manifest:
    """One archive file, from the choice of its rows to the last deletion. Times are text in the stored form.

    `url` and `key` say where the object is. `rows`, `bytes`, `sha256` and the times of its first and last row are known
    once it is exported. `restored_until`: its rows were brought back, and stay live until then.
    """

    id: str
    table_name: str
    source: str | None  # of posts; None for other tables
    day: str  # YYYY-MM-DD, UTC
    format: str
    url: str
    key: str
    state: ManifestState
    created_at: str
    rows: int = 0
    bytes: int = 0
    sha256: str | None = None
    min_time: str | None = None
    max_time: str | None = None
    deleted_rows: int = 0
    kept_rows: int = 0  # changed since they were exported, so they stayed
    run_id: int | None = None
    done_at: str | None = None
    restored_until: str | None = None
    missing_since: str | None = None  # the object was not found, or is not what was stored
    written_off_at: str | None = None
    written_off_why: str | None = None


@dataclass(frozen=True)
class Calibration:
    """A threshold made of an operator's own posts. Times are text in the stored form.

    `posts` of [`since`, `until`) were shuffled `shuffles` times from `seed` on, which gave `days` without any story and
    `episodes` false alarms in them. `alarms`: the strongest of these, and what people marked as noise, as (score, how
    many a day one stands for). `threshold` is what `wanted_per_day` of them ask for.
    """

    made_at: str
    since: str
    until: str
    posts: int
    shuffles: int
    seed: int
    days: float
    episodes: int
    alarms: tuple[tuple[float, float], ...]
    wanted_per_day: float
    threshold: float


@dataclass(frozen=True)
class TrendVerdict:
    """What a person said of a trend: `good` or `noise`. `terms`, `score` and `opened_at` are the trend's own."""

    trend_id: int | None  # None when the trend is gone
    mark: str
    note: str | None
    terms: tuple[str, ...]
    score: float
    opened_at: str
    marked_at: str
    marked_by: str


@dataclass(frozen=True)
class DeletedBatch:
    """What one transaction of deletes did. `kept` rows were changed since their export, or are needed by an alert."""

    deleted: int
    kept: int
    is_last: bool


@dataclass(frozen=True)
class RestoredBatch:
    """What one transaction of restoring did. `foreign` rows were left out: another row has their id."""

    restored: int
    live: int
    foreign: int = 0


@dataclass(frozen=True)
class Tombstone:
    """A post, or everything by an author, that must not come back. One of `source_id` and `author` is set."""

    id: str
    source: str
    source_id: str | None
    author: str | None
    created_at: str
    is_pushed: bool = False  # whether the archive knows it too
