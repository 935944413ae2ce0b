"""The language model that the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trendspark_cli.app.adapters.opening import Record, opening_of
from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.loading import load
from trendspark_cli.kinds.services import WRITERS

if TYPE_CHECKING:
    from trendspark_cli.briefs.writer import Writer


def writer_of(settings: Settings, record: Record) -> Writer | None:
    """Return the first writer that is configured, or None."""
    for kind in WRITERS.values():
        if kind.is_configured(settings):
            made: Writer = load(kind.make)(opening_of(settings, record))
            return made
    return None
