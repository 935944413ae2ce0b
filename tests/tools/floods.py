"""Floods of posts in one quarter of an hour, each of another kind, ranked by the real command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from tests.ingest.operator import Operator
from tests.rank.test_rank_job import write_posts
from tests.ranking.streams import background, post, said
from tests.tools.processes import PROJECT
from trendspark_cli.ranking.baseline.baseline_posts import PostRow

ADVERT = "win a volcano eruption trip to iceland today"
# Peak memory as the system counts it for a child begins with that of its parent; this is the process's own.
MEASURED = """
import sys, time
from trendspark_cli.__main__ import main
try:
    main()
finally:
    own = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(time.process_time(), own.split()[1], file=sys.stderr)
"""
LONG_TEXT = 100_000  # characters


@dataclass(frozen=True)
class Flooded:
    """What a run of `rank` did with a flood."""

    posts: int
    trends: int
    seconds: float
    megabytes: float


def everyday(posts: int, at: int) -> Iterator[PostRow]:
    """Yield what people say on any day."""
    yield from (row._replace(created_at=at + row.id % 600) for row in background(at // 900, 1, posts, seed=8))


def one_author(posts: int, at: int) -> Iterator[PostRow]:
    """Yield one account's many words about one thing."""
    yield from (
        row._replace(created_at=at + row.id % 600) for row in said("volcano eruption", posts, at, ["flooder"], every=0)
    )


def one_text(posts: int, at: int) -> Iterator[PostRow]:
    """Yield one text, each time by a new account."""
    yield from (post(ADVERT, at + n % 600, f"new{n}") for n in range(posts))


def one_text_varied(posts: int, at: int) -> Iterator[PostRow]:
    """Yield one text, each time by a new account, with another word at its end and another link."""
    yield from (post(f"{ADVERT} v{n} https://ad.example/{n}", at + n % 600, f"new{n}") for n in range(posts))


def one_text_amid_others(posts: int, at: int) -> Iterator[PostRow]:
    """Yield one text, each time by a new account, with three words of a thousand beside it."""
    random = Random(6)
    words = [f"{first}{last}" for first in "abcdefghij" for last in range(100)]
    yield from (post(f"{ADVERT} {' '.join(random.sample(words, 3))}", at + n % 600, f"new{n}") for n in range(posts))


def one_number_each(posts: int, at: int) -> Iterator[PostRow]:
    """Yield three words by new accounts, with a number of its own in each."""
    yield from (post(f"win {1000 + n} now", at + n % 600, f"new{n}") for n in range(posts))


def long_texts(posts: int, at: int) -> Iterator[PostRow]:
    """Yield texts without end, one for each hundred posts asked for."""
    for n in range(posts // 100):
        text = " ".join(f"{n}word{number}" for number in range(LONG_TEXT // 10))
        yield post(text[:LONG_TEXT], at + n % 600, f"writer{n}")


FLOODS: Mapping[str, Callable[[int, int], Iterator[PostRow]]] = {
    "everyday posts": everyday,
    "one author": one_author,
    "one text, new accounts": one_text,
    "one text, a word changed": one_text_varied,
    "one text, three words more": one_text_amid_others,
    "a few words and a number": one_number_each,
    "texts without end": long_texts,
}


def flooded(folder: Path, name: str, posts: int) -> Flooded:
    """Have three quiet days, then a flood within the last quarter of an hour, and rank it all as cron would."""
    now = datetime.now(UTC)
    tick = int(now.timestamp()) // 900
    here = Operator(folder / "home", now=now)
    known = background(tick - 3 * 96, 3 * 96 - 1)
    here.ingest(file=str(write_posts(folder / "known.ndjson", known)))
    _rank(here)
    here.ingest(file=str(write_posts(folder / "flood.ndjson", list(FLOODS[name](posts, tick * 900 - 900)))))
    seconds, megabytes = _rank(here)
    stored, trends = (here.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in ("posts", "trends"))
    return Flooded(stored - len(known), trends, seconds, megabytes)


def _rank(here: Operator) -> tuple[float, float]:
    """Run `rank` in a process of its own; return its CPU seconds and peak memory."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "rank", "--json"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(here.home), "PYTHONPATH": str(PROJECT), **here.environment},
        cwd=here.home,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["exit_code"] == 0, done.stdout
    seconds, kilobytes = done.stderr.split()
    return float(seconds), int(kilobytes) * 1024 / 1e6
