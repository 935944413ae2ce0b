"""Records that rooms pass to each other. Plain values; no behaviour worth a test of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, get_args

AlertCategory = Literal["trending_alert", "daily_ideas", "job_alert", "api_alert", "budget_alert", "manual_test"]
OPERATIONS: tuple[AlertCategory, ...] = ("job_alert", "api_alert", "budget_alert")  # of jobs, services and money
ALERT_CATEGORIES: tuple[AlertCategory, ...] = get_args(AlertCategory)


STAND_IN = -1  # in place of edits: before the first version


class Post(NamedTuple):
    """One post as stored. A tuple, so that a page of them goes to the database without copying.

    Times are text in the stored form (see `clock.to_text`). Counters are None when not told.
    `edits` orders the versions of a post: an older one never replaces a newer. It is the place in the chain of edits
    (X), or when it was edited in epoch seconds (Reddit, Mastodon); 0 for a post that never was, and STAND_IN for what
    only stands in for a post until the post itself comes.
    `observed_at` is set when the line itself says when its counters were read.
    `author` is the id the service never changes, `author_name` what people call them; of what is known by name only,
    `author` is None. Where a service has nothing but names, these are the ids. `links`: where it leads, see `links.py`.
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
    author_name: str | None = None
    links: tuple[str, ...] = ()


class Span(NamedTuple):
    """What is still to be read of one query: newer than `since`, older than `until`.

    Both ends are post ids of the source, exclusive; None is open. `token` continues a listing
    inside the same run only: it is never stored.
    """

    since: str | None = None
    until: str | None = None
    token: str | None = None


SKIPPED_REASONS = frozenset(("placeholder", "comment", "account", "deletion", "error_page", "other_kind"))


class Rejection(NamedTuple):
    """An item that was not stored, and why. `reason` is from a short fixed list: a metric label.

    One of `SKIPPED_REASONS` says that it is no post by its nature, so nothing is wrong with it.
    """

    reason: str
    item: str  # enough to find it again: an id or a line number


class GonePost(NamedTuple):
    """A post that a service says is deleted, whether we hold it or not; `made_at` where that is told too."""

    source_id: str
    made_at: datetime | None = None


class GoneAccount(NamedTuple):
    """An account that is shown no more since `closed_at`, and what the ids of its posts begin with."""

    author: str
    ids_begin: str
    closed_at: datetime


class Page(NamedTuple):
    """One answer of a source, newest post first.

    Where a service is read forward in time, `goes_forward`: what is unread lies above the page, no gap is needed for
    it, and the cursor moves with each page.
    """

    posts: tuple[Post, ...]
    fetched: int  # items in the answer, rejected ones included
    rejections: tuple[Rejection, ...] = ()
    skipped: tuple[Rejection, ...] = ()  # items of a file that are no posts by their nature
    newest_id: str | None = None
    unread: Span | None = None  # what lies below this page; None when nothing does
    lost: Span | None = None  # what lies below it and can never be read
    reads: int = 0  # billed units
    endpoint: str = ""
    request_id: str | None = None
    notes: tuple[str, ...] = ()  # partial errors the source told us about
    billed_ids: tuple[str, ...] = ()  # as delivered, where a post is billed once a UTC day
    goes_forward: bool = False
    gone: tuple[GonePost, ...] = ()
    gone_accounts: tuple[GoneAccount, ...] = ()


@dataclass(frozen=True)
class Profile:
    """Topics that are searched for together, and the part of X's ceilings they may use.

    `share` is a fraction above 0, up to 1; None is no share of its own. `channels` are told of its trends: all that
    are configured when it names none. `interest`: words and r/communities that matter. Times are text in the stored
    form.
    """

    name: str
    keywords: tuple[str, ...]
    exclude_keywords: tuple[str, ...] = ()
    watchlist: tuple[str, ...] = ()
    niche: str = ""
    languages: tuple[str, ...] = ()
    share: float | None = None
    channels: tuple[str, ...] = ()
    interest: tuple[str, ...] = ()
    is_enabled: bool = True
    created_at: str = ""
    updated_at: str = ""


class Ceiling(NamedTuple):
    """The most a service may use in a UTC day or month: `limit` units, or USD. `setting` is where it can be raised.

    With `profile` it is that profile's share, and only what the profile used counts.
    """

    period: Literal["day", "month"]
    limit: float
    setting: str
    is_in_usd: bool = False
    profile: str | None = None


class Alert(NamedTuple):
    """A message for the operator, to be queued once: `dedupe_key` makes a second try harmless.

    `title` is one plain line, for digests and lists; `html` is the message, escaped where it must be.
    `reply_to` is the dedupe_key of the message it answers, or edits when `action` says so. A `picture` is drawn when
    it is sent.
    """

    dedupe_key: str
    category: AlertCategory
    title: str
    html: str
    channel: str = ""  # "" is every configured one
    action: Literal["send", "edit", "picture"] = "send"
    reply_to: str | None = None
    trend_id: int | None = None
    strength: float = 0.0  # what survives when a day has too many


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
    must_end: bool = False  # a signal asked the process to end: nothing follows
