"""Who people are: the permanent id and the last name of each account, and posts known by a name alone."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.base.models import Post
from trendspark_cli.kinds.sources import SOURCES, author_of
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.store.tables.connection import Connection

KEPT_TO = timedelta(days=2)  # when an account was seen is kept to the day
MOST_MOVED = 1000  # posts of one name that get their id in one transaction; the others with the next page that has both


def just_after(beginning: str) -> str:
    """Return the first text after all that begin with this one."""
    return beginning[:-1] + chr(ord(beginning[-1]) + 1)


class Authors:
    """The table of authors, and the posts whose author is a name."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("authors")

    def known(self, posts: Sequence[Post], now: str) -> list[Post]:
        """Remember the names that come with ids, and return the posts with an id for each name of which one is known.

        A name without an id is the author itself until its id comes along. Call inside a transaction.
        """
        seen: dict[tuple[str, str], tuple[str, str]] = {}
        for post in posts:
            if post.author_name is not None and post.author is not None:
                at = min(post.observed_at or post.created_at, now), post.author_name
                key = post.source, post.author
                seen[key] = max(at, seen.get(key, at))
        if seen:
            rows = [(source, author, name, at) for (source, author), (at, name) in sorted(seen.items())]
            self._db.executemany(self._sql["see"], rows)
            self._move(rows)
        wanted = {(p.source, p.author_name) for p in posts if p.author is None and p.author_name is not None}
        if not wanted:
            return list(posts)
        ids = self._ids(wanted)
        return [
            post._replace(author=ids.get((post.source, post.author_name.lower()), post.author_name))
            if post.author is None and post.author_name is not None
            else post
            for post in posts
        ]

    def names(self, people: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """Return the last name seen of those of these (source, author) pairs that have one."""
        found: dict[tuple[str, str], str] = {}
        for source, authors in _by_source(people).items():
            with self._db.errors():
                rows = self._db.execute(self._sql["names"], (source, json.dumps(authors)))
                found |= {(source, author): name for author, name in rows}
        return found

    def aliases(self, source: str, author: str) -> set[str]:
        """Return the ids and names an account is known by, given one of them."""
        with self._db.errors():
            rows = self._db.execute(self._sql["aliases"], {"source": source, "author": author}).fetchall()
        return {author, *(value for row in rows for value in row)}

    def forget(self, source: str, aliases: Collection[str]) -> None:
        """Forget accounts by their ids and names; call inside a transaction."""
        self._db.execute(self._sql["forget"], (source, json.dumps(sorted(aliases))))

    def forget_silent(self, source: str, author: str) -> None:
        """Forget an account of which no post is live; call outside a transaction, since it may read all posts.

        Where a post's id begins with its author, the index of ids tells. What comes meanwhile brings its name along.
        """
        kind = SOURCES.get(source)
        if kind is not None and kind.ids_of_author:
            beginning = kind.ids_of_author.format(author=author)
            span = {"source": source, "beginning": beginning, "after": just_after(beginning)}
            is_live = self._db.value(self._sql["has_ids"], span)
        else:
            is_live = self._db.value(self._sql["has_posts"], {"source": source, "author": author})
        if not is_live:
            sql = "DELETE FROM authors WHERE source = ? AND id = ?"
            self._db.write(lambda: self._db.execute(sql, (source, author)))

    def settled(self, posts: Sequence[StoredPost]) -> list[StoredPost]:
        """Return posts of an archive with the ids that became known of authors since; call inside a transaction."""
        names = {post.id: name for post in posts if post.author and (name := author_of(post.source, post.author)[1])}
        ids = self._ids({(post.source, names[post.id]) for post in posts if post.id in names})
        return [
            post._replace(author=ids.get((post.source, names[post.id].lower()), post.author))
            if post.id in names
            else post
            for post in posts
        ]

    def note_named(self, posts: Sequence[StoredPost]) -> None:
        """Remember which posts that were brought back are known by their authors' names; call inside a transaction."""
        named = [
            (post.source, post.author, post.id)
            for post in posts
            if post.author and author_of(post.source, post.author)[1] is not None
        ]
        self._db.executemany(self._sql["note_named"], named)

    def drop_unseen(self) -> None:
        """Forget accounts last seen before the oldest live post was made: one look at all, 1,000 to a transaction."""
        oldest = self._db.value("SELECT min(created_at) FROM posts")
        before = "~" if oldest is None else to_text(from_text(oldest) - KEPT_TO)
        last = ("", "")
        while unseen := self._db.made(tuple, self._sql["unseen"], (*last, before, MOST_MOVED)):
            rows = [(*account, before) for account in unseen]
            self._db.write(partial(self._db.executemany, self._sql["drop_unseen"], rows))
            last = unseen[-1]

    def _move(self, rows: Sequence[tuple[str, str, str, str]]) -> None:
        """Give posts that are known by a name the id it belongs to."""
        if self._db.value("SELECT 1 FROM named_posts LIMIT 1") is None:  # most installations have none
            return
        for source, author, name, _ in rows:
            wanted = {"source": source, "name": name, "limit": MOST_MOVED}
            ids = [row["post_id"] for row in self._db.rows(self._sql["named"], wanted)]
            if ids:
                moved = json.dumps(ids)
                self._db.execute(self._sql["give_id"], (author, moved))
                self._db.execute(self._sql["settle"], (moved,))

    def _ids(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Return the id of each name (in lower case) that was seen with one; of a name of several, the last."""
        found: dict[tuple[str, str], str] = {}
        for source, names in _by_source(wanted).items():
            with self._db.errors():
                rows = self._db.execute(self._sql["ids"], (source, json.dumps([name.lower() for name in names])))
                found |= {(source, name): author for name, author in rows}
        return found


def _by_source(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for source, value in pairs:
        found.setdefault(source, []).append(value)
    return found
