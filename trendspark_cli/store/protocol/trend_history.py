"""What is kept of trends so that their story can be told when their posts are gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from trendspark_cli.store.rows.trend_history import KeptExample, TrendCommunity, TrendCount, TrendSummary


class TrendHistory(Protocol):
    """The curves of trends and their examples. They go with their trend, and never to the archive."""

    def save_counts(self, counts: Sequence[TrendCount]) -> None:
        """Insert or replace ticks of trends; those that are as they were are left alone. Call inside a transaction."""

    def counts(self, trend_id: int) -> list[TrendCount]:
        """Return the ticks of a trend with posts, oldest first."""

    def examples(self, trend_id: int) -> list[KeptExample]:
        """Return the examples of a trend in their order; what was forgotten is missing."""

    def summaries(self, since: datetime | None, until: datetime | None) -> list[TrendSummary]:
        """Return the trends that lived in a span, by id."""

    def counts_of_span(self, since: datetime | None, until: datetime | None) -> list[TrendCount]:
        """Return the whole curves of the trends that lived in a span, by trend and time."""

    def examples_of(self, trend_ids: Sequence[int]) -> dict[int, list[KeptExample]]:
        """Return the examples of those of these trends that have any, as `examples` does."""

    def communities_of(self, trend_ids: Sequence[int]) -> dict[int, list[TrendCommunity]]:
        """Return in which communities the live posts of trends are, the most posts first."""
