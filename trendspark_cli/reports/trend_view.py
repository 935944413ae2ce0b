"""A trend as pages and feeds show it: words and numbers, nothing of them markup yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from trendspark_cli.base.clock import day_text, duration_words, from_text
from trendspark_cli.kinds.sources import engagement_of
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, Kind, PostStory, TopicStory, TrendState
from trendspark_cli.ranking.lifecycle.volume_stories import SilenceStory, VolumeStory
from trendspark_cli.reports.plots import Plot, plot_of
from trendspark_cli.reports.safe_texts import shown_text, web_link
from trendspark_cli.reports.told_trend import ToldTrend
from trendspark_cli.reports.trend_json import SHOWN_POSTS, Example, shown_author
from trendspark_cli.reports.trend_words import post_counts, silence_counts, topic_counts, usual_text, volume_counts
from trendspark_cli.store.rows.trends import TrendVerdict

LABEL_LENGTH, TEXT_LENGTH, NAME_LENGTH, SUMMARY_LENGTH = 120, 240, 60, 600  # characters
MOST_TERMS, MOST_COMMUNITIES = 8, 6
LINK_LENGTH = 60
KINDS: Mapping[Kind, str] = {"post": "single post", "volume": "volume", "silence": "silence"}


class Quote(NamedTuple):
    """An example post. `link` is empty unless it leads to a page; `address` is what is shown of it."""

    source: str
    author: str
    text: str
    link: str
    address: str


class Share(NamedTuple):
    """A part of the posts, in percent of the largest."""

    name: str
    posts: str
    percent: float


class TrendView(NamedTuple):
    """A trend for templates."""

    anchor: str
    label: str
    is_open: bool
    kind: str  # in words, unless it is a topic
    is_watched: bool
    state: str
    sentence: str
    numbers: tuple[tuple[str, str], ...]
    plot: Plot | None
    shares: tuple[Share, ...]  # of a single post: what it got, what is expected, what is usual
    sources: str
    communities: str
    words: tuple[tuple[str, str], ...]  # a term, and how many posts had it at the peak
    quotes: tuple[Quote, ...]
    mark: str
    mark_text: str
    order: str
    summary: str
    written_by: str


def view_of(told: ToldTrend, now: datetime, most_quotes: int = SHOWN_POSTS) -> TrendView:
    """Return a trend as it is shown, with so many examples at most."""
    trend = told.trend
    brief = told.brief if told.brief is not None and told.brief.summary else None
    return TrendView(
        anchor=f"t-{told.lasting_id.rpartition(':')[2]}",
        label=shown_text(trend.label, LABEL_LENGTH),
        is_open=trend.state is TrendState.OPEN,
        kind=KINDS.get(trend.story.kind, ""),
        is_watched=told.is_watched,
        state="going on" if trend.closed_at is None else f"over since {day_text(trend.closed_at)}",
        sentence=sentence_of(trend),
        numbers=_numbers(trend, now),
        plot=None if isinstance(trend.story, PostStory) else plot_of(trend, told.counts, now),
        shares=_shares(trend.story) if isinstance(trend.story, PostStory) else (),
        sources=", ".join(f"{name} {posts:,}" for name, posts in _by_source(told)),
        communities=", ".join(
            f"{shown_text(each.community, NAME_LENGTH)} {each.posts:,}" for each in told.communities[:MOST_COMMUNITIES]
        ),
        words=_words(trend),
        quotes=tuple(_quote(post, told) for post in told.examples[:most_quotes]),
        mark="" if told.verdict is None else told.verdict.mark,
        mark_text="" if told.verdict is None else _mark_text(told.verdict),
        order=_order(told),
        summary="" if brief is None else shown_text(brief.summary, SUMMARY_LENGTH),
        written_by="" if brief is None else shown_text(brief.model, NAME_LENGTH),
    )


def sentence_of(trend: AnyTrend) -> str:
    """Return why a trend is one, in the words of lists and alerts."""
    match trend.story:
        case PostStory() as story:
            return f"{post_counts(story, trend.age_when_seen)}; {engagement_of(story.source)}"
        case TopicStory() as story:
            return topic_counts(story)
        case VolumeStory() as story:
            return volume_counts(story)
        case SilenceStory() as story:
            return silence_counts(story, shown_text(trend.label, LABEL_LENGTH))


def _numbers(trend: AnyTrend, now: datetime) -> tuple[tuple[str, str], ...]:
    """Return what is counted of a trend, each with its name."""
    times = (
        ("first post", day_text(trend.first_seen)),
        ("found", day_text(trend.told_at)),
        ("lasted" if trend.closed_at else "going on for", _lasted(trend, now)),
    )
    if isinstance(trend.story, SilenceStory):
        usual = ("usual gap", duration_words(trend.story.usual_gap))
        return (usual, ("usual longest gap", duration_words(trend.story.usual_longest)), *times[1:])
    if isinstance(trend.story, PostStory):
        return (("comments", f"{trend.story.comments:,}"), *times)
    going_on = (("now", f"{trend.posts_now:,}"),) if trend.state is TrendState.OPEN else ()
    return (
        *going_on,
        ("peak", f"{trend.posts_peak:,}"),
        ("in all", f"{trend.posts_total:,}"),
        ("people", f"{trend.story.authors:,}"),
        _usual(trend.story),
        *times,
    )


def _usual(story: TopicStory | VolumeStory) -> tuple[str, str]:
    if isinstance(story, VolumeStory):
        return "usual daily peak", usual_text(story.usual_peak)
    return "usual", usual_text(story.expected)


def _lasted(trend: AnyTrend, now: datetime) -> str:
    until = trend.last_seen if trend.closed_at else max(trend.last_seen, now)
    return duration_words(max(timedelta(minutes=1), until - trend.first_seen))


def _by_source(told: ToldTrend) -> list[tuple[str, int]]:
    """Return posts by source over the whole life where that is kept, else those of the peak."""
    found: dict[str, int] = {}
    for count in told.counts:
        found[count.source] = found.get(count.source, 0) + count.posts
    return sorted((found or dict(told.trend.story.sources)).items(), key=lambda item: -item[1])


def _shares(story: PostStory) -> tuple[Share, ...]:
    """Return what a single post got, what is expected of it, and what is usual, on one scale."""
    values = (("so far", float(story.engagement)), ("expected", story.forecast), ("usual", story.usual))
    most = max(1.0, *(value for _, value in values))
    return tuple(Share(name, f"{value:,.0f}", round(100 * value / most, 1)) for name, value in values)


def _words(trend: AnyTrend) -> tuple[tuple[str, str], ...]:
    evidence = trend.story.evidence if isinstance(trend.story, TopicStory) else ()
    posts = {term.term: term.posts for term in evidence}
    return tuple(
        (shown_text(term, NAME_LENGTH), f" {posts[term]:,}" if term in posts else "")
        for term in trend.story.terms[:MOST_TERMS]
    )


def _quote(post: Example, told: ToldTrend) -> Quote:
    link = web_link(post.url)
    return Quote(
        source=post.source,
        author=shown_text(shown_author(post, told.names or {}) or "", NAME_LENGTH),
        text=shown_text(post.text, TEXT_LENGTH),
        link=link,
        address=shown_text(link.partition("://")[2] if link else post.url or "", LINK_LENGTH),
    )


def _order(told: ToldTrend) -> str:
    """Return why a trend stands elsewhere than its score says; nothing of one that does not."""
    if not told.moved_by:
        return ""
    return shown_text(f"{told.trend.interest:+.1f} ({'; '.join(told.moved_by)})", SUMMARY_LENGTH)


def _mark_text(verdict: TrendVerdict) -> str:
    told = f"{verdict.mark}, says {verdict.marked_by} on {day_text(from_text(verdict.marked_at))}"
    return shown_text(f"{told}: {verdict.note}" if verdict.note else told, SUMMARY_LENGTH)
