"""Posts and their counters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from trendspark_cli.base.clock import from_epoch, from_text, to_text
from trendspark_cli.base.models import Post
from trendspark_cli.ranking.baseline.baseline_posts import LeavingPlace, PostRow
from trendspark_cli.store.rows.collecting import PageOutcome
from trendspark_cli.store.rows.posts import SharedLink, StoredPost
from trendspark_cli.store.tables.authors import just_after
from trendspark_cli.store.tables.connection import POSTS, Connection
from trendspark_cli.store.tables.post_saving import PostSaving

FETCH_ROWS = 2000
NO_EDIT, LATEST_EDIT = 0, 2**62


class Posts:
    """The posts table, asked in terms of posts."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("posts")
        self._saving = PostSaving(connection)

    def save(self, posts: Sequence[Post], collected_at: datetime) -> PageOutcome:
        """Store *posts* idempotently; call inside a transaction. Old versions never replace newer ones.

        Posts whose values the database does not take are left out and told, and so are other posts under a known id.

        Counters stated to be of the future are of now: they would be the newest for ever.
        """
        return self._saving.save(posts, collected_at)

    def settled_id(self) -> int:
        """Return the largest id up to which no post will be stored any more; call outside a transaction."""
        with self._db.alone(POSTS):
            return int(self._db.value("SELECT max(id) FROM posts") or 0)

    def newest_created(self, until: datetime) -> datetime | None:
        """Return when the newest post was created, those dated after *until* aside; None when there is none."""
        value = self._db.value("SELECT max(created_at) FROM posts WHERE created_at <= ?", (to_text(until),))
        return None if value is None else from_text(value)

    def newest_collected(self) -> datetime | None:
        """Return when the post stored last was collected, by the clock of then; None when there is none."""
        value = self._db.value("SELECT collected_at FROM posts ORDER BY id DESC LIMIT 1")
        return None if value is None else from_text(value)

    def count(self) -> int:
        """Return how many posts are live."""
        return int(self._db.value("SELECT count(*) FROM posts"))

    def count_known(self, posts: Sequence[Post]) -> int:
        """Return how many of *posts* are stored already, for dry runs."""
        by_source: dict[str, set[str]] = {}
        for post in posts:
            by_source.setdefault(post.source, set()).add(post.source_id)
        return sum(len(self.stored_ids(source, ids)) for source, ids in by_source.items())

    def stored_ids(self, source: str, source_ids: Iterable[str]) -> set[str]:
        """Return those of these ids of a source whose posts are live."""
        with self._db.errors():
            found = self._db.execute(self._sql["stored_ids"], (source, json.dumps(sorted(source_ids))))
            return {source_id for (source_id,) in found}

    def ids_that_begin(self, source: str, beginning: str, limit: int) -> list[str]:
        """Return the ids of live posts of a source that begin with this text, at most *limit*."""
        with self._db.errors():
            found = self._db.execute(self._sql["ids_that_begin"], (source, beginning, just_after(beginning), limit))
            return [source_id for (source_id,) in found]

    def leaving(self, position: tuple[str, int], until: int, seen_post_id: int, limit: int) -> list[PostRow]:
        """Return the next posts after *position* created before *until*."""
        return _linked(self._db.made(tuple, self._sql["leaving"], _after(position, until, seen_post_id, limit)))

    def leaving_places(
        self, position: tuple[str, int], until: int, seen_post_id: int, limit: int
    ) -> list[LeavingPlace]:
        """Return the next posts after *position* created before *until*, without their texts."""
        parameters = _after(position, until, seen_post_id, limit)
        return self._db.made(LeavingPlace._make, self._sql["leaving_places"], parameters)

    def sampled(self, position: tuple[str, int], until: int, one_in: int, limit: int) -> list[PostRow]:
        """Return the next posts after *position* created before *until* whose ids *one_in* divides, without links."""
        bounds = {"created_at": position[0], "id": position[1], "until": _text(until)}
        return self._db.made(PostRow._make, self._sql["sampled"], {**bounds, "one_in": one_in, "limit": limit})

    def arrived(self, after_id: int, until_id: int, limit: int) -> list[PostRow]:
        """Return the next posts with ids after *after_id* and up to *until_id*, by id."""
        span = {"after": after_id, "until": until_id, "limit": limit}
        return _linked(self._db.made(tuple, self._sql["arrived"], span))

    def count_between(self, since: int, until: int) -> int:
        """Return how many posts were created in [since, until), both in epoch seconds."""
        return int(self._db.value(self._sql["tick_size"], {"since": _text(since), "until": _text(until)}))

    def first_since(self, since: int) -> int | None:
        """Return the least id of the posts created at *since* (epoch seconds) or later."""
        found = self._db.value(self._sql["first_since"], (_text(since),))
        return None if found is None else int(found)

    def find(self, source: str, source_id: str) -> StoredPost | None:
        """Return one live post by its source and its id there, or None."""
        sql = "SELECT * FROM posts WHERE source = ? AND source_id = ?"
        return next(iter(self._db.records(StoredPost, sql, (source, source_id))), None)

    def by_ids(self, ids: Sequence[int]) -> list[StoredPost]:
        """Return the posts with these ids, in this order; archived ones are missing."""
        return [post for post_id in ids for post in self._db.records(StoredPost, self._sql["by_id"], (post_id,))]

    def rows(self, ids: Sequence[int]) -> list[PostRow]:
        """Return the live posts with these ids, without `created_text`."""
        return _linked(self._db.made(tuple, self._sql["rows"], (json.dumps(list(ids)),)))

    def texts(self, ids: Sequence[int]) -> dict[int, str]:
        """Return what ranking reads of the live posts with these ids: texts, with the links beside them."""
        rows = self._db.made(tuple, self._sql["texts"], (json.dumps(list(ids)),))
        return {post_id: text if links is None else _with_links(text, links) for post_id, text, links in rows}

    def links_of_trend(self, trend_id: int, limit: int) -> list[SharedLink]:
        """Return the links that most posts of a trend share, and how many do."""
        return self._db.made(SharedLink._make, self._sql["links_of_trend"], (trend_id, limit))

    def mentions_per_slot(self, trend_id: int, since: int, slot_seconds: int, slots: int) -> list[int]:
        """Return how many posts of a trend were created in each of *slots* slots from *since* on."""
        parameters = {
            "trend_id": trend_id,
            "since": since,
            "since_text": _text(since),
            "seconds": slot_seconds,
        }
        found = {row["slot"]: row["posts"] for row in self._db.rows(self._sql["mentions_per_slot"], parameters)}
        return [found.get(slot, 0) for slot in range(slots)]

    def refreshable(
        self,
        source: str,
        since: datetime,
        not_since: datetime,
        today: str,
        limit: int,
        *,
        edited: bool = True,
    ) -> list[str]:
        """Return the source ids of recent posts whose counters were not read since *not_since*."""
        parameters = {
            "latest": NO_EDIT if not edited else LATEST_EDIT,
            "source": source,
            "since": to_text(since),
            "not_since": to_text(not_since),
            "day_ago": to_text(since + timedelta(days=1)),  # they are watched for two
            "today": today,
            "limit": limit,
        }
        return [row["source_id"] for row in self._db.rows(self._sql["refreshable"], parameters)]

    def note_counts_read(self, source: str, source_ids: Sequence[str], now: datetime) -> None:
        """Remember that these posts' counters were asked for, whatever came of it."""
        self._db.execute(self._sql["note_counts_read"], (to_text(now), source, json.dumps(list(source_ids))))


def _linked(rows: Sequence[tuple[Any, ...]]) -> list[PostRow]:
    """Return posts as ranking reads them: the last value of each row is the links beside its text."""
    return [
        PostRow._make(row[:-1]) if row[-1] is None else PostRow._make((*row[:5], _with_links(row[5], row[-1]), row[6]))
        for row in rows
    ]


def _with_links(text: str, links: str) -> str:
    from trendspark_cli.ranking.text.linked_texts import linked_text

    return linked_text(text, links.split("\n"))


def _after(position: tuple[str, int], until: int, seen_post_id: int, limit: int) -> dict[str, Any]:
    return {
        "created_at": position[0],
        "id": position[1],
        "until": _text(until),
        "seen_post_id": seen_post_id,
        "limit": limit,
    }


def _text(epoch: int) -> str:
    return to_text(from_epoch(epoch))
