"""When trends open, close and count as the same again."""

from datetime import timedelta
from typing import NamedTuple

from trendspark_cli.ranking.bursts.daily_peaks import OPENS_AT

TYPE_CHECKING = False
if TYPE_CHECKING:  # numpy: most commands ask when trends open, and nothing of what they are like
    from trendspark_cli.ranking.interest.marks import DatedMark


class LifecycleRules(NamedTuple):
    """When trends open, close and count as the same again, and what orders those that are open.

    `silenced`: trends somebody called noise. `interest`: what matters, by profile; `marks`: what people said of earlier
    trends. These two never open or close one.
    """

    threshold: float
    cooldown: timedelta = timedelta(hours=24)
    close_after: timedelta = timedelta(hours=6)
    silenced: frozenset[int] = frozenset()
    false_alarms_per_day: float = 0.5  # how rare a single post's forecast must be
    kinds: tuple[str, ...] = ("topic", "post", "volume", "silence")  # of trends that open
    opens_at: float = OPENS_AT  # score of a volume, or of a silence, that opens a trend
    interest: "tuple[tuple[str, ...], ...]" = ()
    marks: "tuple[DatedMark, ...]" = ()

    def is_silenced(self, trend_id: int | None) -> bool:
        """Tell whether somebody called this trend noise: it goes on and nobody is told how it grows."""
        return trend_id in self.silenced
