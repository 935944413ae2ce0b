"""Which channels are told of a trend: those of the profiles it belongs to, as far as each wants to hear of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from trendspark_cli.ranking.lifecycle.trends import AnyTrend
from trendspark_cli.trends.watchlists import is_watched

Channels = Collection[str]


def of_no_profile(texts: Sequence[str]) -> Channels | None:
    """Return None: no profile names its channels, so any will do."""
    return None


@dataclass(frozen=True)
class TrendRoutes:
    """What profiles and settings say of where trends are told.

    `named_for` returns the channels that profiles name for a trend of these texts, None when all are to be told.
    `min_scores` are by channel; those of `only_watchlist` hear of trends about a term of `watchlist` alone, those of
    `pictures_in` get the plot of a topic as well.
    """

    are_muted: bool = False
    named_for: Callable[[Sequence[str]], Channels | None] = of_no_profile
    min_scores: Mapping[str, float] = field(default_factory=dict)
    only_watchlist: Channels = ()
    pictures_in: Channels = ()
    watchlist: Sequence[str] = ()

    def channels_for(self, trend: AnyTrend, texts: Sequence[str], channels: Sequence[str]) -> tuple[str, ...]:
        """Return those of *channels* that are told of a trend; *texts* are its label, its terms and its examples."""
        named = self.named_for(texts)
        return tuple(name for name in channels if (named is None or name in named) and self._wants(name, trend))

    def are_choosy(self, channels: Sequence[str]) -> tuple[str, ...]:
        """Return those of *channels* that may want to hear of a trend only once it has grown."""
        return tuple(name for name in channels if name in self.min_scores or name in self.only_watchlist)

    def _wants(self, channel: str, trend: AnyTrend) -> bool:
        if trend.order < self.min_scores.get(channel, trend.order):
            return False
        return channel not in self.only_watchlist or is_watched(trend, self.watchlist)
