"""Which trends somebody means: by an id, by words, by a source."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trendspark_cli.base.errors import UsageError
from trendspark_cli.ranking.lifecycle.trends import AnyTrend
from trendspark_cli.screens.trend_history import is_about
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.trends import TrendNames

MOST_NAMED = 50
LARGEST_ID = 2**63 - 1  # what the database can hold


def fits_of(term: str, source: str | None) -> Callable[[TrendNames], bool] | None:
    """Return what tells whether a trend is about a term and has posts of a source; None when every trend will do."""
    if not term and source is None:
        return None
    about = is_about(term) if term else lambda trend: True
    return lambda trend: (source is None or source in trend.sources) and about(trend)


def meant(store: Store, asked: str) -> Sequence[AnyTrend]:
    """Return the trend with this id, or those about a word; raise UsageError when there is none."""
    if asked.isascii() and asked.isdigit():
        found = store.trends.get(int(asked)) if int(asked) <= LARGEST_ID else None
        if found is not None:
            return [found]
        raise UsageError(f"trend {asked} does not exist", hint="see `trendspark trends list`")
    if not (named := store.trends.listing(MOST_NAMED, fits=is_about(asked)) if asked.strip() else []):
        raise UsageError(f"{asked!r}: no trend has this id or is about it", hint="see `trendspark trends list`")
    return named
