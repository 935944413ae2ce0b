"""Where reports go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trendspark_cli.app.adapters.opening import Record, opening_of
from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.loading import load
from trendspark_cli.kinds.services import DESTINATIONS

if TYPE_CHECKING:
    from trendspark_cli.reports.made_file import Place


def report_place(settings: Settings, record: Record, url: str) -> Place:
    """Return the place of an address; nothing is asked of it yet."""
    kind = DESTINATIONS[url.partition("://")[0]]
    made: Place = load(kind.make_place)(opening_of(settings, record), url)
    return made
