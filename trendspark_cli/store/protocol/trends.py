"""Trends, and what models and people said of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from trendspark_cli.ranking.lifecycle.trends import AnyTrend, PostTrend, StoryT, TopicTrend, Trend
from trendspark_cli.store.rows.trends import (
    Calibration,
    KeptVectors,
    KnownTopic,
    LearningProgress,
    ModelAnswer,
    TrendBrief,
    TrendNames,
    TrendVerdict,
)


class Trends(Protocol):
    """Trends over their life."""

    def living(self, closed_since: datetime) -> list[TopicTrend]:
        """Return open trends of topics and those closed after *closed_since*, with their posts."""

    def living_posts(self, opened_since: datetime) -> list[PostTrend]:
        """Return open trends that are single posts, and those that opened since."""

    def open_volumes(self) -> list[AnyTrend]:
        """Return the open trends of volume and of silence, with their posts."""

    def save(self, trend: Trend[StoryT]) -> Trend[StoryT]:
        """Insert or update a trend and return it with its id.

        The posts it had before stay its posts, and the threshold it opened with stays. Its examples are kept as they
        are now.
        """

    def posts_since(self, trend_id: int, since: datetime) -> int:
        """Return how many of a trend's live posts were made after a time."""

    def of_post(self, post_id: int) -> list[int]:
        """Return the ids of the trends that rest on a post, that of the post itself first."""

    def alert_of(self, trend_id: int) -> tuple[str | None, float]:
        """Return the key of the alert that tells of a trend, and how much was observed when the last one was queued."""

    def set_alert(self, trend_id: int, alert_key: str, observed: float) -> None:
        """Remember which alert tells of a trend, and what it told."""

    def listing(
        self,
        limit: int,
        state: str | None = None,
        *,
        kind: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        fits: Callable[[TrendNames], bool] | None = None,
    ) -> list[AnyTrend]:
        """Return trends: open ones first, the strongest first; of a span, those that lived in it."""

    def get(self, trend_id: int) -> AnyTrend | None:
        """Return one trend, or None."""

    def count_open(self) -> int:
        """Return how many trends are open."""

    def open_by_source(self) -> dict[str, int]:
        """Return how many open trends have posts of each source, by its name."""

    def verdicts_of(self, trend_ids: Sequence[int]) -> dict[int, TrendVerdict]:
        """Return what a person said of those of these trends of which somebody said something."""

    def keep_verdict(self, verdict: TrendVerdict) -> None:
        """Keep what a person said of a trend; it replaces what was said before."""

    def verdicts(self, since: datetime | None = None) -> list[TrendVerdict]:
        """Return what was said since then, or ever, oldest first."""

    def clear_verdicts(self, trend_id: int | None = None) -> int:
        """Forget what was said of a trend, or of all; return how many there were."""

    def set_interest(self, trend_id: int, points: float) -> None:
        """Remember how far a trend moves by what its operator cares about."""


class InterestMemory(Protocol):
    """What was learned of communities and words: bytes that mean the same in every database."""

    def progress(self) -> LearningProgress | None:
        """Return when was learned last, and of how many posts; None when never."""

    def last(self) -> KeptVectors | None:
        """Return what was learned last; None when nothing was yet."""

    def topics(self, since: datetime, limit: int) -> list[KnownTopic]:
        """Return the trends of topics opened since, the newest first, with the communities of their live posts."""

    def communities_of(self, post_ids: Sequence[int]) -> dict[str, int]:
        """Return how many of these live posts are of which source and community; those without one are left out."""

    def save(self, kept: KeptVectors) -> None:
        """Keep this in place of what was learned before."""


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
