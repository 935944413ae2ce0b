"""Where archives go and come from, and the folder of files on their way."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from trendspark_cli.app.adapters.opening import Record, opening_of
from trendspark_cli.base import setting_values
from trendspark_cli.base.errors import ConfigError, UsageError
from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.loading import load
from trendspark_cli.kinds.services import DESTINATIONS
from trendspark_cli.store.open_store import database_of

if TYPE_CHECKING:
    from trendspark_cli.archiving.destination import Destination
    from trendspark_cli.archiving.spool import Spool


def archive_spool(settings: Settings) -> Spool:
    """Return the folder of archive files that are on their way from this host: beside the database, if it is a file."""
    from trendspark_cli.archiving.spool import Spool

    return Spool(database_of(settings).folder / "spool")


def archive_destinations(settings: Settings, record: Record) -> Callable[[str], Destination]:
    """Return what gives the place of an archive's address, each made once."""

    @cache
    def destination(url: str) -> Destination:
        kind = DESTINATIONS[url.partition("://")[0]]
        made: Destination = load(kind.make)(opening_of(settings, record), url)
        return made

    return destination


def archive_url(settings: Settings, to: str = "", option: str = "--to") -> str:
    """Return where archives go: *to* when it is given, else ARCHIVE_URL; raise ConfigError when there is neither."""
    if to:
        try:
            return setting_values.ARCHIVE_URL.read(to)
        except ValueError:
            raise UsageError(f"{option} {to!r}: expected {setting_values.ARCHIVE_URL.expected}") from None
    if not settings.archive_url:
        raise ConfigError(
            "ARCHIVE_URL is not set: there is no archive",
            hint="set it to a bucket (s3://BUCKET) or a folder (file:///FOLDER)",
        )
    return settings.archive_url
