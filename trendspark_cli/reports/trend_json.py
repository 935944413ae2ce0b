"""A trend as the contract's JSON: the one shape every command prints a trend in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NotRequired, TypedDict

from trendspark_cli.base.clock import from_text, hour_text, to_text
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, Kind, PostStory, TopicStory, TrendState
from trendspark_cli.ranking.lifecycle.volume_stories import SilenceStory, VolumeStory
from trendspark_cli.reports.trend_words import why
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.store.rows.trend_history import KeptExample
from trendspark_cli.store.rows.trends import TrendVerdict

Example = StoredPost | KeptExample
SHOWN_POSTS = 3
POST_EVIDENCE = ("engagement", "comments", "forecast", "error", "usual_posts", "enough")
SECOND = timedelta(seconds=1)


class ShownPost(TypedDict):
    """An example post of a trend."""

    source: str
    source_id: str
    author: str | None
    url: str | None
    text: str


class ShownVerdict(TypedDict):
    """What a person said of a trend."""

    mark: str
    note: str | None
    marked_at: str
    marked_by: str


class _Head(TypedDict):
    id: int | None
    label: str
    terms: list[str]
    kind: Kind
    state: str
    score: float
    interest: float
    observed: float
    expected: float
    authors: int
    sources: dict[str, int]
    first_seen: str
    last_seen: str
    window_seconds: int
    opened_at: str
    closed_at: str | None
    people: int
    posts_now: int
    posts_peak: int
    posts_total: int
    peak_at: str
    detected_at: str
    forecast: NotRequired[float]


class TrendJson(_Head):
    """A trend as printed. `observed` and `expected`: voices of a topic, engagement of a single post, posts of a volume.

    Of a volume these are at its peak and at its usual daily peak; of a silence, those of so long a time.
    """

    mark: ShownVerdict | None
    posts: list[ShownPost]
    why: str


def trend_json(
    trend: AnyTrend,
    posts: Sequence[Example],
    verdict: TrendVerdict | None = None,
    names: Mapping[tuple[str, str], str] | None = None,
) -> TrendJson:
    """Return a trend with its example posts, and what a person said of it, as printed.

    *names*: those of authors, by (source, author); others are shown as they are stored.
    """
    return {
        **_head(trend),
        "mark": None if verdict is None else _shown_verdict(verdict),
        "posts": [_shown_post(post, names or {}) for post in posts[:SHOWN_POSTS]],
        "why": why(trend, in_utc=True),
    }


def evidence_json(trend: AnyTrend) -> list[dict[str, object]]:
    """Return what makes a topic's terms unusual, or what else a trend rests on, as printed."""
    match trend.story:
        case TopicStory() as story:
            return [rounded(_known(term._asdict())) for term in story.evidence]
        case PostStory() as story:
            return [rounded({name: getattr(story, name) for name in POST_EVIDENCE})]
        case VolumeStory() as story:
            return [rounded({"usual_peak": story.usual_peak, "enough": story.enough})]
        case SilenceStory() as story:
            gaps = {"gap": story.gap, "usual_gap": story.usual_gap, "usual_longest_gap": story.usual_longest}
            gaps["enough"] = story.enough
            return [{f"{name}_seconds": gap // SECOND for name, gap in gaps.items()}]


def _head(trend: AnyTrend) -> _Head:
    """Return what is printed of a trend before its mark and its posts; of a single post with its forecast."""
    match trend.story:
        case TopicStory() as story:
            terms, observed, expected = list(story.terms), story.observed, story.expected
            authors, window = story.authors, story.window
        case PostStory() as story:
            terms, observed, expected = [], float(story.engagement), story.usual
            authors, window = 1, trend.age_when_seen
        case VolumeStory() as story:
            terms, observed, expected = list(story.terms), float(story.observed), story.usual_peak
            authors, window = story.authors, story.window
        case SilenceStory() as story:
            terms, observed, expected = list(story.terms), 0.0, story.usual_posts
            authors, window = 0, story.gap
    head: _Head = {
        "id": trend.id,
        "label": trend.label,
        "terms": terms,
        "kind": trend.story.kind,
        "state": trend.state.value,
        "score": round(trend.score, 2),
        "interest": round(trend.interest, 2),
        "observed": observed,
        "expected": round(expected, 4),
        "authors": authors,
        "sources": dict(trend.story.sources),
        "first_seen": to_text(trend.first_seen),
        "last_seen": to_text(trend.last_seen),
        "window_seconds": window // SECOND,
        "opened_at": to_text(trend.opened_at),
        "closed_at": None if trend.closed_at is None else to_text(trend.closed_at),
        "people": authors,
        "posts_now": trend.posts_now if trend.state is TrendState.OPEN else 0,
        "posts_peak": trend.posts_peak,
        "posts_total": trend.posts_total,
        "peak_at": to_text(trend.peak_at),
        "detected_at": to_text(trend.told_at),
    }
    if isinstance(trend.story, PostStory):
        head["forecast"] = round(trend.story.forecast, 1)
    return head


def _known(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values that were stored: of long ago, some were not."""
    return {name: value for name, value in values.items() if value is not None}


def _shown_verdict(verdict: TrendVerdict) -> ShownVerdict:
    return {
        "mark": verdict.mark,
        "note": verdict.note,
        "marked_at": verdict.marked_at,
        "marked_by": verdict.marked_by,
    }


def _shown_post(post: Example, names: Mapping[tuple[str, str], str]) -> ShownPost:
    return {
        "source": post.source,
        "source_id": post.source_id,
        "author": shown_author(post, names),
        "url": post.url,
        "text": post.text,
    }


def shown_author(post: Example, names: Mapping[tuple[str, str], str]) -> str | None:
    """Return the author of a post as people know them."""
    if post.author is None:
        return None
    kept = post.name if isinstance(post, KeptExample) else None
    return names.get((post.source, post.author), kept or post.author)


def author_of_each(posts: Sequence[Example]) -> set[tuple[str, str]]:
    """Return (source, author) of posts, to ask for the names of."""
    return {(post.source, post.author) for post in posts if post.author is not None}


def rounded(numbers: Mapping[str, object]) -> dict[str, object]:
    """Return the same with its fractions as people and scripts can use them."""
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in numbers.items()}


def why_for_people(trend: TrendJson) -> str:
    """Return why a printed trend is one, with the time in the zone of those who read it."""
    began = from_text(trend["first_seen"])
    seen = "first seen {}".format
    return trend["why"].replace(seen(hour_text(began, in_utc=True)), seen(hour_text(began)))
