"""All of Bluesky on one small machine: ticks of 50 and 150 posts a second, ranked one by one beside another writer.

Used by `scripts/bench bluesky`. Posts are invented words after Zipf's law, each by chance: nothing in them is news, so
whatever opens a trend is a false alarm. The history is as young as one may be that opens trends: its source is said to
be known for a day, though it has only what left the window by then.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from growth_picture import Plot, draw
from large import surroundings_of

from tests.tools.memory import Measured, measured
from trendspark_cli.base.clock import from_epoch, from_text, to_text, utc_now
from trendspark_cli.base.models import Post
from trendspark_cli.base.settings import load_settings
from trendspark_cli.jobs.rank import rank_topics
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, TICKS_PER_DAY, WINDOW_TICKS
from trendspark_cli.ranking.text.stop_words import STOP_WORDS
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.sqlite.administration import create_database
from trendspark_cli.store.sqlite.store import SqliteStore, open_sqlite
from trendspark_cli.trends.rank_rules import Experience, lifecycle_rules
from trendspark_cli.trends.trend_routes import TrendRoutes

START = int(from_text("2026-11-01T00:00:00Z").timestamp())
WORDS = 60_000
POSTS_PER_TRANSACTION = 1_000
OTHER_WRITER_SECONDS = 0.1
STATE = ("ranking_runs", "ranking_run_parts", "ranking_sources", "ranking_progress")


class Volume(NamedTuple):
    """So many posts a second, ranked for so many ticks once the window is full; what a tick may cost.

    `ticks_off`: for so many nothing is ranked afterwards; all of it is caught up with in one run, and the first day
    leaves for an archive.
    """

    per_second: int
    ticks: int
    cpu_seconds: float
    mebibytes: int
    ticks_off: int = 0


SHORT = (Volume(50, 3, 6.0, 600),)
LONG = (Volume(50, 48, 6.0, 600, ticks_off=TICKS_PER_DAY), Volume(150, 8, 15.0, 1_228))


class Texts:
    """Posts of chance, a tick at a time."""

    def __init__(self) -> None:
        letters = random.Random(1)
        stop_words = sorted(STOP_WORDS, key=lambda word: (len(word), word))[:150]
        words = ["".join(letters.choices("abcdefghijklmnoprstuvwz", k=4 + number % 6)) for number in range(WORDS)]
        self._words = np.array([*stop_words, *words], dtype=object)
        shares = np.cumsum(1.0 / (np.arange(self._words.size) + 3))
        self._shares = shares / shares[-1]

    def posts(self, tick: int, count: int) -> Iterator[Post]:
        """Yield the posts of a tick: 6 to 26 words, and three of ten a link of their own."""
        chance = np.random.default_rng(tick)
        ends = np.cumsum(chance.integers(6, 27, count)).tolist()
        words = self._words[np.searchsorted(self._shares, chance.random(ends[-1]))].tolist()
        authors = (chance.pareto(0.6, count).astype(np.int64) % 50_000).tolist()
        links = chance.integers(0, 1 << 40, count).tolist()
        for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
            link = f" https://t.example/{links[number]:x}" if links[number] % 10 < 3 else ""
            at = to_text(from_epoch(tick * TICK_SECONDS + TICK_SECONDS * number / count))
            text = " ".join(words[start:end]) + link
            yield Post(
                "bluesky",
                f"{tick}-{number}",
                str(authors[number]),
                None,
                text,
                None,
                "en",
                at,
                likes=None,
                replies=None,
                reposts=None,
                quotes=None,
                views=None,
                edits=0,
                observed_at=None,
            )


class OtherWriter(threading.Thread):
    """A program of somebody else's that writes a row every 100 ms, and notes how long it waits for that."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path, self._ended = path, threading.Event()
        self.waits: list[float] = []
        self.wal_bytes = 0

    def run(self) -> None:
        """Write until it is told to end."""
        connection = sqlite3.connect(self._path, timeout=15, isolation_level=None)
        connection.execute("CREATE TABLE IF NOT EXISTS others (n INTEGER)")
        wal = Path(f"{self._path}-wal")
        while not self._ended.wait(OTHER_WRITER_SECONDS):
            began = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            self.waits.append(time.perf_counter() - began)
            connection.execute("INSERT INTO others VALUES (1)")
            connection.execute("COMMIT")
            self.wal_bytes = max(self.wal_bytes, wal.stat().st_size)
        connection.close()

    def end(self) -> None:
        """Let it end, and wait for that."""
        self._ended.set()
        self.join()


def lines_of(folder: Path, *, is_long: bool) -> Iterator[tuple[str, str, str, str]]:
    """Yield (what, goal, measured, ratio) for each volume."""
    for volume in LONG if is_long else SHORT:
        yield from _lines_of(folder / f"{volume.per_second}.db", volume)


def _lines_of(path: Path, volume: Volume) -> Iterator[tuple[str, str, str, str]]:
    """Run one volume; a picture of what grows is left beside its database."""
    posts = volume.per_second * TICK_SECONDS
    texts, first = Texts(), START // TICK_SECONDS
    create_database(path)
    full = first + WINDOW_TICKS[-1] + 1
    for tick in range(first, full):
        _collect(path, texts.posts(tick, posts))
    _ranked(path, full)
    _grow_old(path)
    writer = OtherWriter(path)
    writer.start()
    found, waits = [], []
    for tick in range(full, full + volume.ticks):
        _collect(path, texts.posts(tick, posts))
        before = len(writer.waits)
        run = _ranked(path, tick + 1)
        waits += writer.waits[before:]
        left = {"state": _table_bytes(path, STATE), "terms": _terms(path), "database": path.stat().st_size}
        found.append({**run, **left})
    end = full + volume.ticks + volume.ticks_off
    for tick in range(full + volume.ticks, end):
        _collect(path, texts.posts(tick, posts))
    places = [len(writer.waits)]
    if volume.ticks_off:
        caught_up = _ranked(path, end)
        places.append(len(writer.waits))
        archived = _archived_day(path)
        places.append(len(writer.waits))
    writer.end()
    waits_off = [_percentiles(sorted(writer.waits[since:until])) for since, until in pairwise(places)]
    waits.sort()
    state, terms = found[-1]["state"], found[-1]["terms"]
    path.with_suffix(".svg").write_text(_growth(volume, found), encoding="utf-8")
    what = f"bluesky, {volume.per_second} posts a second"
    cpu, written = (statistics.median(run[name] for run in found) for name in ("seconds", "written"))
    yield f"{what}: a tick", f"≤ {volume.cpu_seconds:g} CPU s", f"{cpu:.1f} s; {posts:,} posts come and go", ""
    yield "its peak memory", f"≤ {volume.mebibytes:,} MiB", f"{max(run['mib'] for run in found):.0f} MiB", ""
    yield "written, segments included", "≤ 1 kB a post", f"{written / posts:.0f} bytes a post", ""
    yield "its state", "≤ 1 GB when level", f"{state / 1e6:.0f} MB, {state / terms:.1f} bytes a term", ""
    yield "others' wait for the write lock", "p99 ≤ 50 ms", _percentiles(waits), ""
    yield "the WAL", "≤ 16 MB", f"{writer.wal_bytes / 1e6:.1f} MB", ""
    yield "trends opened, of noise", "0", f"{sum(run['opened'] for run in found):.0f}", ""
    if volume.ticks_off:
        what, told = f"a rank after {volume.ticks_off / 4:g} hours off", f"{caught_up['seconds']:.0f} s"
        yield what, "≤ 180 CPU s", f"{told}, {caught_up['mib']:.0f} MiB; others' wait {waits_off[0]}", ""
        told = f"{archived.cpu_seconds:.0f} s, {archived.seconds:.0f} of wall, {archived.mebibytes:.0f} MiB"
        what = f"archive of {TICKS_PER_DAY * posts:,} posts of a day"
        yield what, "≤ 70 CPU s", f"{told}, exit code {archived.exit_code}; others' wait {waits_off[1]}", ""


def _growth(volume: Volume, found: Sequence[Mapping[str, float]]) -> str:
    """Return what each tick took and left behind, as a picture."""

    def plot(name: str, key: str, unit: float, goal: float | None = None) -> Plot:
        return Plot(name, [(number / 4, run[key] / unit) for number, run in enumerate(found, 1)], goal)

    return draw(
        f"{volume.per_second} posts a second, once the window is full",
        [
            plot("CPU seconds of a tick", "seconds", 1, volume.cpu_seconds),
            plot("peak memory of rank, MiB", "mib", 1, volume.mebibytes),
            plot("state of the ranking, MB", "state", 1e6),
            plot("database with all posts, GB", "database", 1e9),
        ],
    )


def _collect(path: Path, posts: Iterator[Post]) -> None:
    """Store posts as `ingest` does, a thousand to a transaction."""
    store, waiting = open_sqlite(path), list(posts)
    for start in range(0, len(waiting), POSTS_PER_TRANSACTION):
        with store.transaction():
            store.posts.save(waiting[start : start + POSTS_PER_TRANSACTION], from_text(waiting[-1].created_at))
    store.close()


def _ranked(path: Path, tick: int) -> dict[str, float]:
    """Rank in a process of its own, a minute into a tick; return what it took."""
    now = to_text(from_epoch(tick * TICK_SECONDS + 60))
    command = [sys.executable, Path(__file__).with_name("bench"), "--child", "bluesky", f"{path}|{now}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    answer = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, answer
    return {**json.loads(answer), "written": used.ru_oublock * 512.0, "mib": used.ru_maxrss / 1024}


def rank_child(place: str) -> dict[str, float]:
    """Run the body of `rank` at a time; return its CPU seconds, imports aside, and how many trends opened."""
    path, now = place.split("|")
    store, job = _open_run(Path(path), from_text(now))
    settings = load_settings({})
    rules = lifecycle_rules(settings, Experience())
    began = time.process_time()
    rank_topics(job, rules, settings.alert_recency, top=20, routes=TrendRoutes(are_muted=True))
    seconds = time.process_time() - began
    store.close()
    return {"seconds": seconds, "opened": float(str(job.counts.get("opened", 0)))}


def _open_run(path: Path, now: datetime) -> tuple[SqliteStore, JobContext]:
    store = open_sqlite(path)
    with store.transaction():
        run_id = store.job_runs.start("bench", now, os.getpid(), "bench", "0")
    return store, JobContext(store, now, run_id)


def _archived_day(path: Path) -> Measured:
    """Have `archive` take the first whole day, with its deletes."""
    home = path.parent / "home"
    surroundings = surroundings_of(home, retention_days=(utc_now() - from_epoch(START)).days - 1)
    surroundings |= {"DATABASE_URL": f"sqlite:///{path}", "JOB_TIMEOUT_ARCHIVE": "2h"}
    return measured([sys.executable, "-m", "trendspark_cli", "archive", "--force"], surroundings, home)


def _grow_old(path: Path) -> None:
    """Say that the source is known for a day."""
    store = open_sqlite(path)
    with store.transaction():
        states = store.ranking.sources()
        old = {name: one._replace(first_tick=one.first_tick - TICKS_PER_DAY, ticks=5.0) for name, one in states.items()}
        store.ranking.put_sources(old)
    store.close()


def _table_bytes(path: Path, tables: Sequence[str]) -> int:
    marks = ",".join("?" * len(tables))
    return int(_value(path, f"SELECT sum(pgsize) FROM dbstat WHERE name IN ({marks})", tables))


def _terms(path: Path) -> int:
    return int(_value(path, "SELECT sum(terms) FROM ranking_runs"))


def _value(path: Path, sql: str, parameters: Sequence[str] = ()) -> Any:
    store = open_sqlite(path, read_only=True)
    value = store.connection.value(sql, tuple(parameters))
    store.close()
    return value


def _percentiles(waits: Sequence[float]) -> str:
    """Return waits, which are in order, as people read them."""
    shown = [f"{name} {waits[int(len(waits) * part)] * 1e3:.0f} ms" for name, part in (("p50", 0.5), ("p99", 0.99))]
    return ", ".join([*shown, f"longest {waits[-1] * 1e3:.0f} ms"])
