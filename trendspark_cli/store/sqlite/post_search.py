"""The index of posts' words: tables of FTS5, filled behind the posts by `rank`, a shelf for each span of ids.

A shelf has the words of the posts with ids up to where it is filled; it keeps no text, so that a post that left cannot
be taken out of it alone. A shelf with such posts is dropped as a whole, and filled anew. Posts that are on no shelf are
searched by reading them, and what a shelf names is read again: the answer is the same with or without any of them.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from trendspark_cli.base.clock import to_text
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.store.sqlite.connection import Connection
from trendspark_cli.store.tables.posts import Posts

TYPE_CHECKING = False
if TYPE_CHECKING:  # what words are takes longer to load than most commands that ask for the index take
    from trendspark_cli.ranking.text.searching import IndexTerm, SearchQuery

SHELF_IDS = 200_000  # filled anew within a few runs; 10 million posts have 50 shelves, which a start can bear to read
SHELF_NAMES = "post_search_"
LOOKED_AFTER = timedelta(days=1)  # since the last look at a shelf, or since it was begun
_LAST_ID = 2**63 - 1

Place = tuple[str, int]  # when a post was made, and its id: in this order results come, the greatest first


class PostSearch:
    """Implements store.protocol.search.PostSearch."""

    def __init__(self, connection: Connection, shelf_ids: int = SHELF_IDS) -> None:
        self._db = connection
        self._sql = connection.queries("search")
        self._shelf_ids = shelf_ids  # the same for as long as there are shelves

    def can_index(self) -> bool:
        """Tell whether this SQLite can keep an index."""
        return self._db.value(self._sql["has_full_text"]) is not None

    def index_next(self, limit: int, now: datetime) -> int:
        """Index some posts, changed ones and then the newest shelf first; return how many. Call in a transaction."""
        waiting = self._db.made(tuple, self._sql["waiting"], {"limit": limit})
        if waiting:
            for first, filled in self._filled().items():
                here = [(post_id, text) for post_id, text in waiting if first <= post_id <= filled]
                again = [(post_id, text) for post_id, text in here if text is not None]  # an empty one is an entry too
                self._index(first, again)
                self._db.execute(self._sql["add_entries"], (len(again), first))
            ids = json.dumps([post_id for post_id, _ in waiting])
            self._db.execute("DELETE FROM search_waiting WHERE post_id IN (SELECT value FROM json_each(?))", (ids,))
            return len(waiting)
        for first, filled in self._not_full():
            span = {"after": filled, "last": self._last_of(first), "limit": limit}
            if posts := self._db.made(tuple, self._sql["next_posts"], span):
                if filled < first:
                    self._db.execute(self._on(first, "make_shelf"))
                self._index(first, posts)
                shelf = {"first": first, "filled": posts[-1][0], "entries": len(posts), "now": to_text(now)}
                self._db.execute(self._sql["save_shelf"], shelf)
                return len(posts)
        return 0

    def drop_worn(self, now: datetime) -> None:
        """Look at the shelf not looked at for longest, at most once a day each; drop it when posts of it are gone.

        Call in a transaction.
        """
        first = self._db.value(self._sql["to_look_at"], (to_text(now - LOOKED_AFTER),))
        if first is not None and self._has_gone(first):
            self._drop(first)
        elif first is not None:
            self._db.execute("UPDATE search_shelves SET looked_at = ? WHERE first_id = ?", (to_text(now), first))

    def drop_gone(self) -> None:
        """Drop each shelf that has a post that is gone, so that none of its words is left; a transaction for each."""
        for first in self._filled():
            if self._has_gone(first):
                with self._db.transaction():
                    self._drop(first)

    def drop_one(self) -> bool:
        """Drop a shelf, whatever it has; return False when there is none. Call in a transaction."""
        first = next(iter(self._filled()), None)
        if first is not None:
            self._drop(first)
        return first is not None

    def note_returned(self, post_ids: Sequence[int]) -> None:
        """Have posts indexed once more that came back under the ids they had. Call in a transaction."""
        self._db.execute(self._sql["wait"], (json.dumps(list(post_ids)),))

    def note_gone(self, post_ids: Sequence[int]) -> None:
        """Have the shelves of posts that leave looked at by the next `drop_worn`. Call in a transaction."""
        self._db.execute(self._sql["look_first"], (json.dumps(list(post_ids)),))

    def size_bytes(self) -> int:
        """Return how much the index takes."""
        return sum(int(self._db.value(self._on(first, "shelf_bytes"))) for first in self._filled())

    def search(
        self, query: SearchQuery, source: str | None, since: datetime | None, until: datetime | None, limit: int
    ) -> list[StoredPost]:
        """Return the live posts that fit, the newest first, at most *limit*."""
        where: dict[str, str | int | None] = {"source": source}
        where |= {name: None if at is None else to_text(at) for name, at in (("since", since), ("until", until))}
        with self._db.reading():
            indexed = (self._on_shelf(first, query, where) for first in self._filled())
            newest = islice(heapq.merge(*indexed, reverse=True), limit)
            places = heapq.nlargest(limit, {*newest, *heapq.nlargest(limit, self._by_reading(query, where))})
            return Posts(self._db).by_ids([post_id for _, post_id in places])

    def _on_shelf(self, first: int, query: SearchQuery, where: Mapping[str, str | int | None]) -> Iterator[Place]:
        """Yield the posts of a shelf that fit, the newest first."""
        terms = " AND ".join(_written(term) for term in query.index_terms())
        for created_at, post_id in self._db.execute(self._on(first, "on_shelf"), {**where, "terms": terms}):
            if query.fits(self._db.value("SELECT text FROM posts WHERE id = ?", (post_id,))):
                yield created_at, post_id

    def _by_reading(self, query: SearchQuery, where: Mapping[str, str | int | None]) -> Iterator[Place]:
        """Yield the posts that fit and that are on no shelf as they are now."""
        after, spans = 0, []
        for first, filled in self._filled().items():
            spans.append((after, first - 1))
            after = filled
        for start, last in (*spans, (after, _LAST_ID)):
            posts = self._db.execute(self._sql["not_indexed"], {**where, "after": start, "last": last})
            yield from ((created_at, post_id) for created_at, post_id, text in posts if query.fits(text))
        posts = self._db.execute(self._sql["not_indexed_again"], where)
        yield from ((created_at, post_id) for created_at, post_id, text in posts if query.fits(text))

    def _filled(self) -> dict[int, int]:
        """Return up to which id each shelf is filled, by its first id; none of them where SQLite cannot read them."""
        if not self.can_index():
            return {}
        return {row["first_id"]: row["filled_id"] for row in self._db.rows(self._sql["shelves"])}

    def _not_full(self) -> Iterator[tuple[int, int]]:
        """Yield shelves, the newest first, that may lack posts: the first id, and up to which it is filled."""
        filled = self._filled()
        below = _LAST_ID
        while newest := self._db.value("SELECT max(id) FROM posts WHERE id <= ?", (below,)):
            first = (newest - 1) // self._shelf_ids * self._shelf_ids + 1
            if filled.get(first, first - 1) < newest:
                yield first, filled.get(first, first - 1)
            below = first - 1

    def _index(self, first: int, posts: Sequence[tuple[int, str]]) -> None:
        from trendspark_cli.ranking.text.searching import index_terms_of

        rows = [(post_id, " ".join(index_terms_of(text))) for post_id, text in posts]
        self._db.executemany(self._on(first, "index_post"), rows)

    def _has_gone(self, first: int) -> bool:
        return bool(self._db.value(self._sql["gone"], (first,)) > 0)

    def _drop(self, first: int) -> None:
        self._db.execute(self._on(first, "drop_shelf"))
        self._db.execute("DELETE FROM search_shelves WHERE first_id = ?", (first,))
        span = (first, self._last_of(first))
        self._db.execute("DELETE FROM search_waiting WHERE post_id BETWEEN ? AND ?", span)

    def _last_of(self, first: int) -> int:
        return first + self._shelf_ids - 1

    def _on(self, first: int, name: str) -> str:
        """Return a statement about a shelf; the name of a table cannot be bound."""
        return self._sql[name].replace("{shelf}", f"{SHELF_NAMES}{first:d}")


def _written(term: IndexTerm) -> str:
    """Return a term as FTS5 reads it; terms are letters and digits alone."""
    return f'"{term.text}"*' if term.is_prefix else f'"{term.text}"'
