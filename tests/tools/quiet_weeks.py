"""What a week in which nothing happens costs, at X's own prices: counted first, and read as it comes."""

from __future__ import annotations

import math
import random
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.ingest.operator import NOW, TOKEN, Operator
from tests.servers import XServer, x_post
from tests.tools.money_trials import TOPICS
from trendspark_cli.base.models import Profile

WEEK = timedelta(days=7)  # what counts look back on
PRICE = 0.005  # USD of a post, and of a request for counts


@dataclass(frozen=True)
class QuietTime:
    """What it cost. `usd` is X's bill without the first run, `ours` our books' of the same."""

    runs: int
    posts: int
    counts: int  # requests
    bought: int  # posts
    usd: float
    ours: float
    codes: list[int]  # other than 0

    @property
    def of_reading(self) -> float:
        """The price as a part of what buying each post once costs; nobody reads them for less."""
        return self.usd / (self.posts * PRICE)


def quiet_time(
    folder: Path, *, per_hour: float, every: timedelta, days: float, counts_first: bool, seed: int
) -> QuietTime:
    """Run `ingest` of three profiles so often for so long, each with *per_hour* posts by day and fewer by night."""
    with XServer(bearer_token=TOKEN, quotas={"search_recent": 10**6, "counts_recent": 10**6}) as server:
        settings = {
            "X_BEARER_TOKEN": TOKEN,
            "X_API_BASE_URL": server.url,
            "X_COUNTS_FIRST": str(counts_first).lower(),
            "X_FIRST_RUN_LOOKBACK": "1h",
            "X_MAX_READS_PER_DAY": "100000",
            "X_MAX_READS_PER_MONTH": "1000000",
        }
        operator = Operator(folder / "home", settings)
        server.clock = lambda: operator.now.timestamp()
        server.add(_chatter(NOW - WEEK, NOW + timedelta(days=days), per_hour, random.Random(seed)))
        with closing(operator.store()) as store, store.transaction():
            for name, word in TOPICS.items():
                store.profiles.save(Profile(name, (word,), created_at="t", updated_at="t"))
        codes = [operator.ingest().exit_code]
        bill, ours = server.billing.cost_usd, _ours(operator)
        posts_before, counts_before = server.billing.billed_posts, server.billing.counts_requests
        runs = round(timedelta(days=days) / every)
        for _ in range(runs):
            operator.now += every
            codes.append(operator.ingest().exit_code)
        since = [post for post in server._posts.values() if post["created_at"] >= f"{NOW:%Y-%m-%dT%H:%M:%S}"]
        return QuietTime(
            runs=runs,
            posts=len(since),
            counts=server.billing.counts_requests - counts_before,
            bought=server.billing.billed_posts - posts_before,
            usd=round(server.billing.cost_usd - bill, 4),
            ours=round(_ours(operator) - ours, 4),
            codes=[code for code in codes if code],
        )


def _ours(operator: Operator) -> float:
    return float(operator.rows("SELECT coalesce(sum(usd), 0) AS usd FROM spend WHERE service = 'x'")[0]["usd"])


def _chatter(start: datetime, end: datetime, per_hour: float, dice: random.Random) -> list[dict[str, Any]]:
    """Posts that come by chance, one and a half times as many at noon, half as many at midnight."""
    made: list[dict[str, Any]] = []
    for number, word in enumerate(TOPICS.values()):
        at = start
        while at < end:
            noon = 1 - 0.5 * math.cos(2 * math.pi * at.hour / 24)
            at += timedelta(hours=dice.expovariate(per_hour * noon))
            made.append(x_post(at, f"{word} {len(made)}", author_id=str(len(made) + 1), sequence=number))
    return made
