"""Trends over their life, and what the ranker remembers between runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, cast

from trendspark_cli.base.clock import to_text
from trendspark_cli.ranking.baseline.history import SourceState
from trendspark_cli.store.rows.trends import RankingProgress, TrendNames, TrendVerdict
from trendspark_cli.store.tables.connection import Connection

if TYPE_CHECKING:  # most runs only count trends
    from trendspark_cli.ranking.bursts.segments import Segment, SegmentRow
    from trendspark_cli.ranking.lifecycle.trends import AnyTrend, PostTrend, StoryT, TopicTrend, Trend
    from trendspark_cli.store.rows.trend_columns import Row

LARGEST = 2**63 - 1
SEGMENTS_PER_DELETE = 4  # a megabyte, so a few milliseconds of the write lock


class Trends:
    """The trends table and the posts each trend rests on."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("trends")

    def living(self, closed_since: datetime) -> list[TopicTrend]:
        """Return open trends of topics and those closed after *closed_since*, with their posts."""
        from trendspark_cli.store.rows.trend_columns import topic_trend_of

        rows = self._db.rows(self._sql["living"], (to_text(closed_since),))
        return [topic_trend_of(row, self._post_ids(row["id"])) for row in rows]

    def living_posts(self, opened_since: datetime) -> list[PostTrend]:
        """Return open trends that are single posts, and those that opened since."""
        from trendspark_cli.store.rows.trend_columns import post_trend_of

        rows = self._db.rows(self._sql["living_posts"], (to_text(opened_since),))
        return [post_trend_of(row) for row in rows]

    def open_volumes(self) -> list[AnyTrend]:
        """Return the open trends of volume and of silence, with their posts."""
        return [self._trend(row) for row in self._db.rows(self._sql["open_volumes"])]

    def save(self, trend: Trend[StoryT]) -> Trend[StoryT]:
        """Insert or update a trend, add its posts, and return it with its id; call inside a transaction.

        The posts it had before stay its posts, and the threshold it opened with stays. Its examples are kept as they
        are now.
        """
        from trendspark_cli.store.rows.trend_columns import columns_of
        from trendspark_cli.store.tables.trend_history import TrendHistory

        columns, trend_id = columns_of(trend), trend.id
        if trend_id is None:
            trend_id = self._db.insert(self._sql["insert"], columns)
        else:
            self._db.execute(self._sql["update"], {**columns, "id": trend_id})
        self._db.executemany(self._sql["add_post"], [(trend_id, post_id) for post_id in trend.story.post_ids])
        total = int(self._db.value(self._sql["keep_total"], {"id": trend_id}))
        TrendHistory(self._db).keep_examples(trend_id, trend.story.example_ids)
        return replace(trend, id=trend_id, posts_total=total)

    def posts_since(self, trend_id: int, since: datetime) -> int:
        """Return how many of a trend's live posts were made after a time."""
        return int(self._db.value(self._sql["posts_since"], (trend_id, to_text(since))))

    def of_post(self, post_id: int) -> list[int]:
        """Return the ids of the trends that rest on a post, that of the post itself first, then the newest."""
        return [row["id"] for row in self._db.rows(self._sql["of_post"], (post_id,))]

    def alert_of(self, trend_id: int) -> tuple[str | None, float]:
        """Return the key of the alert that tells of a trend, and how much was observed when the last one was queued."""
        rows = self._db.rows("SELECT alert_key, alerted_observed FROM trends WHERE id = ?", (trend_id,))
        return (rows[0]["alert_key"], rows[0]["alerted_observed"] or 0.0) if rows else (None, 0.0)

    def set_alert(self, trend_id: int, alert_key: str, observed: float) -> None:
        """Remember which alert tells of a trend, and what it told."""
        sql = "UPDATE trends SET alert_key = ?, alerted_observed = ? WHERE id = ?"
        self._db.execute(sql, (alert_key, observed, trend_id))

    def listing(
        self,
        limit: int,
        state: str | None = None,
        *,
        kind: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        fits: Callable[[TrendNames], bool] | None = None,
    ) -> list[AnyTrend]:
        """Return trends: open ones first, the strongest first; of a span, those that lived in it."""
        wanted = {
            "state": state,
            "kind": kind,
            "since": None if since is None else to_text(since),
            "until": None if until is None else to_text(until),
            "limit": limit if fits is None else LARGEST,
        }
        rows = self._db.rows(self._sql["listing"], wanted)
        found = rows if fits is None else islice((row for row in rows if fits(_names(row))), limit)
        return [self._trend(row) for row in found]

    def get(self, trend_id: int) -> AnyTrend | None:
        """Return one trend, or None."""
        rows = self._db.rows(self._sql["get"], (trend_id,))
        return self._trend(rows[0]) if rows else None

    def _trend(self, row: Row) -> AnyTrend:
        from trendspark_cli.store.rows.trend_columns import trend_of

        return trend_of(row, self._post_ids(row["id"]))

    def _post_ids(self, trend_id: int) -> tuple[int, ...]:
        """Return the live posts a trend rests on, oldest first."""
        rows = self._db.rows("SELECT post_id FROM trend_posts WHERE trend_id = ? ORDER BY post_id", (trend_id,))
        return tuple(row["post_id"] for row in rows)

    def verdicts_of(self, trend_ids: Sequence[int]) -> dict[int, TrendVerdict]:
        """Return what a person said of those of these trends of which somebody said something."""
        rows = self._db.rows(self._sql["marks_of"], (json.dumps(list(trend_ids)),))
        return {row["trend_id"]: _verdict(row) for row in rows}

    def keep_verdict(self, verdict: TrendVerdict) -> None:
        """Keep what a person said of a trend; it replaces what was said before. Call inside a transaction."""
        lists = {name: json.dumps(getattr(verdict, name), ensure_ascii=False) for name in ("terms", "communities")}
        self._db.execute(self._sql["mark"], {**verdict._asdict(), **lists})

    def verdicts(self, since: datetime | None = None) -> list[TrendVerdict]:
        """Return what was said since then, or ever, oldest first."""
        rows = self._db.rows(self._sql["marks"], ("" if since is None else to_text(since),))
        return [_verdict(row) for row in rows]

    def clear_verdicts(self, trend_id: int | None = None) -> int:
        """Forget what was said of a trend, or of all; return how many there were. Call inside a transaction."""
        return self._db.execute(self._sql["clear_marks"], {"trend_id": trend_id}).rowcount

    def set_interest(self, trend_id: int, points: float) -> None:
        """Remember how far a trend moves by what its operator cares about; call inside a transaction."""
        self._db.execute(self._sql["set_interest"], (points, trend_id))

    def count_open(self) -> int:
        """Return how many trends are open."""
        return int(self._db.value("SELECT count(*) FROM trends WHERE state = 'open'"))

    def open_by_source(self) -> dict[str, int]:
        """Return how many open trends have posts of each source, by its name."""
        return {row["source"]: row["trends"] for row in self._db.rows(self._sql["open_by_source"])}


class RankingMemory:
    """Source states, recent posts as numbers, how far the ranker has come."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("trends")

    def sources(self) -> dict[str, SourceState]:
        """Return what is known of each source's volume."""
        rows = self._db.rows("SELECT source, state FROM ranking_sources")
        return {row["source"]: _source_state(json.loads(row["state"])) for row in rows}

    def put_sources(self, states: Mapping[str, SourceState]) -> None:
        """Store the state of each source; call inside a transaction."""
        rows = [(source, json.dumps(state._asdict())) for source, state in states.items()]
        self._db.executemany(self._sql["put_source"], rows)

    def add_segment(self, segment: Segment) -> None:
        """Keep posts as numbers; call in the transaction that takes notice of them."""
        self._db.execute(self._sql["add_segment"], (int(segment.created.max()), *segment.to_row()))

    def segments(self, since: int) -> Iterator[Segment]:
        """Yield the segments with posts created at *since* (epoch seconds) or later, in the order they were added."""
        from trendspark_cli.ranking.bursts.segments import Segment

        for [segment_id] in self._db.made(tuple, self._sql["segments"], (since,)):
            yield Segment.from_row(self._segment(segment_id))

    def segments_between(self, since: int, until: int) -> Iterator[Segment]:
        """Yield the segments with posts created at *since* or later and with posts created at *until* or before."""
        from trendspark_cli.ranking.bursts.segments import Segment, oldest_of

        for segment_id, created in self._db.made(tuple, self._sql["segment_times"], (since,)):
            if oldest_of(created) <= until:
                yield Segment.from_row(self._segment(segment_id))

    def _segment(self, segment_id: int) -> SegmentRow:
        [row] = self._db.made(lambda row: cast("SegmentRow", row), self._sql["segment"], (segment_id,))
        return row

    def drop_segments(self, before: int) -> int:
        """Forget some segments older than this moment, and return how many; call inside a transaction."""
        return self._db.execute(self._sql["drop_segments"], (before, SEGMENTS_PER_DELETE)).rowcount

    def forget_window(self) -> None:
        """Forget the volume of all sources and all recent posts; call inside a transaction."""
        self._db.execute("DELETE FROM ranking_sources")
        self._db.execute("DELETE FROM ranking_segments")

    def progress(self) -> RankingProgress:
        """Return how far the ranker has come."""
        return RankingProgress(**self._db.rows(self._sql["progress"])[0])

    def save_progress(self, progress: RankingProgress) -> None:
        """Store how far the ranker has come; call in the transaction of the work it counts."""
        self._db.execute(self._sql["save_progress"], progress._asdict())


def _source_state(values: Row) -> SourceState:
    return SourceState(**{**values, "hours": tuple(values["hours"])})


def _names(row: Row) -> TrendNames:
    return TrendNames(row["label"], tuple(json.loads(row["terms"])), tuple(json.loads(row["sources"])))


def _verdict(row: Row) -> TrendVerdict:
    texts = {"terms": tuple(json.loads(row["terms"])), "communities": json.loads(row["communities"])}
    return TrendVerdict(**{**row, **texts})
