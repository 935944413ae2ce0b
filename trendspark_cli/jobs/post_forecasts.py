"""The second half of `rank`: learn from posts that have settled, and forecast those that were looked at since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from trendspark_cli.clock import from_text, to_text
from trendspark_cli.job_context import JobContext
from trendspark_cli.models import PostForecast, WatchedRow
from trendspark_cli.ranking.forecast import MOST_ENGAGEMENT, SETTLES_AFTER_SECONDS, Usual, WatchedPost, watched
from trendspark_cli.ranking.keys import name_key
from trendspark_cli.ranking.post_trends import NEWS_SECONDS, Judged
from trendspark_cli.ranking.source_memory import SourceMemory

POSTS_AT_ONCE = 300  # two rows of authors and communities each, and their forecasts: a transaction of about 1,000 rows
SETTLED_PER_RUN = 20_000  # so that years of history are learned in some runs and not in one
ARRIVALS_PER_RUN = 5_000  # judged; in a flood, the others are when their counters change
LEAST_WATCHED = timedelta(hours=6)  # between the first and the last look: less says nothing of where a post ends
WATCHED = timedelta(seconds=SETTLES_AFTER_SECONDS)
_DAY_SECONDS = 86_400


class PostForecasting:
    """Learns and forecasts; how far it came is remembered in the transaction of the work."""

    def __init__(self, job: JobContext, posts_per_day: float) -> None:
        self._job = job
        self._stored = job.store.forecasts
        self._progress = self._stored.progress()
        self._day = int(job.now.timestamp()) // _DAY_SECONDS
        self.memories = self._stored.sources()
        self._posts_per_day = posts_per_day
        self._seen = self._stored.newest()

    def learn(self) -> None:
        """Take in the posts that were created two days ago since the last run; a dry run learns nothing."""
        if self._job.dry_run:
            return
        for _ in range(SETTLED_PER_RUN // POSTS_AT_ONCE):
            position = (self._progress.left_created_at, self._progress.left_post_id)
            rows = self._stored.leaving(position, self._job.now - WATCHED, POSTS_AT_ONCE)
            if not rows:
                break
            with self._job.transaction():
                self._settle(rows)
        if self._day > self._progress.swept_day:
            self._stored.sweep(self._day)
            with self._job.transaction():
                self._advance(swept_day=self._day)

    def judge(self, fresh: datetime) -> list[Judged]:
        """Return a judgement of each watched post that was looked at since the last run, and not before *fresh*.

        While no source is ready, posts are only passed by. Call `pass_by` when what follows from it is stored.
        """
        since = self._job.now - WATCHED
        judged: list[Judged] = []
        if any(memory.forecaster.is_ready for memory in self.memories.values()):
            changed = self._stored.changed(self._seen.newest_change)
            for start in range(0, len(changed), POSTS_AT_ONCE):
                rows = self._stored.watched(changed[start : start + POSTS_AT_ONCE], since, fresh)
                judged += self._judged(rows, fresh)
            after, known = self._progress.seen_post_id, set(changed)
            for _ in range(ARRIVALS_PER_RUN // POSTS_AT_ONCE):
                rows = self._stored.arrived((after, self._seen.newest_post), since, fresh, POSTS_AT_ONCE)
                if not rows:
                    break
                judged += self._judged([row for row in rows if row.id not in known], fresh)
                after = rows[-1].id
        return judged

    def pass_by(self) -> None:
        """Look at the same posts no more, unless they change; call in the transaction of what followed from them."""
        self._stored.forget_changed(self._seen.newest_change)
        if self._seen.newest_post > self._progress.seen_post_id:
            self._advance(seen_post_id=self._seen.newest_post)

    def _judged(self, rows: Sequence[WatchedRow], fresh: datetime) -> list[Judged]:
        """Judge the posts of sources that are ready; remember the forecasts."""
        rows = [row for row in rows if row.source in self.memories and self.memories[row.source].forecaster.is_ready]
        posts = _posts(rows, self._stored.looks([row.id for row in rows]), self._job.now) if rows else {}
        usual = self._stored.usual(key for row in rows for key in _keys(row))
        judged = [self._judge(row, posts[row.id], usual) for row in rows if row.id in posts]
        if judged and not self._job.dry_run:
            with self._job.transaction():
                self._stored.note([_noted(one, self._job.now) for one in judged])
        self._job.count("posts_forecast", len(judged))
        return [one for one in judged if one.watched.last.at >= fresh.timestamp()]

    def _judge(self, row: WatchedRow, post: WatchedPost, usual: Mapping[int, Usual]) -> Judged:
        memory = self.memories[row.source]
        author, community = _usual(row, usual)
        forecast = memory.forecaster.forecast(post, author, community)
        level = memory.level(self._posts_per_day / len(self.memories))
        return Judged(row.id, row.source, row.author, post, forecast, author.posts, level)

    def _settle(self, rows: Sequence[WatchedRow]) -> None:
        """Learn from those that were looked at for long enough; count the peaks of all."""
        posts = _posts(rows, self._stored.looks([row.id for row in rows]), self._job.now)
        usual = self._stored.usual(key for row in rows for key in _keys(row))
        learned: dict[int, Usual] = {}
        peaks: dict[str, list[float]] = {}
        position = self._progress.left_created_at
        start = from_text(position).timestamp() if position else rows[0].created_at
        counted_since = {name: start for name, memory in self.memories.items() if memory.counts_peaks}
        for row in rows:
            post = posts.get(row.id)
            if post is None or post.first_seen - post.created_at > NEWS_SECONDS:
                continue
            memory = self.memories.setdefault(row.source, SourceMemory())
            author, community = _usual(row, usual)
            if memory.counts_peaks:
                counted_since.setdefault(row.source, row.created_at)
                peaks.setdefault(row.source, []).append(memory.forecaster.peak(post, author, community))
            if post.last.at - post.first_seen >= LEAST_WATCHED.total_seconds():
                final = memory.forecaster.settle(post, author, community)
                for key in _keys(row):
                    known = usual.get(key, Usual())
                    usual[key] = learned[key] = Usual(known.posts + 1.0, known.total + final)
                self._job.count("posts_settled")
        for name, since in counted_since.items():
            days = max(0.0, rows[-1].created_at - since) / _DAY_SECONDS
            self.memories[name].peaks.add(peaks.get(name, ()), days)
        self._stored.put_usual(learned, self._day)
        self._stored.put_sources(self.memories)
        self._stored.drop([row.id for row in rows])
        self._advance(left_created_at=rows[-1].created_text, left_post_id=rows[-1].id)

    def _advance(self, **changes: str | int) -> None:
        self._progress = replace(self._progress, **changes)  # type: ignore[arg-type]
        self._stored.save_progress(self._progress)


def _key(source: str, kind: str, name: str) -> int:
    return name_key(f"{source}\0{kind}\0{name}")


def _keys(row: WatchedRow) -> list[int]:
    """Return the keys of a post's author and community, as far as they are known."""
    named = (("author", row.author), ("community", row.community))
    return [_key(row.source, kind, name) for kind, name in named if name is not None]


def _usual(row: WatchedRow, usual: Mapping[int, Usual]) -> tuple[Usual, Usual]:
    """Return what is usual for a post's author and community."""
    author = usual.get(_key(row.source, "author", row.author), Usual()) if row.author is not None else Usual()
    community = (
        usual.get(_key(row.source, "community", row.community), Usual()) if row.community is not None else Usual()
    )
    return author, community


def _posts(
    rows: Sequence[WatchedRow], looks: Mapping[int, list[tuple[int, int, int]]], now: datetime
) -> dict[int, WatchedPost]:
    """Return each post with its looks; looks of the future, and counters no post has, are left out.

    A post without history was seen once, when it was collected, and again when its counters were asked for in vain.
    """
    found = {}
    for row in rows:
        known = looks.get(row.id) or [(row.collected_at, row.engagement, row.comments)]
        if row.observed_at > known[-1][0]:
            known = [*known, (row.observed_at, row.engagement, row.comments)]
        known = [look for look in known if look[0] <= now.timestamp() and look[1] <= MOST_ENGAGEMENT]
        if known:
            found[row.id] = watched(row.created_at, known)
    return found


def _noted(judged: Judged, now: datetime) -> PostForecast:
    forecast = judged.forecast
    return PostForecast(judged.post_id, forecast.expected, forecast.usual, judged.enough, to_text(now))
