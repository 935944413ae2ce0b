"""`rank` beside others who lock what it locks: what the server undid is done again, and counts once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.builders import in_lines, own_line
from tests.ingest.operator import Operator
from tests.rank.test_rank_job import NOW, TICK
from tests.ranking.streams import background, said
from tests.tools.alike import different_tables
from tests.tools.processes import wait_for
from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.ranking.baseline.baseline_posts import PostRow

LONGEST_SECONDS = 30.0
EARLIER = NOW - timedelta(hours=47, minutes=45)  # some of what was young then matures between the last two runs
# What a transaction of `rank` locks first, and what it locks later.
LOCKED = {
    "history": ("SELECT FROM ranking_sources FOR UPDATE", "SELECT FROM ranking_progress FOR UPDATE"),
    "forecasts": ("SELECT FROM forecast_sources FOR UPDATE", "SELECT FROM forecast_progress FOR UPDATE"),
}


def posts_of_all_runs(folder: Path) -> list[Path]:
    """Young posts that mature two days later; three quiet days; posts that are late, and news. All have been liked."""
    early = background(int((EARLIER - timedelta(hours=1)).timestamp()) // 900, 4)
    quiet = background(TICK - 3 * 96, 3 * 96)
    late = said("forgotten words", 120, int((NOW - timedelta(hours=30)).timestamp()))
    news = said("volcano eruption", 20, int((NOW - timedelta(minutes=15)).timestamp()), every=60)
    return [
        written(folder / "early.ndjson", early),
        written(folder / "liked.ndjson", early, likes=9),
        written(folder / "quiet.ndjson", quiet),
        written(folder / "later.ndjson", [*late, *news]),
    ]


def written(file: Path, posts: Sequence[PostRow], *, likes: int = 1) -> Path:
    """Write posts with counters."""
    lines = (
        own_line(
            str(one.id),
            created_at=to_text(from_epoch(one.created_at)),
            text=one.text,
            author=f"author{one.id}",
            likes=likes * (one.id % 50),
        )
        for one in posts
    )
    file.write_bytes(in_lines(*lines))
    return file


def with_a_past(home: Path, environment: dict[str, str], files: Sequence[Path]) -> Operator:
    """An operator with all of these posts, whose last run was before the last of them came."""
    early, liked, quiet, later = map(str, files)
    here = Operator(home, environment, now=EARLIER)
    here.ingest(file=early)
    here.later(hours=10)
    here.ingest(file=liked)
    here.later(hours=37, minutes=45)
    here.ingest(file=quiet)
    assert here.rank().exit_code == 0
    here.later(minutes=15)
    here.ingest(file=later)
    return here


@pytest.mark.postgres
@pytest.mark.parametrize("what", LOCKED)
def test_a_transaction_of_rank_that_met_another_one_counts_once(tmp_path: Path, postgres_url: str, what: str) -> None:
    files = posts_of_all_runs(tmp_path)
    undisturbed = with_a_past(tmp_path / "one", {}, files)
    here = with_a_past(tmp_path / "two", {"DATABASE_URL": postgres_url}, files)
    first, later = LOCKED[what]
    exit_codes: list[int] = []
    with psycopg.connect(postgres_url) as other, psycopg.connect(postgres_url, autocommit=True) as onlooker:
        other.execute("SET search_path = trendspark; SET deadlock_timeout = '60s'")  # it is rank that gives way
        other.execute(later)
        ranking = threading.Thread(target=lambda: exit_codes.append(here.rank().exit_code), daemon=True)
        ranking.start()
        wait_for("rank waits", lambda: waits(onlooker), seconds=LONGEST_SECONDS, pause=0.01)
        other.execute(first)
        other.rollback()
        ranking.join(LONGEST_SECONDS)
        wait_for("the server counted it", lambda: deadlocks(onlooker) > 0, seconds=LONGEST_SECONDS, pause=0.05)
    undisturbed.rank()

    assert exit_codes == [0]
    with closing(undisturbed.store()) as one, closing(here.store()) as two:
        assert different_tables(one, two, with_ids=False) == []  # what was undone has used up some


def waits(onlooker: psycopg.Connection) -> bool:
    """Tell whether a session waits for a lock."""
    sql = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return onlooker.execute(sql).fetchone() is not None


def deadlocks(onlooker: psycopg.Connection) -> int:
    """Return how often two sessions waited for each other."""
    sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    return sum(row[0] for row in onlooker.execute(sql))
