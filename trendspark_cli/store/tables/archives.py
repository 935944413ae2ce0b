"""Archive files and the rows they hold, and posts that must not come back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.links import links_in, links_of
from trendspark_cli.base.retention import Cutoff
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.store.named_queries import filled
from trendspark_cli.store.rows.archived import POSTS, TABLES, ArchivedRow
from trendspark_cli.store.rows.archives import (
    ChosenRow,
    DeletedBatch,
    KnownTrend,
    Manifest,
    RestoredBatch,
    Tombstone,
)
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.store.tables.authors import Authors, just_after
from trendspark_cli.store.tables.connection import Connection, SqlRow
from trendspark_cli.store.tables.interest import Marks

TYPE_CHECKING = False
if TYPE_CHECKING:  # what words are takes long to load
    from trendspark_cli.store.protocol.search import PostSearch

BATCH_ROWS = 1000  # of one transaction
REMOVED = "a post that was removed"  # in place of the beginning of its text
UNKNOWN = "an alert that may quote a post that was removed"  # in place of one whose trend is gone
_MANIFEST_FIELDS = Manifest._fields


class Archives:
    """Manifests, the ids they are about, and the rows behind these ids. `table` is always a name we archive."""

    def __init__(self, connection: Connection, search: PostSearch) -> None:
        self._db = connection
        self._sql = connection.queries("archives")
        self._search = search

    def days(self, table: str, until: datetime) -> Iterator[str]:
        """Yield each UTC day before *until* that has rows, the oldest first."""
        end, since = to_text(until), ""
        while first := self._db.value(self._sql[f"first_{table}"], {"since": since, "until": end}):
            day = first[:10]
            since = min(f"{day}T99", end)  # after any time of that day
            yield day

    def count(self, table: str, at_most: int) -> int:
        """Return how many rows are live; counting ends at *at_most*."""
        return self._count(table, "~", at_most)

    def count_old(self, table: str, cutoff: Cutoff, at_most: int = 2**62) -> int:
        """Return how many rows are old enough to leave; of what is counted at most *at_most* rows are looked at."""
        found = self._count(table, to_text(cutoff.at), at_most)
        for source, at in cutoff.of_sources.items():
            since, until = sorted((to_text(cutoff.at), to_text(at)))
            span = {"source": source, "since": since, "until": until, "limit": at_most}
            more = int(self._db.value(self._sql["posts_of_source"], span))
            found += more if at > cutoff.at else -more
        return max(0, min(found, at_most))

    def _count(self, table: str, until: str, at_most: int) -> int:
        return int(self._db.value(self._sql[f"waiting_{table}"], {"until": until, "limit": at_most}))

    def count_held(self, table: str) -> int:
        """Return how many live rows belong to a file: about to be deleted, or restored for a while."""
        return int(self._db.value(self._sql["held"], (table,)))

    def choose(self, table: str, source: str | None, day: str, after: tuple[str, int], limit: int) -> list[ChosenRow]:
        """Return the next rows of a day that may leave, in the order of time."""
        parameters = {"source": source, "day": day, "since": max(after[0], day), "after_id": after[1]}
        parameters |= {"until": f"{day}T99", "limit": limit}
        return self._db.made(ChosenRow._make, self._sql[f"choose_{table}"], parameters)

    def read(self, table: str, ids: Sequence[int]) -> Sequence[ArchivedRow]:
        """Return the rows with these ids that are live, in this order; posts with what is gathered of them."""
        wanted = {"ids": json.dumps(list(ids))}
        archived = TABLES[table]
        sql = filled(self._sql[f"read_{table}"], archived.own_names)
        with self._db.errors():
            rows = self._db.execute(sql, wanted).fetchall()
            if table != POSTS.name:
                return archived.rows(rows)
            metrics = dict(self._db.execute(self._sql["read_metrics"], wanted))
            trends = dict(self._db.execute(self._sql["read_trends"], wanted))
            links: dict[int, tuple[str, ...]] = {}
            for post_id, url in self._db.execute(self._sql["read_links"], wanted):
                links[post_id] = (*links.get(post_id, ()), url)
        return POSTS.rows((*row, metrics.get(row[0]), trends.get(row[0]), links.get(row[0], ())) for row in rows)

    def plan(self, manifest: Manifest, ids: Sequence[int]) -> None:
        """Store a manifest and the ids it is about; call inside a transaction."""
        bounds = {"is_active": 1, "first_row_id": min(ids), "last_row_id": max(ids)}
        self._db.execute(self._sql["insert_manifest"], {**_values(manifest), **bounds})
        self._add_batches(manifest.id, ids)

    def adopt(self, manifest: Manifest) -> bool:
        """Record a manifest that was found in an archive; return False when it is known."""
        if self.get(manifest.id) is not None:
            return False
        nothing = {"is_active": 0, "first_row_id": None, "last_row_id": None}
        self._db.execute(self._sql["insert_manifest"], {**_values(manifest), **nothing})
        return True

    def save(self, manifest: Manifest) -> None:
        """Store what changed of a manifest; call inside a transaction."""
        is_active = manifest.state != "done" or manifest.restored_until is not None
        self._db.execute(self._sql["update_manifest"], {**_values(manifest), "is_active": int(is_active)})
        if not is_active:
            self.forget_changes(manifest.id)

    def discard(self, manifest_id: str) -> None:
        """Forget a manifest none of whose rows was deleted; they are free for another one."""
        self._db.execute("DELETE FROM archive_manifests WHERE id = ?", (manifest_id,))

    def forget_changes(self, manifest_id: str) -> None:
        """Begin to watch the rows of a manifest from here on; call before they are read for export."""
        self._db.execute("DELETE FROM archive_changes WHERE manifest_id = ?", (manifest_id,))

    def batches(self, manifest_id: str) -> Iterator[list[int]]:
        """Yield the ids of a manifest, at most 1,000 at a time, in the order of the file."""
        batch = -1
        while True:
            sql = "SELECT batch, row_ids FROM archive_rows WHERE manifest_id = ? AND batch > ? ORDER BY batch LIMIT 1"
            rows = self._db.rows(sql, (manifest_id, batch))
            if not rows:
                return
            batch = rows[0]["batch"]
            yield json.loads(rows[0]["row_ids"])

    def deleting(self) -> AbstractContextManager[None]:
        """Return a block in which batches are deleted: nothing else may be written in it that has references."""
        return nullcontext()

    def delete_batch(self, manifest: Manifest) -> DeletedBatch:
        """Delete the next batch of a verified manifest; call inside a transaction, and save the manifest in it."""
        sql = "SELECT batch, row_ids FROM archive_rows WHERE manifest_id = ? ORDER BY batch LIMIT 2"
        rows = self._db.rows(sql, (manifest.id,))
        if not rows:
            return DeletedBatch(0, 0, is_last=True)
        deleted, kept = self._delete_rows(manifest.table_name, rows[0]["row_ids"], manifest.id)
        sql = "DELETE FROM archive_rows WHERE manifest_id = ? AND batch = ?"
        self._db.execute(sql, (manifest.id, rows[0]["batch"]))
        return DeletedBatch(deleted, kept, is_last=len(rows) == 1)

    def _delete_rows(self, table: str, ids: str, manifest_id: str) -> tuple[int, int]:
        """Delete those of these rows (JSON) that may go, and what hangs on them; return how many went and stayed."""
        deleted = self._db.execute(self._sql[f"delete_{table}"], {"ids": ids, "manifest_id": manifest_id}).rowcount
        if deleted == len(json.loads(ids)):
            return deleted, 0
        return deleted, int(self._db.value(self._sql[f"left_{table}"], {"ids": ids}))

    def restore(self, manifest: Manifest, rows: Sequence[ArchivedRow]) -> RestoredBatch:
        """Bring rows of a file back, watched from here on; live ones stay as they are. Call inside a transaction."""
        if manifest.table_name == POSTS.name:
            ids, foreign = self._restore_posts([row for row in rows if isinstance(row, StoredPost)]), 0
        else:
            ids, foreign = self._restore_rows(manifest.table_name, rows)
        if ids:
            self._add_batches(manifest.id, ids)
            self._db.execute(self._sql["widen"], {"id": manifest.id, "first": min(ids), "last": max(ids)})
            self._db.execute(self._sql["unchanged"], {"id": manifest.id, "ids": json.dumps(ids)})
        return RestoredBatch(len(ids), len(rows) - len(ids) - foreign, foreign)

    def _restore_rows(self, name: str, rows: Sequence[ArchivedRow]) -> tuple[list[int], int]:
        """Insert rows whose ids are free; return these ids, and how many rows found another one under theirs."""
        table = TABLES[name]
        live = {row.id: row for row in self.read(name, [row.id for row in rows])}
        missing = [row for row in rows if row.id not in live]
        self._db.executemany(filled(self._sql[f"insert_{name}"], table.own_names), missing)
        ids = [row.id for row in self.read(name, [row.id for row in missing])]
        if name == "notifications":
            quoting = {"ids": json.dumps(ids), "label": REMOVED}
            self._db.execute(self._sql["forget_restored"], quoting)
            self._db.execute(self._sql["forget_restored_titles"], quoting)
            self._db.execute(self._sql["forget_restored_of_gone_trends"], {**quoting, "label": UNKNOWN})
        others = sum(table.time_of(live[row.id]) != table.time_of(row) for row in rows if row.id in live)
        return ids, others + len(missing) - len(ids)

    def _restore_posts(self, posts: Sequence[StoredPost]) -> list[int]:
        """Insert posts that are not live under any id; one whose id another post has by now gets a new one."""
        names = POSTS.own_names  # the first of them is the id
        authors = Authors(self._db)
        taken = self._live_ids(posts)
        free: list[StoredPost] = []
        placed: list[StoredPost] = []
        for post in authors.settled(posts):
            (placed if post.id in taken else free).append(post)
            taken.add(post.id)
        inserted = self._db.executemany(filled(self._sql["insert_posts"], names), [post[: len(names)] for post in free])
        if inserted != len(free):  # some are live under other ids
            kept = self._live_ids(free)
            free = [post for post in free if post.id in kept]
        stored = [*free, *self._under_new_ids(placed)]
        self._restore_beside(stored)
        authors.note_named(stored)
        ids = [post.id for post in stored]
        self._search.note_returned(ids)
        return ids

    def _under_new_ids(self, posts: Sequence[StoredPost]) -> Iterator[StoredPost]:
        """Insert posts whose ids are taken, and yield them with new ones; those that are live stay as they are."""
        names = POSTS.own_names[1:]
        insert = filled(self._sql["insert_post_under_new_id"], names)
        for source in {post.source for post in posts}:
            own = [post for post in posts if post.source == source]
            asked = (source, json.dumps([post.source_id for post in own]))
            live = {row["source_id"] for row in self._db.rows(self._db.queries("posts")["stored_ids"], asked)}
            for post in own:
                if post.source_id in live:
                    continue
                if found := self._db.execute(insert, post[1 : len(names) + 1]).fetchone():
                    yield post._replace(id=found[0])

    def _live_ids(self, posts: Sequence[StoredPost]) -> set[int]:
        """Return which ids of these posts live ones have."""
        asked = {"ids": json.dumps([post.id for post in posts])}
        return {row["id"] for row in self._db.rows(self._sql["live_ids"], asked)}

    def _restore_beside(self, posts: Sequence[StoredPost]) -> None:
        """Insert the links, counters and trends of posts that were just brought back."""
        links = [
            (post.id, link)
            for post in posts
            for link in (links_in(post.text) if post.links is None else links_of(post.links) if post.links else ())
        ]
        self._db.executemany(self._sql["insert_link"], links)
        metrics = [(post.id, post.metrics) for post in posts if post.metrics]
        self._db.executemany(self._sql["insert_metrics"], metrics)
        trends = [(post.id, post.trend_ids) for post in posts if post.trend_ids]
        self._db.executemany(self._sql["insert_trend_posts"], trends)

    def _add_batches(self, manifest_id: str, ids: Sequence[int]) -> None:
        sql = "SELECT coalesce(max(batch) + 1, 0) FROM archive_rows WHERE manifest_id = ?"
        first = int(self._db.value(sql, (manifest_id,)))
        rows = [
            (manifest_id, first + number, json.dumps(ids[start : start + BATCH_ROWS]))
            for number, start in enumerate(range(0, len(ids), BATCH_ROWS))
        ]
        self._db.executemany("INSERT INTO archive_rows (manifest_id, batch, row_ids) VALUES (?, ?, ?)", rows)

    def get(self, manifest_id: str) -> Manifest | None:
        """Return one manifest, or None."""
        rows = self._db.rows("SELECT * FROM archive_manifests WHERE id = ?", (manifest_id,))
        return _manifest(rows[0]) if rows else None

    def listing(self, limit: int, table: str | None = None) -> list[Manifest]:
        """Return manifests, newest first."""
        return [_manifest(row) for row in self._db.rows(self._sql["listing"], {"limit": limit, "table_name": table})]

    def unfinished(self, now: datetime) -> list[Manifest]:
        """Return manifests to go on with, oldest first: cut short, or whose restored rows have stayed long enough."""
        return [_manifest(row) for row in self._db.rows(self._sql["unfinished"], {"now": to_text(now)})]

    def stored(self) -> list[Manifest]:
        """Return every manifest whose object should be in the archive, those written off aside."""
        return [_manifest(row) for row in self._db.rows(self._sql["stored"])]

    def days_of_files(self, source: str, first: str, last: str) -> list[str]:
        """Return the days from *first* to *last* of which a source's posts are in files and not listed, or will be."""
        span = {"source": source, "first": first, "last": last}
        return [row["day"] for row in self._db.rows(self._sql["days_of_files"], span)]

    def list_posts(self, posts: Sequence[StoredPost]) -> None:
        """Remember of which day archived posts are, and that there are some of their authors; in a transaction."""
        rows = {_post_key(post.source, post.source_id): post.created_at[:10] for post in posts}
        rows |= {_author_key(post.source, post.author): post.created_at[:10] for post in posts if post.author}
        self._db.executemany(self._sql["list_post"], list(rows.items()))

    def note_listed(self, manifest_id: str, *, is_listed: bool) -> None:
        """Remember whether all posts of a file were listed; call inside a transaction."""
        self._db.execute(self._sql["note_listed"], {"id": manifest_id, "is_listed": int(is_listed)})

    def listed_days(self, source: str, source_ids: Iterable[str]) -> dict[str, str]:
        """Return the days of those of these posts that were listed, by their ids."""
        names = {_post_key(source, post_id): post_id for post_id in source_ids}
        rows = self._db.rows(self._sql["listed_days"], {"keys": json.dumps(sorted(names))})
        return {names[row["key"]]: row["day"] for row in rows}

    def may_have_author(self, source: str, author: str) -> bool:
        """Tell whether posts of an author may be in files: they are listed, or there is a file without a list."""
        asked = {"source": source, "key": _author_key(source, author)}
        return bool(self._db.value(self._sql["may_have_author"], asked))

    def write_off(self, manifest_id: str, at: str, why: str) -> None:
        """Expect the object of a manifest no more; its rows that are live are free for another file."""
        self._db.execute(self._sql["write_off"], {"id": manifest_id, "at": at, "why": why})
        self._db.execute("DELETE FROM archive_rows WHERE manifest_id = ?", (manifest_id,))
        self.forget_changes(manifest_id)


class Tombstones:
    """Posts and authors whose posts must not come back, from an archive or from a source."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("archives")

    def add(self, tombstone: Tombstone) -> bool:
        """Store a tombstone; return False when there is one for that post or author. One for ever stays for ever."""
        row = {**tombstone._asdict(), "is_pushed": int(tombstone.is_pushed), "in_files": int(tombstone.in_files)}
        is_new = self._db.execute(self._sql["bury"], row).rowcount == 1
        if not is_new and tombstone.last_day is None:
            names = {"source": tombstone.source, "source_id": tombstone.source_id, "author": tombstone.author}
            self._db.execute(self._sql["keep_for_ever"], names)
        if not is_new and tombstone.last_day is not None and tombstone.author is not None:
            names = {"source": tombstone.source, "author": tombstone.author, "last_day": tombstone.last_day}
            self._db.execute(self._sql["closed_again"], names)
        return is_new

    def exist(self) -> bool:
        """Tell whether there is any: most installations have none."""
        return self._db.value("SELECT 1 FROM tombstones LIMIT 1") is not None

    def kept_ids(self, source: str, source_ids: Iterable[str]) -> list[str]:
        """Return those of these ids of which something is kept: live posts, and quoted ones not forgotten yet."""
        asked = {"source": source, "ids": json.dumps(sorted(source_ids))}
        return [row["source_id"] for row in self._db.rows(self._sql["kept_ids"], asked)]

    def kept_ids_that_begin(self, source: str, beginning: str, limit: int) -> list[str]:
        """Return ids of which something is kept that begin with this text, at most *limit*."""
        asked = {"source": source, "beginning": beginning, "after": just_after(beginning), "limit": limit}
        return [row["source_id"] for row in self._db.rows(self._sql["kept_ids_that_begin"], asked)]

    def quoted_ids(self, source: str, source_ids: Iterable[str]) -> set[str]:
        """Return those of these ids that trends quote, or did: so may alerts, live or in files."""
        asked = {"source": source, "ids": json.dumps(sorted(source_ids))}
        return {row["source_id"] for row in self._db.rows(self._sql["quoted_ids"], asked)}

    def live_posts(self, tombstones: Sequence[Tombstone], after: int, until: int) -> list[int]:
        """Return the ids of at most 1,000 live posts of a source that these are about, in order.

        They are above *after* and up to *until*. All authors whose posts' ids tell nothing are looked for at once.
        """
        span = {"after": after, "until": until, "limit": BATCH_ROWS}
        found: set[int] = set()
        read = [stone for stone in tombstones if stone.author is not None and not stone.is_found_by_ids]
        if read:
            authors = json.dumps([stone.author for stone in read])
            asked: SqlRow = {"source": read[0].source, "authors": authors}
            found.update(row["id"] for row in self._db.rows(self._sql["posts_of_authors"], {**asked, **span}))
        for stone in tombstones:
            if stone.author is None:
                named, asked = "post_of", {"source": stone.source, "source_id": stone.source_id}
            elif stone.is_found_by_ids:
                named, asked = "posts_of_author_by_ids", _places_of_ids(stone.source, stone.author)
            else:
                continue
            found.update(row["id"] for row in self._db.rows(self._sql[named], {**asked, **span}))
        return sorted(found)[:BATCH_ROWS]

    def forget_posts(self, tombstone: Tombstone, ids: Sequence[int]) -> int:
        """Delete those of these live posts it is about, and every copy of its posts, live or not, in a transaction.

        Copies are examples of trends, labels of trends that are one post, what alerts and a model say of them, and the
        counts of communities that marks of trends keep.
        """
        about = {"source": tombstone.source, "source_id": tombstone.source_id, "author": tombstone.author}
        about |= {"ids": json.dumps(list(ids))}
        if trend_ids := [row["trend_id"] for row in self._db.rows(self._sql["about"], about)]:
            trends = {"trends": json.dumps(trend_ids)}
            self._db.execute(self._sql["forget_quotes"], trends)
            if self._db.execute(self._sql["forget_label"], {**trends, "label": REMOVED}).rowcount:
                self._db.execute(self._sql["forget_titles"], {**trends, "label": REMOVED})
                self._db.execute(self._sql["forget_digests"])
            self._db.execute(self._sql["forget_briefs"], trends)
            self._db.execute("DELETE FROM model_answers")  # which of them rest on these posts is not known
            self._db.execute(self._sql["forget_examples"], about)
        with Marks(self._db).counted(trend_ids):
            return self._db.execute(self._sql["forget_posts"], about).rowcount

    def buried(self, source: str, posts: Sequence[tuple[str | None, ...]]) -> set[int]:
        """Return the places of those (source id, author, the author's name, time of the post) that have a tombstone.

        What is not known, or not told, has none.
        """
        pairs = {"source": source, "pairs": json.dumps(list(posts))}
        return {row["key"] for row in self._db.rows(self._sql["buried"], pairs)}

    def all(self) -> list[Tombstone]:
        """Return every tombstone, oldest first."""
        return [_tombstone(row) for row in self._db.rows("SELECT * FROM tombstones ORDER BY created_at, id")]

    def known_objects(self) -> set[str]:
        """Return what the objects of an archive are called that tell of these tombstones."""
        return {row["name"] for row in self._db.rows(self._sql["stone_objects"])}

    def knows_source(self, source: str) -> bool:
        """Tell whether posts of a source are live, archived or quoted: files may name any."""
        return bool(self._db.value(self._sql["knows_source"], {"source": source}))

    def known_trends(self) -> list[KnownTrend]:
        """Return every trend there is, and whether its archived alerts may quote posts that were forgotten."""
        rows = self._db.rows(self._sql["known_trends"], {"label": REMOVED})
        return [KnownTrend(row["trend_id"], bool(row["is_quoting"]), row["label"]) for row in rows]

    def keep_from_files(self) -> int:
        """Note of at most 1,000 tombstones that the archive need not know them; return of how many.

        No file of their days was begun when they were made. Nobody may begin one meanwhile (the lock of `archive`).
        """
        return self._db.execute(self._sql["not_in_files"], {"limit": BATCH_ROWS}).rowcount

    def to_push(self, limit: int) -> list[Tombstone]:
        """Return some tombstones that the archive does not know yet, by source and post."""
        return [_tombstone(row) for row in self._db.rows(self._sql["to_push"], {"limit": limit})]

    def note_pushed(self, tombstone_ids: Sequence[str], batch: str) -> None:
        """Remember that the archive knows them too, by an object that is called *batch*."""
        told = {"ids": json.dumps(list(tombstone_ids)), "batch": batch}
        self._db.execute(self._sql["note_pushed"], told)

    def sources_with_days(self) -> list[str]:
        """Return the sources with tombstones that may leave one day."""
        return [row["source"] for row in self._db.rows(self._sql["sources_of_stones"])]

    def drop_done(self, source: str, before: str) -> int:
        """Drop at most 1,000 tombstones of days before one, whose posts no file can have; return how many."""
        asked = {"source": source, "before": before, "limit": BATCH_ROWS}
        return self._db.execute(self._sql["drop_done"], asked).rowcount


def _places_of_ids(source: str, author: str | None) -> SqlRow:
    """Return what `posts_of_author_by_ids` asks of an author: where ids lie that begin with it, and all others."""
    form = SOURCES[source].ids_of_author
    beginning, of_all = form.format(author=author), form.partition("{")[0]
    ends = {"end": just_after(beginning), "after_all": just_after(of_all)}
    return {"source": source, "author": author, "beginning": beginning, "of_all": of_all, **ends}


def _author_key(source: str, author: str) -> int:
    return _post_key(source, f"by {author}")


def _post_key(source: str, source_id: str) -> int:
    """Return 64 bits for a post: two share them about never, and long ids need not be kept."""
    digest = hashlib.blake2b(f"{source} {source_id}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _tombstone(row: SqlRow) -> Tombstone:
    return Tombstone(**{**row, "is_pushed": bool(row["is_pushed"]), "in_files": bool(row["in_files"])})


def _values(manifest: Manifest) -> SqlRow:
    return {name: getattr(manifest, name) for name in _MANIFEST_FIELDS}


def _manifest(row: SqlRow) -> Manifest:
    return Manifest(**{name: row[name] for name in _MANIFEST_FIELDS})
