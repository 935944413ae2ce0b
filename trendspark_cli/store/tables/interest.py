"""What was learned of communities and words, as bytes, and what the topics of the last weeks are about."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from trendspark_cli.base.clock import from_epoch, from_text, to_text
from trendspark_cli.store.rows.trend_history import TrendCommunity
from trendspark_cli.store.rows.trends import KeptVectors, KnownTopic, LearningProgress
from trendspark_cli.store.tables.connection import Connection
from trendspark_cli.store.tables.trend_history import TrendHistory

NAME = "vectors"
NAME_PARTS = "\n"  # between a source and its community


class InterestMemory:
    """The table interest_vectors, which has one row, and trends asked for what they are about."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("interest")

    def progress(self) -> LearningProgress | None:
        """Return when was learned last, and of how many posts; None when never."""
        rows = self._db.rows(self._sql["progress"], (NAME,))
        return LearningProgress(_epoch(rows[0]["learned_at"]), rows[0]["posts"]) if rows else None

    def last(self) -> KeptVectors | None:
        """Return what was learned last; None when nothing was yet."""
        rows = self._db.rows(self._sql["last"], (NAME,))
        return KeptVectors(_epoch(rows[0]["learned_at"]), rows[0]["posts"], rows[0]["vectors"]) if rows else None

    def topics(self, since: datetime, limit: int) -> list[KnownTopic]:
        """Return the trends of topics opened since, the newest first, with the communities of their live posts."""
        rows = self._db.rows(self._sql["topics"], (to_text(since), limit))
        communities = TrendHistory(self._db).communities_of([row["id"] for row in rows])
        return [
            KnownTopic(
                row["id"],
                row["label"],
                row["state"] == "open",
                row["score"],
                row["interest"],
                tuple(json.loads(row["terms"])),
                _by_place(communities.get(row["id"], ())),
            )
            for row in rows
        ]

    def communities_of(self, post_ids: Sequence[int]) -> dict[str, int]:
        """Return how many of these live posts are of which source and community; those without one are left out."""
        rows = self._db.rows(self._sql["communities_of"], (json.dumps(list(post_ids)),))
        return {f"{row['source']}{NAME_PARTS}{row['community']}": row["posts"] for row in rows}

    def save(self, kept: KeptVectors) -> None:
        """Keep this in place of what was learned before; call inside a transaction."""
        self._db.execute(self._sql["save"], (NAME, to_text(from_epoch(kept.learned_at)), kept.posts, kept.vectors))


class Marks:
    """What people said of trends, as far as it follows their posts."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    @contextmanager
    def counted(self, trend_ids: Sequence[int]) -> Iterator[None]:
        """Take what leaves while the block runs off the communities of the marks of these trends."""
        rows = (
            self._db.rows(self._db.queries("trends")["marks_of"], (json.dumps(list(trend_ids)),)) if trend_ids else []
        )
        marked, history = [row["trend_id"] for row in rows], TrendHistory(self._db)
        before = history.communities_of(marked) if marked else {}
        yield
        after = history.communities_of(marked) if marked else {}
        for row in rows:
            trend_id, kept = row["trend_id"], Counter[str](json.loads(row["communities"]))
            left = Counter(_by_place(before.get(trend_id, ()))) - Counter(_by_place(after.get(trend_id, ())))
            if left:
                text = json.dumps(dict(kept - left), ensure_ascii=False)
                self._db.execute(self._db.queries("interest")["keep_communities"], (text, trend_id))


def _by_place(communities: Sequence[TrendCommunity]) -> dict[str, int]:
    return {f"{one.source}{NAME_PARTS}{one.community}": one.posts for one in communities}


def _epoch(text: str) -> int:
    return int(from_text(text).timestamp())
