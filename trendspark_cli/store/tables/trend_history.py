"""The curves of trends and their examples, which stay when the posts are gone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from trendspark_cli.base.clock import to_text
from trendspark_cli.store.rows.trend_history import KeptExample, TrendCommunity, TrendCount, TrendSummary
from trendspark_cli.store.tables.connection import Connection


class TrendHistory:
    """Implements store.protocol.trend_history.TrendHistory."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("trend_history")

    def save_counts(self, counts: Sequence[TrendCount]) -> None:
        """Insert or replace ticks of trends; those that are as they were are left alone. Call inside a transaction."""
        if counts:
            self._db.executemany(self._sql["save_count"], counts)

    def counts(self, trend_id: int) -> list[TrendCount]:
        """Return the ticks of a trend with posts, oldest first."""
        return self._db.made(TrendCount._make, self._sql["counts"], (trend_id,))

    def keep_examples(self, trend_id: int, post_ids: Sequence[int]) -> None:
        """Keep what these posts say now, those of them that are live, as the examples of a trend, in this order."""
        for place, post_id in enumerate(post_ids):
            self._db.execute(self._sql["keep_example"], {"trend_id": trend_id, "place": place, "post_id": post_id})
        self.note_quotes(trend_id, post_ids)
        self._db.execute("DELETE FROM trend_examples WHERE trend_id = ? AND place >= ?", (trend_id, len(post_ids)))

    def note_quotes(self, trend_id: int, post_ids: Sequence[int]) -> None:
        """Remember that alerts or briefs of a trend may quote these posts, those of them that are live."""
        for post_id in post_ids:
            self._db.execute(self._sql["note_quote"], {"trend_id": trend_id, "post_id": post_id})

    def examples(self, trend_id: int) -> list[KeptExample]:
        """Return the examples of a trend in their order; what was forgotten is missing."""
        return self._db.made(KeptExample._make, self._sql["examples"], (trend_id,))

    def summaries(self, since: datetime | None, until: datetime | None) -> list[TrendSummary]:
        """Return the trends that lived in a span, by id."""
        return self._db.made(TrendSummary._make, self._sql["summaries"], _span(since, until))

    def counts_of_span(self, since: datetime | None, until: datetime | None) -> list[TrendCount]:
        """Return the whole curves of the trends that lived in a span, by trend and time."""
        return self._db.made(TrendCount._make, self._sql["counts_of_span"], _span(since, until))

    def examples_of(self, trend_ids: Sequence[int]) -> dict[int, list[KeptExample]]:
        """Return the examples of those of these trends that have any, as `examples` does."""
        found: dict[int, list[KeptExample]] = {}
        for row in self._db.rows(self._sql["examples_of"], (json.dumps(list(trend_ids)),)):
            found.setdefault(row.pop("trend_id"), []).append(KeptExample(**row))
        return found

    def communities_of(self, trend_ids: Sequence[int]) -> dict[int, list[TrendCommunity]]:
        """Return in which communities the live posts of trends are, the most posts first."""
        found: dict[int, list[TrendCommunity]] = {}
        asked = (json.dumps(list(trend_ids)),)
        for each in self._db.made(TrendCommunity._make, self._sql["communities_of"], asked):
            found.setdefault(each.trend_id, []).append(each)
        return found


def _span(since: datetime | None, until: datetime | None) -> dict[str, str | None]:
    return {name: None if at is None else to_text(at) for name, at in (("since", since), ("until", until))}
