"""What is remembered of one source's posts between runs: what mature ones taught, and what is rare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trendspark_cli.ranking.posts.exceedances import Exceedances
from trendspark_cli.ranking.posts.forecast import Forecaster

BELIEVED_AFTER = 100  # mature posts; the forecasts of fewer do not show what is rare


@dataclass(slots=True)
class SourceMemory:
    """One source's regressions, and the exceedances of its forecasts."""

    forecaster: Forecaster = field(default_factory=Forecaster)
    exceedances: Exceedances = field(default_factory=Exceedances)

    @property
    def counts_exceedances(self) -> bool:
        """Tell whether forecasts are good enough to be counted."""
        return self.forecaster.matured >= BELIEVED_AFTER

    def return_level(self, posts_per_day: float) -> float | None:
        """Return the exceedance that is rare enough for a trend; None while the source is warming up."""
        return self.exceedances.return_level(posts_per_day) if self.forecaster.is_ready else None


def return_levels(memories: Mapping[str, SourceMemory], posts_per_day: float) -> dict[str, float | None]:
    """Return the return level of each source that can forecast; together they let so many ordinary posts a day pass."""
    ready = {name: memory for name, memory in memories.items() if memory.forecaster.is_ready}
    return {name: memory.return_level(posts_per_day / len(memories)) for name, memory in ready.items()}
