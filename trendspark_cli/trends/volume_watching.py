"""Trends of volume and of silence: posts counted once, series looked at, trends opened, updated and closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.base.profiles import DEFAULT
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.ranking.bursts.daily_peaks import opens_at
from trendspark_cli.ranking.bursts.tick_counts import TickCount
from trendspark_cli.ranking.bursts.volume_series import Look, VolumeSeries
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, Kind, Trend, TrendState
from trendspark_cli.ranking.lifecycle.volume_lifecycle import (
    closed_if_over,
    may_be_news,
    silence_opened,
    silence_seen_again,
    volume_opened,
    volume_seen_again,
)
from trendspark_cli.ranking.lifecycle.volume_stories import SilenceStory, VolumeStory
from trendspark_cli.running.clock_healing import may_be_ahead
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.volumes import ReadQuery, series_text
from trendspark_cli.trends.trend_alerts import Change, queue_change
from trendspark_cli.trends.trend_curves import save_curve
from trendspark_cli.trends.trend_routes import TrendRoutes
from trendspark_cli.trends.volume_news import HOUR_SECONDS, are_of_many, opened_of, with_posts
from trendspark_cli.trends.watched_volumes import Coverage, LookedFor, Watched, WatchedVolumes

POSTS_PER_READ = 5_000
MOST_POSTS = 50_000  # of an hour that are read to see who wrote them
MOST_BEHIND = 100_000  # posts: after a long time without anything to watch, those of long ago are passed over
CAUGHT_UP = timedelta(days=2)  # posts that were made before are not counted
FORGOTTEN = timedelta(days=60)  # series that nobody watches any more
QUERY_FORGOTTEN = timedelta(days=14)  # a query that was not read for so long is not read any more
KINDS: tuple[Kind, ...] = ("volume", "silence")


class _Seen(NamedTuple):
    """A series after its looks of this run; `look`: the newest, None when there was none, or it is too old."""

    watched: Watched
    series: VolumeSeries
    coverage: Coverage | None
    look: Look | None
    is_fresh: bool


def rank_volumes(
    job: JobContext, looked_for: LookedFor | None, rules: LifecycleRules, recency: timedelta, *, routes: TrendRoutes
) -> list[AnyTrend]:
    """Return the open trends of volume and of silence, after counting new posts and looking at what is known by now."""
    return _Watching(job, looked_for, rules, recency, routes).run()


class _Watching:
    """One run over all that is watched. Everything it learns and decides is one transaction."""

    def __init__(
        self,
        job: JobContext,
        looked_for: LookedFor | None,
        rules: LifecycleRules,
        recency: timedelta,
        routes: TrendRoutes,
    ) -> None:
        self._job, self._recency, self._routes = job, recency, routes
        self._names = {profile.name for profile in looked_for.profiles} if looked_for is not None else set()
        self._hours: dict[int, list[tuple[PostRow, set[str]]]] = {}
        is_on = bool(set(rules.kinds) & set(KINDS))
        reads = [read for read in job.store.volumes.reads() if is_on and self._is_read(read)]
        self._volumes = WatchedVolumes(looked_for if is_on else None, reads)
        self._rules = rules._replace(opens_at=opens_at(len(self._volumes.all), rules.false_alarms_per_day))
        self._seen_post_id = job.store.volumes.seen_post_id()

    def run(self) -> list[AnyTrend]:
        """Count, look, decide, store."""
        job = self._job
        known = job.store.volumes.series([one.key for one in self._volumes.all])
        seen_before = self._seen_post_id
        before = {key: series_text(series) for key, series in known.items()}
        series = {one.key: known.get(one.key) or VolumeSeries() for one in self._volumes.all}
        if series:  # else nothing is counted, nor written
            self._count_arrivals(series)
        seen = [self._look(one, series[one.key]) for one in self._volumes.all]
        trends: dict[tuple[str, str], AnyTrend] = {}
        for trend in job.store.trends.open_volumes():
            trends[trend.story.kind, _key(trend)] = trend
        opened = self._opened(seen, trends)
        changed = [(trend, after) for trend in trends.values() if (after := self._after(trend, seen)) != trend]
        for one in series.values():
            one.forget_before(int(job.now.timestamp()))
        still = [trend for trend in trends.values() if all(trend is not old for old, _ in changed)]
        news = {key: one for key, one in series.items() if series_text(one) != before.get(key)}
        if not job.dry_run and (news or changed or self._seen_post_id != seen_before):
            opened, changed = job.write(partial(self._keep, news, opened, changed, seen))
        for trend in (*opened, *(after for _, after in changed)):
            job.count(_change_of(trend, is_new=trend in opened))
        living = (*still, *(after for _, after in changed), *opened)
        return [trend for trend in living if trend.state is TrendState.OPEN]

    def _keep(
        self,
        news: Mapping[str, VolumeSeries],
        opened: Sequence[AnyTrend],
        changed: Sequence[tuple[AnyTrend, AnyTrend]],
        seen: Sequence[_Seen],
    ) -> tuple[list[AnyTrend], list[tuple[AnyTrend, AnyTrend]]]:
        """Store series and trends; return those that opened, and those that changed with what they were, as stored."""
        self._job.store.volumes.save(news, self._seen_post_id, self._job.now)
        self._forget()
        saved = [self._saved(trend, seen) for trend in opened]
        return saved, [(old, self._saved(after, seen)) for old, after in changed]

    def _is_read(self, read: ReadQuery) -> bool:
        """Tell whether a query is one of a present profile, or of a source that is read for nobody."""
        kind = SOURCES.get(read.source)
        return read.profile in self._names or (read.profile == DEFAULT and not (kind and kind.searches_profiles))

    def _count_arrivals(self, series: dict[str, VolumeSeries]) -> None:
        """Count the posts stored since the last run, those of long ago and those dated ahead left out."""
        posts, now = self._job.store.posts, int(self._job.now.timestamp())
        oldest = now - int(CAUGHT_UP.total_seconds())
        settled = posts.settled_id()
        if settled - self._seen_post_id > MOST_BEHIND and (first := posts.first_since(oldest)) is not None:
            self._seen_post_id = max(self._seen_post_id, first - 1)
        while arrived := posts.arrived(self._seen_post_id, settled, POSTS_PER_READ):
            for post in arrived:
                if oldest <= post.created_at <= now:
                    for key in self._volumes.of_post(post):
                        series[key].add(post.created_at, post.source)
            self._seen_post_id = arrived[-1].id

    def _look(self, watched: Watched, series: VolumeSeries) -> _Seen:
        coverage = self._volumes.coverage(watched, self._job.now)
        look = None
        if coverage is not None:
            for each in series.looks(coverage.known, coverage.counted, coverage.without):
                look = each
        is_fresh = look is not None and from_epoch(look.at) >= self._job.now - self._recency
        return _Seen(watched, series, coverage, look, is_fresh)

    def _opened(self, seen: Sequence[_Seen], trends: dict[tuple[str, str], AnyTrend]) -> list[AnyTrend]:
        """Return new trends, the strongest of each kind."""
        found: list[AnyTrend] = []
        for kind in (kind for kind in KINDS if kind in self._rules.kinds):
            told = {key for open_kind, key in trends if open_kind == kind}
            found += opened_of([one for one in seen if one.is_fresh], told, partial(self._candidate, kind))
        return found

    def _candidate(self, kind: Kind, seen: _Seen) -> AnyTrend | None:
        watched, look = seen.watched, seen.look
        if look is None or seen.coverage is None:
            return None
        asked = watched.key, watched.name, watched.terms, seen.series, look, self._rules
        if kind == "silence":
            return silence_opened(*asked) if seen.coverage.is_whole else None
        if watched.is_place or not may_be_news(look, self._rules):
            return None
        if not seen.coverage.counted and not are_of_many(self._posts_of(seen)):
            return None
        trend = volume_opened(*asked)
        return None if trend is None else self._with_posts(trend, seen)

    def _after(self, trend: AnyTrend, seen: Sequence[_Seen]) -> AnyTrend:
        """Return an open trend after this run's looks."""
        one = next((each for each in seen if each.watched.key == _key(trend)), None)
        after = trend
        if one is not None and one.look is not None and one.coverage is not None:
            match trend.story:
                case VolumeStory() as story:
                    after = self._with_posts(volume_seen_again(trend, story, one.look, self._rules), one)
                case SilenceStory() as story:
                    is_whole, last_post = one.coverage.is_whole, one.series.last_post
                    after = silence_seen_again(trend, story, one.look, last_post, self._rules, is_whole=is_whole)
        if after.state is TrendState.CLOSED:
            return after
        is_watched = one is not None and trend.story.kind in self._rules.kinds
        return closed_if_over(after, int(self._job.now.timestamp()), self._rules, is_watched=is_watched)

    def _with_posts(self, trend: Trend[VolumeStory], seen: _Seen) -> Trend[VolumeStory]:
        """Return a trend with the posts of the hour before its look; at its peak, these show what it is about."""
        if seen.look is None:
            return trend
        without = seen.coverage.without if seen.coverage is not None else ()
        return with_posts(trend, seen.look, self._posts_of(seen), without)

    def _posts_of(self, seen: _Seen) -> list[PostRow]:
        """Return the posts of a series since the tick in which the hour before its look began, oldest first."""
        if seen.look is None:
            return []
        at = seen.look.at
        if at not in self._hours:
            self._hours[at] = [(post, self._volumes.of_post(post)) for post in self._stored(at)]
        without = seen.coverage.without if seen.coverage is not None else frozenset()
        return [post for post, keys in self._hours[at] if seen.watched.key in keys and post.source not in without]

    def _stored(self, at: int) -> list[PostRow]:
        posts = self._job.store.posts
        since = (at - HOUR_SECONDS) // TICK_SECONDS * TICK_SECONDS
        place, found = (to_text(from_epoch(since - 1)), 0), list[PostRow]()
        while len(found) < MOST_POSTS:
            read = posts.leaving(place, at, self._seen_post_id, POSTS_PER_READ)
            found += [post for post in read if post.created_at >= since]
            if len(read) < POSTS_PER_READ:
                break
            place = read[-1].created_text, read[-1].id
        return found

    def _saved(self, trend: AnyTrend, seen: Sequence[_Seen]) -> AnyTrend:
        """Store a trend with its curve, and queue its alert."""
        change = _change_of(trend, is_new=trend.id is None)
        saved = self._job.store.trends.save(
            trend if trend.id is not None else replace(trend, detected_at=self._job.now)
        )
        one = next((each for each in seen if each.watched.key == _key(trend)), None)
        if one is not None and isinstance(trend.story, VolumeStory):
            save_curve(self._job, saved.stored_id, self._curve(trend, one))
        queue_change(self._job, change, saved, self._rules, self._routes)
        return saved

    def _curve(self, trend: AnyTrend, seen: _Seen) -> list[TickCount]:
        """Return the ticks of the last hour, from the beginning of the trend on."""
        first = int(trend.first_seen.timestamp()) // TICK_SECONDS
        ticks: dict[tuple[int, str], list[PostRow]] = {}
        for post in self._posts_of(seen):
            if post.created_at // TICK_SECONDS >= first:
                ticks.setdefault((post.created_at // TICK_SECONDS, post.source), []).append(post)
        return [
            TickCount(
                tick * TICK_SECONDS,
                source,
                len(posts),
                len({post.author or post.id for post in posts}),
                round(seen.series.usual_of(source, TICK_SECONDS), 3),
            )
            for (tick, source), posts in sorted(ticks.items())
        ]

    def _forget(self) -> None:
        """Forget what nobody watches or reads any more; not by a clock that may be ahead."""
        job = self._job
        if may_be_ahead(job):
            return
        job.store.volumes.forget_series_before(job.now - FORGOTTEN)
        job.store.volumes.forget_reads_before(job.now - QUERY_FORGOTTEN)
        for read in job.store.volumes.reads():
            if not self._is_read(read):
                job.store.volumes.forget_query(read.profile, read.source, read.query)


def _key(trend: AnyTrend) -> str:
    return trend.story.series if isinstance(trend.story, VolumeStory | SilenceStory) else ""


def _change_of(trend: AnyTrend, *, is_new: bool) -> Change:
    return "opened" if is_new else "closed" if trend.state is TrendState.CLOSED else "updated"
