"""A database of millions of posts like those of Bluesky, and what commands cost on it.

Used by `scripts/bench large`. Posts come in the order of time; their ids come in none, since each begins with its
author's. CPU seconds of whole processes, start-up included.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from tests.tools.memory import measured
from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.ranking.baseline.ticks import tick_of
from trendspark_cli.store.rows.trends import RankingProgress
from trendspark_cli.store.sqlite.administration import create_database
from trendspark_cli.store.sqlite.archives import BESIDE_POSTS
from trendspark_cli.store.sqlite.connection import Connection
from trendspark_cli.store.sqlite.store import open_sqlite

A_DAY = 1_000_000
AUTHORS, TEXTS, WORDS = 200_000, 100_000, 30_000
STEP = 100_000  # posts of a transaction
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
RAW = "INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Cost(NamedTuple):
    """What a command took."""

    what: str
    cpu: float
    wall: float
    mib: float
    told: str


def make_large(path: Path, posts: int, a_day: int = A_DAY) -> datetime:
    """Write posts of whole days up to last midnight, all of them ranked; return the first day.

    Three of ten have a link, one of twenty a history of its counters.
    """
    create_database(path)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - timedelta(days=posts // a_day)
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous = OFF", "cache_size = -3000000", "foreign_keys = OFF"):
        db.execute(f"PRAGMA {pragma}")
    triggers = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('post_links', 'post_metrics')"
    ).fetchall()
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    for rows in _posts(first, posts, a_day):
        links = [(row[0], f"https://site{row[0] % 5000}.example/article/{row[0]}") for row in rows if row[0] % 10 < 3]
        counted = [(row[0], at, count) for row in rows if row[0] % 20 == 0 for at, count in _counts(row)]
        db.execute("BEGIN")
        db.executemany(RAW, rows)
        db.executemany("INSERT INTO post_links VALUES (?, ?)", links)
        db.executemany("INSERT INTO post_metrics (post_id, observed_at, likes) VALUES (?, ?, ?)", counted)
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for _, sql in triggers:
        db.execute(sql)
    db.close()
    store, now = open_sqlite(path), datetime.now(UTC)
    with store.transaction():
        newest, tick = store.posts.settled_id(), tick_of(int(now.timestamp()))
        store.ranking.save_progress(RankingProgress(newest, to_text(now), newest, tick, tick))
    store.close()
    return first


def _posts(first: datetime, posts: int, a_day: int) -> Iterator[list[tuple[object, ...]]]:
    draw = random.Random(3)
    words = ["".join(draw.choices(LETTERS[:26], k=2 + number % 9)) for number in range(WORDS)]
    weights = list(accumulate(1 / (number + 3) for number in range(WORDS)))
    texts = [" ".join(draw.choices(words, cum_weights=weights, k=draw.randint(6, 26))) for _ in range(TEXTS)]
    people = ["did:plc:" + "".join(draw.choices(LETTERS, k=24)) for _ in range(AUTHORS)]
    since = first.timestamp()
    for begin in range(0, posts, STEP):
        rows: list[tuple[object, ...]] = []
        for number in range(begin, min(posts, begin + STEP)):
            at = to_text(from_epoch(since + number * 86400 / a_day))
            person, key = people[int(AUTHORS * draw.random() ** 2)], "3m" + "".join(draw.choices(LETTERS, k=11))
            place, url = f"at://{person}/app.bsky.feed.post/{key}", f"https://bsky.app/profile/{person}/post/{key}"
            text, likes = f"{texts[draw.randrange(TEXTS)]} {number}", 5 if (number + 1) % 20 == 0 else None
            rows.append(
                (number + 1, "bluesky", place, person, None, text, url, "en", at, likes, *[None] * 4, 0, at, at)
            )
        yield rows


def _counts(row: tuple[object, ...]) -> Iterator[tuple[str, int]]:
    made = str(row[8])
    yield made, 0
    yield f"{made[:-4]}999Z", 5


def measure(folder: Path, posts: int, tell: Callable[[Cost], None]) -> None:
    """Tell what each command costs on a database of so many posts, and what the floors of some of them are."""
    path = folder / "trendspark.db"
    with ProcessPoolExecutor(1) as apart:  # or what it held would be told of every command
        first = apart.submit(make_large, path, posts).result()
    days = posts // A_DAY
    surroundings = surroundings_of(folder, retention_days=days - 1)
    author = sqlite3.connect(path).execute("SELECT author FROM posts ORDER BY id DESC LIMIT 1").fetchone()[0]
    day = f"{first:%Y-%m-%d}"
    for command in (
        "health",
        "db stats",
        "doctor",
        "archive --dry-run",
        f"db backup {folder}/copy.db",
        f"posts forget --source bluesky --author {author}",
        "archive --force",
        "archive --force",
        "vacuum",
        f"archives restore --since {day}T00:00:00Z --until {day}T02:00:00Z",
    ):
        tell(_cost(command, surroundings, folder))
        (folder / "copy.db").unlink(missing_ok=True)
    tell(_floor("the rows of a day, read", lambda: _read(path, 2)))
    tell(_floor("a day to Parquet and back: pyarrow alone", lambda: _by_pyarrow(path, 2, folder)))
    rows = _read(path, 3)
    tell(_floor("a day deleted, 1,000 to a transaction", lambda: _delete(path, rows)))
    tell(_floor("100,000 inserted, 1,000 to a transaction", lambda: _insert(path, rows[:STEP])))


def surroundings_of(home: Path, *, retention_days: int) -> dict[str, str]:
    """Make the folders of an installation that archives what is older; return its settings."""
    for name in ("archive", "textfile"):
        (home / name).mkdir(parents=True)
    return {
        "PATH": os.environ["PATH"],
        "TRENDSPARK_HOME": str(home),
        "TEXTFILE_DIR": str(home / "textfile"),
        "ARCHIVE_URL": f"file://{home}/archive",
        "RETENTION_DAYS_POSTS_BLUESKY": str(retention_days),
        "SEARCH_INDEX": "false",
    }


def _cost(command: str, surroundings: Mapping[str, str], folder: Path) -> Cost:
    done = measured([sys.executable, "-m", "trendspark_cli", *command.split()], surroundings, folder)
    lines = done.told.strip().splitlines()
    told = f"exit {done.exit_code}: {lines[-1][:150] if lines else ''}"
    return Cost(command, done.cpu_seconds, done.seconds, done.mebibytes, told)


def _floor(what: str, work: Callable[[], Sequence[object]]) -> Cost:
    began, clock = time.process_time(), time.monotonic()
    rows = len(work())
    cpu, wall = time.process_time() - began, time.monotonic() - clock
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(what, cpu, wall, mib, f"{cpu * 1e6 / max(1, rows):.1f} µs a post")


def _read(path: Path, day: int) -> list[tuple[object, ...]]:
    between = ((day - 1) * A_DAY + 1, day * A_DAY)
    return sqlite3.connect(path).execute("SELECT * FROM posts WHERE id BETWEEN ? AND ? ORDER BY id", between).fetchall()


def _by_pyarrow(path: Path, day: int, folder: Path) -> list[tuple[object, ...]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = _read(path, day)
    table = pa.table(list(map(pa.array, zip(*rows, strict=True))), names=[f"c{n}" for n in range(len(rows[0]))])
    pq.write_table(table, folder / "floor.parquet", compression="zstd")
    pq.read_table(folder / "floor.parquet")
    return rows


def _delete(path: Path, rows: Sequence[tuple[object, ...]]) -> Sequence[object]:
    db = Connection(path)
    own = db.queries("archives")
    with db.without_cascades():
        for begin in range(0, len(rows), 1000):
            ids = {"ids": json.dumps([row[0] for row in rows[begin : begin + 1000]])}
            with db.transaction():
                db.execute("DELETE FROM posts WHERE id IN (SELECT value FROM json_each(:ids))", ids)
                for name in BESIDE_POSTS:
                    db.execute(own[name], ids)
    db.close()
    return rows


def _insert(path: Path, rows: Sequence[tuple[object, ...]]) -> Sequence[object]:
    db = Connection(path)
    for begin in range(0, len(rows), 1000):
        with db.transaction():
            db.executemany(RAW, rows[begin : begin + 1000])
    db.close()
    return rows
