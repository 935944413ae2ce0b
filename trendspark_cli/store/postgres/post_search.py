"""The index of posts' words: a tsvector beside each post, which leaves with it; filled behind the posts by `rank`.

Up to where posts have one is kept by span of ids, as shelves. Posts beyond are searched by reading them, and what the
index names is read again: the answer is the same with or without any of it.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from trendspark_cli.base.clock import to_text
from trendspark_cli.store.postgres.connection import Connection
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.store.tables.connection import POSTS
from trendspark_cli.store.tables.posts import Posts

TYPE_CHECKING = False
if TYPE_CHECKING:  # what words are takes longer to load than most commands that ask for the index take
    from trendspark_cli.ranking.text.searching import IndexTerm, SearchQuery

SHELF_IDS = 200_000
READ_AT_ONCE = 2_000
_LAST_ID = 2**63 - 1
_LATEST = "~"  # later than all

Place = tuple[str, int]  # when a post was made, and its id: in this order results come, the greatest first
Where = Mapping[str, str | int | None]


class PostSearch:
    """Implements store.protocol.search.PostSearch."""

    def __init__(self, connection: Connection, shelf_ids: int = SHELF_IDS) -> None:
        self._db = connection
        self._sql = connection.queries("search")
        self._shelf_ids = shelf_ids  # the same for as long as there are shelves

    def can_index(self) -> bool:
        """Tell whether this database can keep an index: each can."""
        return True

    def index_next(self, limit: int, now: datetime) -> int:
        """Index some posts, changed ones and then the newest shelf first; return how many. Call in a transaction."""
        waiting = self._db.made(tuple, self._sql["next_waiting"], {"limit": limit})
        if waiting:
            filled = self._filled()
            texts = {post_id: text for _, post_id, text in waiting if text is not None}
            self._index([(key, text) for key, text in texts.items() if _is_within(key, filled)])
            self._db.execute(self._sql["done_waiting"], {"ids": json.dumps([key for key, _, _ in waiting])})
            return len(waiting)
        for first, filled_id in self._not_full():
            span = {"after": filled_id, "last": min(self._settled, first + self._shelf_ids - 1), "limit": limit}
            if posts := self._db.made(tuple, self._sql["next_posts"], span):
                self._index(posts)
                shelf = {"first": first, "filled": posts[-1][0], "entries": len(posts), "now": to_text(now)}
                self._db.execute(self._sql["save_shelf"], shelf)
                return len(posts)
        return 0

    def drop_worn(self, now: datetime) -> None:
        """Do nothing: words leave with their posts."""

    def drop_gone(self) -> None:
        """Do nothing: words leave with their posts."""

    def drop_one(self) -> bool:
        """Drop a shelf, whatever it has; return False when there is none. Call in a transaction."""
        first = next(iter(self._filled()), None)
        if first is not None:
            self._db.execute(self._sql["drop_shelf"], {"first": first, "last": first + self._shelf_ids - 1})
            self._db.execute("DELETE FROM search_shelves WHERE first_id = ?", (first,))
        return first is not None

    def note_returned(self, post_ids: Sequence[int]) -> None:
        """Have posts indexed once more that came back under the ids they had. Call in a transaction."""
        for post_id in post_ids:
            self._db.execute(self._sql["wait_again"], {"id": post_id})

    def note_gone(self, post_ids: Sequence[int]) -> None:
        """Do nothing: words leave with their posts."""

    def size_bytes(self) -> int:
        """Return how much the index takes."""
        return int(self._db.value(self._sql["shelf_bytes"]))

    def search(
        self, query: SearchQuery, source: str | None, since: datetime | None, until: datetime | None, limit: int
    ) -> list[StoredPost]:
        """Return the live posts that fit, the newest first, at most *limit*."""
        where: dict[str, str | int | None] = {"source": source}
        where |= {name: None if at is None else to_text(at) for name, at in (("since", since), ("until", until))}
        with self._db.reading():
            newest = islice(self._indexed(query, where), limit)
            places = heapq.nlargest(limit, {*newest, *heapq.nlargest(limit, self._by_reading(query, where))})
            return Posts(self._db).by_ids([post_id for _, post_id in places])

    def _indexed(self, query: SearchQuery, where: Where) -> Iterator[Place]:
        """Yield the posts of the index that fit, the newest first."""
        terms = " & ".join(_written(term) for term in query.index_terms())
        place: Place = (_LATEST, _LAST_ID)
        while True:
            page = {**where, "terms": terms, "before": place[0], "before_id": place[1], "limit": READ_AT_ONCE}
            posts = self._db.made(tuple, self._sql["indexed"], page)
            yield from ((created_at, post_id) for created_at, post_id, text in posts if query.fits(text))
            if len(posts) < READ_AT_ONCE:
                return
            place = posts[-1][:2]

    def _by_reading(self, query: SearchQuery, where: Where) -> Iterator[Place]:
        """Yield the posts that fit and are not in the index as they are now."""
        after, spans = 0, []
        for first, filled in self._filled().items():
            spans.append((after, first - 1))
            after = filled
        for start, last in (*spans, (after, _LAST_ID)):
            while True:
                span = {**where, "after": start, "last": last, "limit": READ_AT_ONCE}
                posts = self._db.made(tuple, self._sql["next_not_indexed"], span)
                yield from ((created_at, post_id) for created_at, post_id, text in posts if query.fits(text))
                if len(posts) < READ_AT_ONCE:
                    break
                start = posts[-1][1]
        posts = self._db.made(tuple, self._sql["not_indexed_again"], where)
        yield from ((created_at, post_id) for created_at, post_id, text in posts if query.fits(text))

    def _filled(self) -> dict[int, int]:
        """Return up to which id each shelf is filled, by its first id."""
        return {row["first_id"]: row["filled_id"] for row in self._db.rows(self._sql["shelves"])}

    def _not_full(self) -> Iterator[tuple[int, int]]:
        """Yield shelves, the newest first, that may lack posts: the first id, and up to which it is filled."""
        filled = self._filled()
        with self._db.alone(POSTS):
            below = self._settled = int(self._db.value("SELECT coalesce(max(id), 0) FROM posts"))
        while newest := self._db.value("SELECT max(id) FROM posts WHERE id <= ?", (below,)):
            first = (newest - 1) // self._shelf_ids * self._shelf_ids + 1
            if filled.get(first, first - 1) < newest:
                yield first, filled.get(first, first - 1)
            below = first - 1

    def _index(self, posts: Sequence[tuple[int, str]]) -> None:
        from trendspark_cli.ranking.text.searching import index_terms_of

        rows = [(post_id, index_terms_of(text)) for post_id, text in posts]
        self._db.execute(self._sql["index_post"], {"rows": json.dumps(rows)})


def _is_within(post_id: int, filled: Mapping[int, int]) -> bool:
    return any(first <= post_id <= last for first, last in filled.items())


def _written(term: IndexTerm) -> str:
    """Return a term as PostgreSQL reads it; terms are letters and digits alone."""
    return f"'{term.text}':*" if term.is_prefix else f"'{term.text}'"
