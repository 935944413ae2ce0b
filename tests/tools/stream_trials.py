"""A stream at full speed: what is lost, how long a post takes to its row, and what memory it needs."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.servers import x_post
from tests.stream.listening import x_stream
from tests.tools.processes import wait_for

TICK_SECONDS = 0.05  # posts are sent in groups, twenty a second


@dataclass(frozen=True)
class Flow:
    """What became of the posts of a stream. Latency is from the moment of sending to a row another program sees."""

    sent: int
    stored: int
    seconds: float
    p50_seconds: float
    p99_seconds: float
    mib_early: float
    mib_late: float


def flow(folder: Path, *, rate: int, seconds: int) -> Flow:
    """Send *rate* posts a second for so long, and watch the database meanwhile."""
    with x_stream(folder / "home", X_MAX_READS_PER_DAY="100000000", X_MAX_READS_PER_MONTH="100000000") as x:
        with x.listening() as process:
            watched = _Watch(x.operator.database)
            per_tick = round(rate * TICK_SECONDS)
            ready = [_lines(tick, per_tick) for tick in range(round(seconds / TICK_SECONDS))]
            early = late = 0.0
            began = time.monotonic()
            for tick, lines in enumerate(ready):
                time.sleep(max(0.0, began + tick * TICK_SECONDS - time.monotonic()))
                watched.note_sent((tick + 1) * per_tick)
                x.server.send_lines(lines)
                if tick == len(ready) // 4:
                    early = _resident_mib(process.pid)
            taken = time.monotonic() - began
            sent = len(ready) * per_tick
            wait_for("all is stored", lambda: watched.count >= sent, seconds=60)
            late = _resident_mib(process.pid)
            watched.stop()
        return Flow(sent, watched.count, taken, *watched.latencies(), early, late)


class _Watch(threading.Thread):
    """Looks at how many posts there are, a hundred times a second."""

    def __init__(self, database: Path) -> None:
        super().__init__(daemon=True)
        self.count = 0
        self._database = database
        self._sent: list[tuple[int, float]] = []
        self._seen: list[tuple[int, float]] = []
        self._is_over = threading.Event()
        self.start()

    def note_sent(self, total: int) -> None:
        """So many posts will have been sent."""
        self._sent.append((total, time.monotonic()))

    def run(self) -> None:
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as connection:
            while not self._is_over.is_set():
                self.count = connection.execute("SELECT coalesce(max(id), 0) FROM posts").fetchone()[0]
                self._seen.append((self.count, time.monotonic()))
                self._is_over.wait(0.01)

    def stop(self) -> None:
        """Look no more."""
        self._is_over.set()
        self.join()

    def latencies(self) -> tuple[float, float]:
        """Return the median and the 99th percentile, over groups."""
        found, place = [], 0
        for total, at in self._sent:
            while place < len(self._seen) and self._seen[place][0] < total:
                place += 1
            if place < len(self._seen):
                found.append(max(0.0, self._seen[place][1] - at))
        found.sort()
        return found[len(found) // 2], found[int(len(found) * 0.99)]


def _lines(tick: int, count: int) -> list[str]:
    moment = datetime.now(UTC)
    lines = []
    for number in range(count):
        n = tick * count + number
        post = x_post(
            moment, f"post {n} about a bridge and {n % 977} things", author_id=str(n % 5003 + 1), sequence=n % 4096
        )
        post["id"] = post["edit_history_tweet_ids"][0] = str(2_000_000_000_000_000_000 + n)
        lines.append(json.dumps({"data": post, "matching_rules": [{"id": "1"}]}))
    return lines


def _resident_mib(pid: int) -> float:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True)
class Together:
    """What came of jobs of cron beside a stream: how they ended, and what nobody may see."""

    runs: int
    other_codes: list[int]  # than 0, and 75 for a lock that the stream holds
    locked: int  # lines of "stayed locked"
    sent: int
    stored: int


def together(folder: Path, *, seconds: int) -> Together:
    """Let `ingest`, `rank` and `deliver` run one after the other beside a stream that brings 40 posts a second."""
    with x_stream(folder / "home", X_MAX_READS_PER_DAY="100000000", X_MAX_READS_PER_MONTH="100000000") as x:
        codes: list[int] = []
        sent = 0
        with x.listening():
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for job in ("ingest", "rank", "deliver"):
                    moment, names = datetime.now(UTC), [str((sent + n) % 977 + 1) for n in range(20)]
                    some = [x_post(moment, f"bridge {sent + n}", author_id=a, sequence=n) for n, a in enumerate(names)]
                    x.server.publish(some)
                    sent += len(some)
                    codes.append(x.operator.command(job).exit_code)
            wait_for("all is stored", lambda: len(x.stored()) >= sent, seconds=30)
        log = (x.operator.home / "trendspark.log").read_text(encoding="utf-8")
        others = [code for code in codes if code not in (0, 75)]
        return Together(len(codes), others, log.count("stayed locked"), sent, len(x.stored()))
