"""How pages of posts are stored: all at once where they are new, each with care where they are known."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import RefusedRowError
from trendspark_cli.base.models import Post
from trendspark_cli.store.rows.collecting import PageOutcome, RefusedPost
from trendspark_cli.store.tables.authors import Authors
from trendspark_cli.store.tables.connection import POSTS, Connection
from trendspark_cli.store.tables.post_merging import Standing, is_another, is_named, merged

OWN_FIELDS = 15  # of a post: columns of `posts` in their order

log = logging.getLogger(__name__)


class _Known(NamedTuple):
    """What became of posts of which some were known."""

    updated: int
    others: tuple[int, ...]  # places of other posts under a known id


class PostSaving:
    """Stores posts, their counters, their authors and their links."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("posts")
        self._authors = Authors(connection)

    def save(self, posts: Sequence[Post], collected_at: datetime) -> PageOutcome:
        """Store posts idempotently; see `Posts.save`."""
        if not posts:
            return PageOutcome(0, 0)
        now = to_text(collected_at)
        try:
            with self._db.attempt():
                return self._save(posts, now)
        except (RefusedRowError, TypeError):  # else the database is busy, full or broken: no post is to blame
            return self._save_one_by_one(posts, now)

    def _save_one_by_one(self, posts: Sequence[Post], now: str) -> PageOutcome:
        """Store a page that holds a post the database does not take, without it."""
        new = updated = 0
        refused = []
        for place, post in enumerate(posts):
            try:
                with self._db.attempt():
                    outcome = self._save([post], now)
            except (RefusedRowError, TypeError) as error:
                log.warning("a post of %s was refused: %r", post.source, post.source_id, exc_info=True)
                refused.append(RefusedPost(place, f"{error}"[:200]))
            else:
                new, updated = new + outcome.new, updated + outcome.updated
                refused += [one._replace(place=place) for one in outcome.refused]
        return PageOutcome(new, updated, tuple(refused))

    def _save(self, posts: Sequence[Post], now: str) -> PageOutcome:
        """Store posts, all of them or none."""
        posts = [post._replace(observed_at=now) if (post.observed_at or "") > now else post for post in posts]
        self._db.hold(POSTS, together=True)
        if any(post.author_name is not None for post in posts):
            posts = self._authors.known(posts, now)
        new = self._db.executemany(self._sql["insert_post"], [(*post[:OWN_FIELDS], now) for post in posts])
        known, stored = _Known(0, ()), posts
        if new < len(posts):
            self._add_named(posts)
            known = self._merge(posts, now)
            stored = [post for place, post in enumerate(posts) if place not in known.others]
        self._add_beside(stored)
        refused = [RefusedPost(place, "another post has its id", "conflict") for place in known.others]
        return PageOutcome(new, known.updated, tuple(refused))

    def _merge(self, posts: Sequence[Post], now: str) -> _Known:
        """Take over what is newer of posts that were known, each after the other; call when new ones are stored."""
        rows = self._standing(posts)
        before = dict(rows)
        others = []
        updated = 0
        for place, post in enumerate(posts):
            key = post.source, post.source_id
            if key not in rows:
                continue
            if is_another(rows[key], post):
                others.append(place)
            else:
                row = merged(rows[key], post, now)
                updated += row != rows[key]
                rows[key] = row
        changed = [(before[key], row) for key, row in rows.items() if row != before[key]]
        counted = [row for old, row in changed if old[:8] == row[:8] and old.edits == row.edits]
        other = [row for old, row in changed if old[:8] != row[:8] or old.edits != row.edits]
        self._db.executemany(
            self._sql["update_counters"], [(*row.counters, row.observed_at, row.id) for row in counted]
        )
        self._db.executemany(self._sql["update_post"], [(*row[2:15], row.id) for row in other])
        replaced = [row.id for old, row in changed if old.version != row.version]
        if replaced:
            self._db.execute(self._sql["drop_links"], (json.dumps(replaced),))
        settled = [row.id for old, row in changed if old.is_named and not row.is_named]
        if settled:
            self._db.execute(self._sql["drop_named"], (json.dumps(settled),))
        return _Known(updated, tuple(others))

    def _standing(self, posts: Sequence[Post]) -> dict[tuple[str, str], Standing]:
        """Return what is stored of these posts."""
        found: dict[tuple[str, str], Standing] = {}
        for source in sorted({post.source for post in posts}):
            ids = json.dumps([post.source_id for post in posts if post.source == source])
            for row in self._db.made(Standing._make, self._sql["standing"], (source, ids)):
                found[source, row.source_id] = row
        return found

    def _add_beside(self, posts: Sequence[Post]) -> None:
        """Store what lies beside posts: counters of stated times, links, and names of which no id is known."""
        observed = [(p.source, p.source_id, p.observed_at, *p[8:13]) for p in posts if p.observed_at]
        if observed:
            self._db.executemany(self._sql["add_observation"], observed)
        links = [(p.source, p.source_id, p.edits, p.text, link) for p in posts if p.links for link in p.links]
        if links:
            self._db.executemany(self._sql["add_link"], links)
        self._add_named(posts)

    def _add_named(self, posts: Sequence[Post]) -> None:
        named = [(p.source, p.source_id, p.author) for p in posts if p.author_name is not None and is_named(p)]
        if named:
            self._db.executemany(self._sql["add_named"], named)
