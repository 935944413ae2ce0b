"""Profiles whose posts come hour by hour, and a store that says what was read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tests.builders import post
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Profile
from trendspark_cli.base.profiles import DEFAULT
from trendspark_cli.collecting.matching import Matcher
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import AnyTrend
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.sqlite.store import SqliteStore
from trendspark_cli.trends.trend_routes import TrendRoutes
from trendspark_cli.trends.volume_watching import rank_volumes
from trendspark_cli.trends.watched_volumes import LookedFor

BEGINS = datetime(2026, 10, 20, tzinfo=UTC)
RECENCY = timedelta(minutes=30)
RULES = LifecycleRules(6.2, kinds=("volume", "silence"))
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
HARBOUR = Profile("harbour", ("ferry", "quay"))
RHYTHM = (2, 0, 0, 0, 1, 2, 4, 6, 8, 9, 8, 7, 8, 9, 8, 7, 8, 9, 10, 8, 6, 5, 4, 3)  # posts by hour of day


class Scene:
    """One store over days, told hour by hour what was posted and what was read."""

    def __init__(self, store: SqliteStore, profiles: Sequence[Profile] = (HARBOUR,)) -> None:
        self.store, self.profiles, self.now = store, profiles, BEGINS
        self.query = "feed"
        self.hours_earlier = 0  # by our clock, since people changed theirs
        self.rules = RULES
        self.open: list[AnyTrend] = []
        self._posts = 0

    def days(self, days: float) -> None:
        """Let usual days pass."""
        for _ in range(round(days * 24)):
            hour, day = (self.now.hour + self.hours_earlier) % 24, self.now.toordinal()
            self.hour(RHYTHM[hour] + (hour + 3 * day) % 3 if RHYTHM[hour] else 0)

    def hour(self, posts: int, text: str = "the ferry is late", *, is_read: bool = True) -> list[AnyTrend]:
        """Let an hour pass with so many posts; read and rank when it ends."""
        self.publish(posts, text)
        self.now += HOUR
        return self.look(is_read=is_read)

    def publish(
        self,
        posts: int,
        text: str = "the ferry is late",
        *,
        source: str = "bluesky",
        community: str = "",
        author: str = "",
    ) -> None:
        """Store posts, evenly over the next hour."""
        made = []
        for number in range(posts):
            self._posts += 1
            at = to_text(self.now + HOUR * (number + 0.5) / posts)
            name = str(self._posts)
            made.append(
                post(
                    name,
                    source=source,
                    text=f"{text} {name}",
                    author=author or name,
                    created_at=at,
                    community=community or None,
                )
            )
        with self.store.transaction():
            self.store.posts.save(made, self.now)

    def look(self, *, is_read: bool = True, is_dry: bool = False) -> list[AnyTrend]:
        """Say that all was read by now, perhaps, and rank."""
        with self.store.transaction():
            if is_read:
                self.store.volumes.note_read(DEFAULT, "bluesky", self.query, self.now + timedelta(minutes=1))
        job = JobContext(self.store, self.now + timedelta(minutes=1), dry_run=is_dry)
        self.open = rank_volumes(job, LookedFor(self.profiles, Matcher), self.rules, RECENCY, routes=TrendRoutes())
        return self.open

    def labels(self) -> list[str]:
        """Return what is open, by name."""
        return sorted(f"{trend.story.kind} {trend.label}" for trend in self.open)
