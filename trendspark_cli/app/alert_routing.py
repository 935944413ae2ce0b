"""Where trends are told, as profiles and settings say it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.models import Profile
from trendspark_cli.base.profiles import DEFAULT, channels_gone, read_profiles
from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.channels import channels_of, configured_channels
from trendspark_cli.trends.trend_routes import TrendRoutes, of_no_profile

log = logging.getLogger(__name__)


def trend_routes(settings: Settings, stored: Sequence[Profile]) -> TrendRoutes:
    """Return where trends are told; *stored* are the profiles of the database."""
    profiles = read_profiles(settings, stored)
    named = any(profile.channels for profile in profiles)
    return TrendRoutes(
        are_muted=settings.alerts_are_muted,
        named_for=_ProfileChannels(profiles, configured_channels(settings)) if named else of_no_profile,
        min_scores=settings.alert_min_scores,
        only_watchlist=settings.alert_only_watchlist,
        pictures_in=_with_pictures(settings),
        watchlist=tuple({term: None for profile in profiles for term in profile.watchlist}),
    )


def _with_pictures(settings: Settings) -> tuple[str, ...]:
    """Return the channels that take pictures, when there are to be any."""
    kinds = channels_of(settings) if settings.alert_pictures else {}
    return tuple(name for name, kind in kinds.items() if kind.form.takes_pictures)


class _ProfileChannels:
    """The channels of the profiles that a text belongs to: all, for one that names none which is still there.

    What belongs to no profile is the default one's.
    """

    def __init__(self, profiles: Sequence[Profile], configured: Sequence[str]) -> None:
        from trendspark_cli.collecting.matching import Matcher

        for profile in profiles:
            for channel in channels_gone(profile, configured):
                log.warning("profile %s names channel %s, which is not configured", profile.name, channel)
        self._channels = [frozenset(profile.channels) & frozenset(configured) for profile in profiles]
        self._default = {number for number, profile in enumerate(profiles) if profile.name == DEFAULT}
        self._matcher: Matcher | None = None
        try:
            self._matcher = Matcher(profiles)
        except ConfigError as error:
            log.warning("every channel is told of every trend: %s", error)

    def __call__(self, texts: Sequence[str]) -> frozenset[str] | None:
        """Return the channels for a trend of these texts; None for all."""
        if self._matcher is None:
            return None
        wanted: set[int] = set().union(*(self._matcher.wanting(text) for text in texts)) or self._default
        channels = [self._channels[number] for number in wanted]
        return frozenset().union(*channels) if channels and all(channels) else None
