"""What forecasts of single posts rest on: sums of each source, baselines of authors and communities, observations."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from trendspark_cli.base.clock import to_text
from trendspark_cli.store.rows.forecasts import ForecastProgress, NewestSeen, PostForecast, WatchedRow
from trendspark_cli.store.tables.connection import POSTS, Connection, Parameters

if TYPE_CHECKING:  # numpy: only a ranking run needs it
    from trendspark_cli.ranking.posts.forecast import EngagementBaseline
    from trendspark_cli.ranking.posts.post_learning import Counters
    from trendspark_cli.ranking.posts.source_memory import SourceMemory

MOST_OBSERVATIONS = 200  # of one post; one each quarter of an hour for two days
MOST_BASELINES = 300_000  # authors and communities remembered
ROWS_PER_TRANSACTION = 1000


class Forecasts:
    """The forecast tables, asked in terms of posts, authors and observations."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("forecasts")

    def progress(self) -> ForecastProgress:
        """Return how far forecasting has come."""
        return self._db.records(ForecastProgress, self._sql["progress"])[0]

    def save_progress(self, progress: ForecastProgress) -> None:
        """Store how far it has come; call in the transaction of the work it counts."""
        self._db.execute(self._sql["save_progress"], progress._asdict())

    def sources(self) -> dict[str, SourceMemory]:
        """Return what is remembered of each source."""
        from trendspark_cli.ranking.posts.exceedances import Exceedances
        from trendspark_cli.ranking.posts.forecast import Forecaster
        from trendspark_cli.ranking.posts.source_memory import SourceMemory

        return {
            row["source"]: SourceMemory(
                Forecaster(row["settled"], row["total"], row["sums"]), Exceedances(row["days"], row["peaks"])
            )
            for row in self._db.rows("SELECT source, settled, total, sums, days, peaks FROM forecast_sources")
        }

    def put_sources(self, memories: Mapping[str, SourceMemory]) -> None:
        """Store what is remembered of these sources; call inside a transaction."""
        for name, memory in memories.items():
            learned, exceedances = memory.forecaster, memory.exceedances
            row = (name, learned.matured, learned.total, learned.to_bytes(), exceedances.days, exceedances.to_bytes())
            self._db.execute(self._sql["put_source"], row)

    def baselines(self, keys: Iterable[int]) -> dict[int, EngagementBaseline]:
        """Return what the posts of these authors and communities usually end with, where it is known."""
        from trendspark_cli.ranking.posts.forecast import EngagementBaseline

        with self._db.errors():
            found = self._db.execute(self._sql["usual"], (json.dumps(list(keys)),))
            return {key: EngagementBaseline(posts, total) for key, posts, total in found}

    def put_baselines(self, baselines: Mapping[int, EngagementBaseline], day: int) -> None:
        """Store these baselines, seen on *day* (since 1970); call inside a transaction."""
        self._db.executemany(self._sql["put_usual"], [(key, *one, day) for key, one in baselines.items()])

    def sweep(self, day: int) -> int:
        """Forget those not heard of for 90 days, with one post for 30, in transactions of 1,000; return how many."""
        parameters = {"long_ago": day - 90, "ago": day - 30, "most": MOST_BASELINES}
        with self._db.errors():
            keys = self._db.execute(self._sql["faint_usual"], parameters).fetchall()
        for start in range(0, len(keys), ROWS_PER_TRANSACTION):
            part = keys[start : start + ROWS_PER_TRANSACTION]
            self._db.write(partial(self._db.executemany, "DELETE FROM forecast_usual WHERE key = ?", part))
        return len(keys)

    def newest(self) -> NewestSeen:
        """Return up to where posts and changes of counters go; call outside a transaction."""
        with self._db.alone(POSTS), self._db.errors():
            return NewestSeen(*self._db.execute(self._sql["newest"]).fetchone())

    def arrived(self, ids: tuple[int, int], since: datetime, fresh: datetime, limit: int) -> list[WatchedRow]:
        """Return posts with counters created at *since* or later that were collected since *fresh*, by id.

        *ids*: after which one, and up to which one.
        """
        bounds = {"after": ids[0], "newest": ids[1], "since": to_text(since), "fresh": to_text(fresh)}
        return self._watched("arrived", {**bounds, "limit": limit})

    def changed(self, until: int) -> list[int]:
        """Return the ids of posts whose counters changed, up to this change."""
        sql = "SELECT DISTINCT post_id FROM forecast_news WHERE id <= ? ORDER BY post_id"
        with self._db.errors():
            return [post_id for (post_id,) in self._db.execute(sql, (until,))]

    def forget_changed(self, until: int) -> None:
        """Take notice of changes up to this one; call inside a transaction."""
        self._db.execute("DELETE FROM forecast_news WHERE id <= ?", (until,))

    def watched(self, post_ids: Sequence[int], since: datetime, fresh: datetime) -> list[WatchedRow]:
        """Return those of these posts created at *since* or later whose counters were read since *fresh*."""
        parameters = {"ids": json.dumps(list(post_ids)), "since": to_text(since), "fresh": to_text(fresh)}
        return self._watched("watched", parameters)

    def leaving(self, position: tuple[str, int], until: datetime, limit: int) -> list[WatchedRow]:
        """Return the next posts with counters after *position* created before *until*, oldest first."""
        parameters = {"created_at": position[0], "id": position[1], "until": to_text(until), "limit": limit}
        return self._watched("leaving", parameters)

    def observations(self, post_ids: Sequence[int]) -> dict[int, list[Counters]]:
        """Return what the counters of these posts said over time: the first 200 observations of each, and the last."""
        from trendspark_cli.ranking.posts.post_learning import Counters

        found: dict[int, list[Counters]] = defaultdict(list)
        parameters = {"ids": json.dumps(list(post_ids)), "most": MOST_OBSERVATIONS - 1}
        with self._db.errors():
            for post_id, *observation in self._db.execute(self._sql["looks"], parameters):
                found[post_id].append(Counters(*observation))
        return found

    def note(self, forecasts: Sequence[PostForecast]) -> None:
        """Remember the last forecast of each post; call inside a transaction."""
        self._db.executemany(self._sql["note"], forecasts)

    def drop(self, post_ids: Sequence[int]) -> None:
        """Forget the forecasts of posts that are no longer watched; call inside a transaction."""
        self._db.execute(self._sql["drop"], (json.dumps(list(post_ids)),))

    def of_post(self, post_id: int) -> PostForecast | None:
        """Return the last forecast of a post that is still watched, or None."""
        sql = "SELECT post_id, forecast, usual, enough, looked_at FROM post_forecasts WHERE post_id = ?"
        return next(iter(self._db.records(PostForecast, sql, (post_id,))), None)

    def _watched(self, name: str, parameters: Parameters) -> list[WatchedRow]:
        return self._db.made(WatchedRow._make, self._sql[name], parameters)
