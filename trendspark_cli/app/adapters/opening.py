"""What every service is opened with, taken from the settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from trendspark_cli.base.clock import utc_now
from trendspark_cli.base.models import Profile
from trendspark_cli.base.settings import Settings

if TYPE_CHECKING:
    from trendspark_cli.base.api_calls import ApiCall
    from trendspark_cli.base.opening import Opening

Record = Callable[["ApiCall"], None]


def opening_of(
    settings: Settings,
    record: Record,
    *,
    now: datetime | None = None,
    profile: Profile | None = None,
    profiles: Sequence[Profile] = (),
    answer_seconds: float = 0.0,
) -> Opening:
    """Return what a service is opened with; *answer_seconds* overrides HTTP_TIMEOUT."""
    from trendspark_cli.base.opening import NOBODYS, Opening

    return Opening(
        value_of=lambda name: getattr(settings, name),
        record=record,
        answer_seconds=answer_seconds or settings.http_timeout.total_seconds(),
        now=now or utc_now(),
        profile=profile or NOBODYS,
        profiles=profiles,
    )
