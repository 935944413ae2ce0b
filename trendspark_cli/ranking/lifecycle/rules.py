"""When trends open, close and count as the same again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from trendspark_cli.ranking.lifecycle.feedback import Verdict, opening_threshold


class LifecycleRules(NamedTuple):
    """When trends open, close and count as the same again. `verdicts`: what people said of earlier trends."""

    threshold: float
    cooldown: timedelta = timedelta(hours=24)
    close_after: timedelta = timedelta(hours=6)
    verdicts: tuple[Verdict, ...] = ()
    false_alarms_per_day: float = 0.5  # how rare a single post's forecast must be
    kinds: tuple[str, ...] = ("topic", "post", "volume", "silence")  # of trends that open

    def is_silenced(self, trend_id: int | None) -> bool:
        """Tell whether somebody called this trend noise: it goes on and nobody is told how it grows."""
        return any(verdict.is_noise and verdict.trend_id == trend_id for verdict in self.verdicts)

    def opening_threshold(self, terms: Sequence[str], now: int) -> float:
        """Return the score a topic of these terms, strongest first, needs to open a trend at `now` (epoch seconds)."""
        return opening_threshold(self.threshold, self.verdicts, terms, now)
