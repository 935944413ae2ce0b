"""`vacuum`: the file shrinks as far as readers allow, is checked first, and nobody waits long for it."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.archive.keeping import NOW, TREND, Keeper, counts_of, fill
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Alert
from trendspark_cli.jobs import vacuum as vacuum_job
from trendspark_cli.ranking.lifecycle.trends import TrendState
from trendspark_cli.store.sqlite.upkeep import Upkeep

pytestmark = pytest.mark.only_sqlite  # of the file; a server gives room back by itself

GAP: dict[str, Any] = {
    "profile": "default",
    "source": "x",
    "since_id": "1",
    "until_id": "2",
    "reason": "test",
    "estimated_reads": 1,
    "run_id": None,
}


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    """An installation half of whose rows have left."""
    made = Keeper(tmp_path / "home")
    fill(made, old=1800, new=400)
    counts_of(made.archive(is_forced=True))
    return made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers are not waited for."""
    monkeypatch.setattr(vacuum_job, "READER_WAIT_SECONDS", 0.05)


def pragma(keeper: Keeper, name: str) -> Any:
    """What the file says of itself."""
    with closing(sqlite3.connect(keeper.database)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_free_pages_go_back_to_the_disk(keeper: Keeper) -> None:
    rows = keeper.everything()
    free = pragma(keeper, "freelist_count") * 4096
    assert free > 1_000_000

    counts = counts_of(keeper.vacuum())

    assert counts["bytes_free_inside"] == free
    assert counts["bytes_before"] - counts["bytes_after"] >= free
    assert keeper.database.stat().st_size == counts["bytes_after"]
    assert (pragma(keeper, "freelist_count"), pragma(keeper, "integrity_check")) == (0, "ok")
    assert keeper.everything() == rows


def test_each_step_is_short_so_that_writers_wait_for_milliseconds(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = [pragma(keeper, "freelist_count")]
    real = Upkeep.give_back

    def note(upkeep: Upkeep) -> int:
        left.append(real(upkeep))
        assert not upkeep._db.in_transaction
        return left[-1]

    monkeypatch.setattr(Upkeep, "give_back", note)
    counts_of(keeper.vacuum())

    assert left[-1] == 0
    assert all(0 <= before - after <= 1000 for before, after in pairwise(left))


@pytest.mark.usefixtures("impatient")
def test_an_open_reader_is_said_and_the_file_shrinks_once_it_has_ended(keeper: Keeper) -> None:
    reader = sqlite3.connect(keeper.database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM posts").fetchone()

    result = keeper.vacuum()

    assert (result.exit_code, result.status) == (75, "error")
    assert str(result.cause).startswith(
        "the database was not shrunk: another program has kept it open for reading for "
    )
    assert reader.execute("SELECT count(*) FROM posts").fetchone()[0] == 400
    reader.close()
    again = counts_of(keeper.vacuum())
    assert again["bytes_after"] < result.counts["bytes_after"]


def test_what_does_not_end_in_its_time_is_said_and_left(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vacuum_job, "CHECK_SECONDS", 0.0)
    monkeypatch.setattr(vacuum_job, "GIVE_BACK_SECONDS", 0.0)
    monkeypatch.setattr(Upkeep, "give_back", lambda upkeep: 7)

    counts = counts_of(keeper.vacuum())

    assert counts["not_checked"] == "not read to its end in 0 s; no fault so far"
    assert counts["note"] == "7 free pages are left for the next run: 0 s were over"


def test_a_full_vacuum_needs_room_for_it(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    size = keeper.database.stat().st_size
    monkeypatch.setattr(Upkeep, "disk_free_bytes", lambda upkeep: 2 * size)

    result = keeper.vacuum(full=True)

    assert result.exit_code == 74
    assert str(result.cause).startswith("a full vacuum needs ")
    assert "2.2 times the file; there are" in str(result.cause)
    assert keeper.database.stat().st_size >= size
    assert keeper.vacuum().exit_code == 0  # the small one needs none


def test_a_full_vacuum_writes_the_file_anew(keeper: Keeper) -> None:
    rows = keeper.everything()

    counts = counts_of(keeper.vacuum(full=True))

    assert counts["bytes_after"] < counts["bytes_before"]
    assert (pragma(keeper, "integrity_check"), pragma(keeper, "auto_vacuum")) == ("ok", 2)
    assert keeper.everything() == rows


def test_a_file_that_cannot_shrink_little_by_little_is_said_and_mended_by_a_full_one(keeper: Keeper) -> None:
    with closing(sqlite3.connect(keeper.database, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("VACUUM")

    assert "run `trendspark vacuum --full` once" in str(counts_of(keeper.vacuum())["note"])
    counts_of(keeper.vacuum(full=True))

    assert pragma(keeper, "auto_vacuum") == 2
    assert "note" not in counts_of(keeper.vacuum())


def test_a_damaged_file_is_left_as_it_is(keeper: Keeper) -> None:
    keeper.damage()
    size = keeper.database.stat().st_size

    result = keeper.vacuum()

    assert result.exit_code == 65
    assert "nothing was changed; keep the file" in getattr(result.cause, "hint", "")
    assert keeper.database.stat().st_size == size


def test_a_dry_run_says_what_could_be_given_back(keeper: Keeper) -> None:
    size = keeper.database.stat().st_size

    result = keeper.vacuum(is_dry=True)

    assert result.counts["bytes_free_inside"] == pragma(keeper, "freelist_count") * 4096
    assert keeper.database.stat().st_size == size


def test_old_roll_ups_are_dropped_and_recent_ones_stay(keeper: Keeper) -> None:
    ages = {"api_calls": 30, "notices": 90, "gaps": 90, "trends": 400}
    with keeper.changes() as store:
        for days in (1, -1):
            for table, age in ages.items():
                at = NOW - timedelta(days=age + days)
                if table == "api_calls":
                    store.api_calls.add([(at, "x", "search", "2xx", 0.1, 200)])
                elif table == "notices":
                    store.notice_once(f"{table}{days}", at)
                elif table == "gaps":
                    store.gaps.close(store.gaps.open(**GAP, query=f"q{days}", now=at), "filled", at)
                else:
                    store.trends.save(replace(TREND, state=TrendState.CLOSED, closed_at=at))
        store.trends.save(replace(TREND, state=TrendState.CLOSED, closed_at=NOW - timedelta(days=500)))
        store.gaps.open(**GAP, query="open", now=NOW - timedelta(days=300))
        trend_id = store.connection.value("SELECT max(id) FROM trends")
        store.notifications.queue(Alert("tells", "trending_alert", "t", "b", trend_id=trend_id), NOW, muted=True)

    counts = counts_of(keeper.vacuum())

    assert counts["dropped"] == dict.fromkeys(ages, 1)
    kept = {table: keeper.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in ages}
    assert (kept["trends"], kept["gaps"], kept["notices"]) == (
        2,
        2,
        2,
    )  # a trend an alert tells of, an open gap, today's check


@contextmanager
def interrupted() -> Iterator[None]:
    """Be told to stop by a signal in a moment, as the runner is by SIGTERM or a deadline."""

    def stop(number: int, frame: Any) -> None:
        raise KeyboardInterrupt("stop")

    before = signal.signal(signal.SIGUSR1, stop)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    try:
        yield
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)


def test_a_signal_ends_what_takes_long_inside_sqlite(keeper: Keeper) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    with closing(keeper.store()) as store:
        with pytest.raises(KeyboardInterrupt, match="stop"), interrupted():
            store.upkeep._interruptibly(endless)

        assert store.posts.count() == 400  # the connection still works


def test_sizes_and_growth_are_shown(keeper: Keeper) -> None:
    with keeper.changes() as store:
        store.connection.execute("DELETE FROM ingest_audit")
        for days in range(1, 7):
            store.connection.execute(
                "INSERT INTO ingest_audit (cycle_id, source, new, created_at) VALUES (1, 'x', 50, ?)",
                (to_text(NOW - timedelta(days=days)),),
            )

    found = keeper.command_now("db", "stats", "--json").json

    per_post = (found["bytes"] - found["free_bytes"]) / found["rows"]["posts"]
    assert found["growth_bytes_per_day"] == round(50 * per_post)
    room = found["disk_free_bytes"] + found["free_bytes"]
    assert found["days_until_disk_full"] == round(room / found["growth_bytes_per_day"])


def test_growth_is_not_guessed_from_less_than_a_day(keeper: Keeper) -> None:
    with keeper.changes() as store:
        store.connection.execute("DELETE FROM ingest_audit")

    done = keeper.command_now("db", "stats")

    assert "growth: not known yet" in done.stdout.splitlines()
