"""What X would have charged for what a test server delivered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

POST_READ_USD = 0.005  # once per post and UTC day
COUNTS_REQUEST_USD = 0.005  # a counts request returns no posts and is charged by itself


@dataclass
class BillingLedger:
    """Posts delivered, and the bill: one post costs once per UTC day however often it is read.

    Only posts in `data` are charged; whether X also charges expanded users and posts is not
    documented, so they are left out.
    """

    delivered_posts: int = 0  # every delivery, repeats included
    counts_requests: int = 0
    posts_by_day: dict[date, set[str]] = field(default_factory=lambda: defaultdict(set))

    def deliver(self, post_ids: Iterable[str], now: float) -> None:
        """Charge the posts of one answer, sent at *now* (Unix seconds)."""
        day = datetime.fromtimestamp(now, UTC).date()
        for post_id in post_ids:
            self.delivered_posts += 1
            self.posts_by_day[day].add(post_id)

    @property
    def billed_posts(self) -> int:
        """Posts charged for, over all days."""
        return sum(len(posts) for posts in self.posts_by_day.values())

    @property
    def cost_usd(self) -> float:
        """The whole bill."""
        cost = self.billed_posts * POST_READ_USD + self.counts_requests * COUNTS_REQUEST_USD
        return round(cost, 6)
