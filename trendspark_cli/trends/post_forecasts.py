"""The second half of `rank`: learn from posts that have matured, and forecast those observed since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from functools import partial

from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.ranking.posts.forecast import MATURES_AFTER_SECONDS
from trendspark_cli.ranking.posts.post_learning import (
    Counters,
    SeenPost,
    judge_post,
    learn_from,
    observations_of,
    seen_by,
)
from trendspark_cli.ranking.posts.post_trends import JudgedPost
from trendspark_cli.ranking.posts.source_memory import return_levels
from trendspark_cli.running.clock_healing import may_be_ahead
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.forecasts import PostForecast, WatchedRow

POSTS_AT_ONCE = 300  # two rows of authors and communities each, and their forecasts: a transaction of about 1,000 rows
MATURED_PER_RUN = 20_000  # so that years of history are learned in some runs and not in one
ARRIVALS_PER_RUN = 5_000  # judged; in a flood, the others are when their counters change
WATCHED = timedelta(seconds=MATURES_AFTER_SECONDS)
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
        self._return_levels: dict[str, float | None] = {}
        self._seen = self._stored.newest()

    def learn(self) -> None:
        """Take in the posts that were created two days ago since the last run; a dry run learns nothing.

        Nor does one whose clock may be ahead: young posts would pass for settled ones, and authors be forgotten.
        """
        if self._job.dry_run or may_be_ahead(self._job):
            return
        for _ in range(MATURED_PER_RUN // POSTS_AT_ONCE):
            position = (self._progress.left_created_at, self._progress.left_post_id)
            rows = self._stored.leaving(position, self._job.now - WATCHED, POSTS_AT_ONCE)
            if not rows:
                break
            self.write(partial(self._learn_from, rows))
        if self._day > self._progress.swept_day:
            self._stored.sweep(self._day)
            self.write(partial(self._advance, swept_day=self._day))

    def judge(self, fresh: datetime) -> list[JudgedPost]:
        """Return a judgement of each watched post observed since the last run, and not before *fresh*.

        While no source is ready, posts are only passed by. Call `pass_by` when what follows from it is stored.
        """
        since = self._job.now - WATCHED
        judged: list[JudgedPost] = []
        self._return_levels = return_levels(self.memories, self._posts_per_day)
        if self._return_levels:
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

    def write(self, work: Callable[[], None]) -> None:
        """Run *work* in a transaction; what is remembered here is as before when it is run again."""
        progress, memories = self._progress, self.memories

        def from_before() -> None:
            self._progress, self.memories = progress, deepcopy(memories)
            work()

        self._job.write(from_before)

    def pass_by(self) -> None:
        """Judge the same posts no more, unless they change; call in the `write` of what followed from them."""
        self._stored.forget_changed(self._seen.newest_change)
        if self._seen.newest_post > self._progress.seen_post_id:
            self._advance(seen_post_id=self._seen.newest_post)

    def _judged(self, rows: Sequence[WatchedRow], fresh: datetime) -> list[JudgedPost]:
        """Judge the posts of sources that are ready; remember the forecasts."""
        posts = self._seen_posts([row for row in rows if row.source in self._return_levels])
        baselines = self._stored.baselines(key for post in posts for key in post.keys)
        judged = [
            judge_post(post, self.memories[post.source], baselines, self._return_levels[post.source]) for post in posts
        ]
        if judged and not self._job.dry_run:
            self._job.write(partial(self._stored.note, [_noted(one, self._job.now) for one in judged]))
        self._job.count("posts_forecast", len(judged))
        return [one for one in judged if one.watched.last.at >= fresh.timestamp()]

    def _learn_from(self, rows: Sequence[WatchedRow]) -> None:
        """Learn from posts, and take notice that they are no longer watched."""
        posts = self._seen_posts(rows)
        baselines = self._stored.baselines(key for post in posts for key in post.keys)
        position, last = self._progress.left_created_at, rows[-1]
        since = int(from_text(position).timestamp()) if position else rows[0].created_at
        matured, changed = learn_from(posts, self.memories, baselines, since, last.created_at)
        if matured:
            self._job.count("posts_settled", matured)
        self._stored.put_baselines({key: baselines[key] for key in changed}, self._day)
        self._stored.put_sources(self.memories)
        self._stored.drop([row.id for row in rows])
        self._advance(left_created_at=last.created_text, left_post_id=last.id)

    def _seen_posts(self, rows: Sequence[WatchedRow]) -> list[SeenPost]:
        """Return posts with their observations until now; a post without any is left out."""
        history = self._stored.observations([row.id for row in rows]) if rows else {}
        posts = []
        for row in rows:
            newest = Counters(row.observed_at, row.engagement, row.comments)
            observations = observations_of(row.collected_at, history.get(row.id, ()), newest)
            seen = seen_by(int(self._job.now.timestamp()), row.created_at, observations)
            if seen is not None:
                posts.append(SeenPost(row.id, row.source, row.author, row.community, seen))
        return posts

    def _advance(self, **changes: str | int) -> None:
        self._progress = self._progress._replace(**changes)  # type: ignore[arg-type]
        self._stored.save_progress(self._progress)


def _noted(judged: JudgedPost, now: datetime) -> PostForecast:
    forecast = judged.forecast
    return PostForecast(judged.post_id, forecast.expected, forecast.baseline, judged.enough, to_text(now))
