"""Other programs at the same work: a file of posts into a table, and rows of a table into Parquet and back.

Used by `scripts/bench peers`. `PEERS_PYTHON` names a Python that has what is to be compared (`pip install sqlite-utils
duckdb chdb pyarrow scikit-learn twarc`), else it is this one; restic is looked for in the PATH; what is not installed
is left out. CPU seconds of whole processes, start-up and all threads included, so that an engine on many cores is not
ahead by these alone. No program may take more than two minutes, and no new turn begins after five.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

POSTS, FEW = 60_000, 5_000
LONGEST_SECONDS = 120.0  # of one program, by the clock on the wall
LAST_TURN_SECONDS = 300.0  # after which no other turn is begun
PAGE = 100  # posts of one answer of X
DAY = "2026-09-01"

FLOOR = """
import json, sqlite3, sys
db = sqlite3.connect("floor.db", isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, source TEXT, source_id TEXT, author TEXT, text TEXT, "
           "created_at TEXT, UNIQUE (source, source_id))")
names = ("source", "source_id", "author", "text", "created_at")
rows = [tuple(map(json.loads(line).get, names)) for line in open("posts.ndjson")]
for first in range(0, len(rows), 1000):
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT OR IGNORE INTO posts (source, source_id, author, text, created_at) VALUES (?, ?, ?, ?, ?)",
                   rows[first:first + 1000])
    db.execute("COMMIT")
"""
DUCKDB = """
import duckdb
db = duckdb.connect("duck.db")
db.execute("CREATE TABLE posts AS SELECT * FROM read_json_auto('posts.ndjson')")
"""
CHDB = """
from chdb.session import Session
db = Session("ch")
db.query("CREATE DATABASE t"); db.query("CREATE TABLE t.posts (source String, source_id String, author String, "
         "text String, created_at String, likes UInt32) ENGINE = MergeTree ORDER BY (source, source_id)")
db.query("INSERT INTO t.posts SELECT * FROM file('posts.ndjson', 'JSONEachRow')")
"""
SKLEARN = """
import json
from sklearn.feature_extraction.text import CountVectorizer
CountVectorizer(ngram_range=(1, 2)).fit_transform([json.loads(line)["text"] for line in open("posts.ndjson")])
"""
PYARROW = """
import sqlite3
import pyarrow, pyarrow.parquet
cursor = sqlite3.connect("floor.db").execute("SELECT * FROM posts")
table = pyarrow.table(dict(zip([c[0] for c in cursor.description], map(list, zip(*cursor.fetchall())))))
pyarrow.parquet.write_table(table, "arrow.parquet", compression="zstd")
pyarrow.parquet.read_table("arrow.parquet").to_pylist()
"""
RESTIC = "export RESTIC_PASSWORD=peers RESTIC_REPOSITORY=restic; restic -q init && restic -q backup home/trendspark.db"
PARQUET_BY_DUCKDB = """
import duckdb
duckdb.connect("duck.db").execute("COPY posts TO 'duck.parquet' (COMPRESSION zstd)")
duckdb.sql("SELECT * FROM 'duck.parquet'").fetchall()
"""


def write_posts(path: Path, count: int) -> None:
    """Write a file of our own lines, all of one day."""
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghijklmnoprstuvwz", k=3 + number % 7)) for number in range(20_000)]
    with path.open("w") as file:
        for number in range(count):
            hour, second = divmod(number * 86_400 // count, 3600)
            post = {
                "source": "bluesky",
                "source_id": f"at://did:plc:{chance.getrandbits(96):x}/app.bsky.feed.post/3k{number:011d}",
                "author": f"did:plc:{chance.getrandbits(18):x}",
                "text": " ".join(chance.choices(words, k=chance.randint(6, 26))),
                "created_at": f"{DAY}T{hour:02d}:{second // 60:02d}:{second % 60:02d}.000Z",
                "likes": number % 5,
            }
            file.write(json.dumps(post) + "\n")


def write_pages(path: Path, count: int) -> None:
    """Write answers of X as its API v2 gives them, a line each."""
    with path.open("w") as file:
        for first in range(0, count, PAGE):
            numbers = range(first, min(count, first + PAGE))
            metrics = {"retweet_count": 0, "reply_count": 1, "like_count": 2, "quote_count": 0, "impression_count": 9}
            data = [
                {
                    "id": str(2_000_000_000_000_000_000 + number),
                    "text": f"post {number} of a page, about nothing at all",
                    "author_id": str(10**9 + number % 5000),
                    "created_at": f"{DAY}T12:00:00.000Z",
                    "lang": "en",
                    "public_metrics": metrics,
                }
                for number in numbers
            ]
            users = [{"id": str(10**9 + n % 5000), "name": "A", "username": f"user{n % 5000}"} for n in numbers]
            meta = {"newest_id": data[-1]["id"], "oldest_id": data[0]["id"], "result_count": len(data)}
            file.write(json.dumps({"data": data, "includes": {"users": users}, "meta": meta}) + "\n")


def seconds(command: Sequence[str | Path], folder: Path, environment: dict[str, str]) -> float | None:
    """Return the CPU seconds of a process and its children; None when it is not there, failed, or took too long."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=LONGEST_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        return None
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def made_ranked(database: Path) -> None:
    """Have all posts looked at and taken into history, so that they may leave."""
    with sqlite3.connect(database) as connection:
        connection.execute(
            "UPDATE ranking_progress SET seen_post_id = (SELECT max(id) FROM posts), "
            "folded_created_at = '2026-11-01T00:00:00.000Z', folded_post_id = 0"
        )


def lines_of(folder: Path, *, quick: bool) -> list[tuple[str, str, str, str]]:
    """Return what each takes, beside the floor of its kind of work: what, goal, measured, ratio."""
    ours, theirs = Path(sys.executable).parent, Path(os.environ.get("PEERS_PYTHON", sys.executable))
    rows = FEW if quick else POSTS
    taken: dict[str, list[float | None]] = {}
    until = time.monotonic() + LAST_TURN_SECONDS
    for turn in range(1 if quick else 3):
        if turn and time.monotonic() > until:
            break
        here = folder / f"turn{turn}"
        here.mkdir()
        (here / "archive").mkdir()
        write_posts(here / "posts.ndjson", rows)
        write_pages(here / "pages.jsonl", rows)
        own = {"PATH": os.environ["PATH"], "HOME": str(here), "TRENDSPARK_HOME": str(here / "home")}
        own["ARCHIVE_URL"] = f"file://{here}/archive"
        subprocess.run([ours / "trendspark", "db", "init"], check=True, env=own, stdout=subprocess.DEVNULL)
        steps: dict[str, list[str | Path]] = {
            "a file into a table: json and executemany into five columns": [theirs, "-c", FLOOR],
            "a file into a table: `ingest --from`": [ours / "trendspark", "ingest", "--from", "posts.ndjson"],
            "a file into a table: sqlite-utils": [
                theirs.parent / "sqlite-utils", "insert", "utils.db", "posts", "posts.ndjson", "--nl", "--pk=source_id",
            ],
            "a file into a table: DuckDB": [theirs, "-c", DUCKDB],
            "a file into a table: chdb": [theirs, "-c", CHDB],
            "answers of X, stored: `ingest --from`": [ours / "trendspark", "ingest", "--from", "pages.jsonl"],
            "answers of X, written one post a line: twarc2 flatten": [
                theirs.parent / "twarc2", "--bearer-token", "none", "flatten", "pages.jsonl", "flat.jsonl",
            ],
            "words and pairs counted: scikit-learn": [theirs, "-c", SKLEARN],
            "to Parquet and back: pyarrow": [theirs, "-c", PYARROW],
            "to Parquet and back: DuckDB, of a table of its own": [theirs, "-c", PARQUET_BY_DUCKDB],
            "to Parquet and back, with sums, and deleted: `archive`": [
                ours / "trendspark", "archive", "--table", "posts", "--force",
            ],
            "the database copied: cp": ["cp", "home/trendspark.db", "plain.db"],
            "the database copied: `db backup`": [ours / "trendspark", "db", "backup", "backup.db"],
            "the database copied, into a new repository: restic": ["sh", "-c", RESTIC],
        }  # fmt: skip
        for what, command in steps.items():
            if "`archive`" in what:
                made_ranked(here / "home" / "trendspark.db")
            taken.setdefault(what, []).append(seconds(command, here, own))
        shutil.rmtree(here)
    floors = {"a file": "json and executemany", "to Parquet": "pyarrow", "the database": ": cp"}
    found = {what: statistics.median(times) for what, times in taken.items() if None not in times}  # type: ignore[type-var]
    lines = []
    for what in taken:
        if what not in found:
            lines.append((f"{rows:,} posts, {what}", "", "not installed, it failed, or took too long", ""))
            continue
        floor = next(
            (
                time
                for other, time in found.items()
                for kind, name in floors.items()
                if what.startswith(kind) and name in other
            ),
            None,
        )
        ratio = f"{found[what] / floor:.2f} ×" if floor else ""
        lines.append((f"{rows:,} posts, {what}", "", f"{found[what]:.2f} s", ratio))
    return lines
