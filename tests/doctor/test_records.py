"""The database: its schema, its pages, and rows that need somebody."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, timedelta

import pytest

from tests.builders import NOW, post
from tests.installation import Installation
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Alert
from trendspark_cli.crontabs.timetable import example_timetable
from trendspark_cli.screens.doctor.examining import examine_here
from trendspark_cli.screens.doctor.findings import OK, WARN, Finding
from trendspark_cli.screens.doctor.records import check_database, check_growth, check_rows
from trendspark_cli.store.rows.upkeep import DatabaseStats
from trendspark_cli.store.sqlite.store import SqliteStore

TIMES = example_timetable(UTC)
STATS = DatabaseStats(
    path="t.db",
    bytes=10**9,
    free_bytes=0,
    growth_bytes_per_day=None,
    disk_free_bytes=None,
    days_until_disk_full=None,
    wal_bytes=0,
    search_index_bytes=0,
    schema="s",
    sqlite_version=None,
    engine="e",
    rows={},
)


def of_rows(store: SqliteStore) -> list[Finding]:
    """What is found in the rows, without what is well."""
    return [finding for finding in check_rows(store, NOW) if finding.state != OK]


def test_a_quiet_installation_has_nothing_to_mend(store: SqliteStore) -> None:
    assert of_rows(store) == []
    assert {finding.state for finding in check_database(store)} == {OK}


def test_a_run_that_was_killed_is_named_and_one_at_work_is_not(store: SqliteStore) -> None:
    with store.transaction():
        store.job_runs.start("ingest", NOW - timedelta(hours=2), 1, "host", "0")
        at_work = store.job_runs.start("rank", NOW - timedelta(hours=2), 2, "host", "0")
        store.job_runs.beat(at_work, NOW - timedelta(seconds=20))

    found = of_rows(store)

    assert [(finding.check, finding.what.split(" gave")[0]) for finding in found] == [("runs", "run 1 of ingest")]


def test_a_paused_job_is_named_with_who_paused_it_and_why(workplace: Installation, store: SqliteStore) -> None:
    workplace.command("jobs", "pause", "ingest", "--reason", "token expired", environment={"USER": "ada"})

    found = of_rows(store)

    assert ("by ada: token expired" in found[0].what, found[0].fix) == (True, "trendspark jobs resume ingest")


def test_alerts_that_did_not_get_out_are_counted(store: SqliteStore) -> None:
    with store.transaction():
        for name in ("dead", "waiting"):
            alert = Alert(name, "job_alert", name, name)
            store.notifications.queue(alert, NOW - timedelta(hours=1), muted=False)
        store.notifications.mark(1, "dead", error="refused")

    told = [finding.what for finding in of_rows(store)]

    assert told == ["1 could not be delivered", "the oldest has waited for 60 min"]


def test_rows_of_the_future_say_that_a_clock_is_wrong(store: SqliteStore) -> None:
    later = NOW + timedelta(hours=3)
    with store.transaction():
        store.posts.save([post(created_at=to_text(later))], NOW)
        store.job_runs.start("rank", later, 1, "host", "0")
        store.job_runs.beat(1, later)

    assert [finding.check for finding in of_rows(store)] == ["clock", "clock"]


def test_damaged_pages_are_found(workplace: Installation, store: SqliteStore) -> None:
    with store.transaction():
        store.posts.save([post(str(n), text="x" * 500) for n in range(2000)], NOW)
    store.upkeep.empty_wal(5)
    store.close()
    with workplace.database.open("r+b") as file:
        file.seek(workplace.database.stat().st_size // 2)
        file.write(b"\xff" * 8192)

    found = {
        finding.check: finding for finding in examine_here(workplace.installation().settings, NOW, (), lambda: TIMES)
    }

    assert found["integrity"].state == "fail"
    assert "db backup" in found["integrity"].fix


def test_a_large_database_is_not_read_for_ever(workplace: Installation, store: SqliteStore) -> None:
    with store.transaction():
        store.posts.save([post(str(n), text="x" * 2000) for n in range(5000)], NOW)
    with closing(workplace.store(read_only=True)) as reader:
        assert reader.upkeep.problems(0.0) is None
        assert reader.posts.count() == 5000  # and goes on as if nothing had happened


@pytest.mark.parametrize("command", [("health",), ("doctor", "--offline")])
def test_a_server_that_does_not_answer_is_a_finding(workplace: Installation, command: tuple[str, ...]) -> None:
    workplace.environment["DATABASE_URL"] = "postgresql://127.0.0.1:1/trendspark"

    done = workplace.command(*command)

    assert (done.exit_code, done.stderr) == (1, "")
    assert "cannot be reached" in done.stdout


@pytest.mark.parametrize("what", ["missing", "older"])
def test_a_database_that_cannot_be_used_is_told_with_the_command_that_helps(workplace: Installation, what: str) -> None:
    if what == "missing":
        workplace.database.unlink()
    else:
        with closing(workplace.store()) as store:
            store.connection.execute("DELETE FROM _sqlite_migrations WHERE name LIKE 'm0007%'")

    found = {
        finding.check: finding for finding in examine_here(workplace.installation().settings, NOW, (), lambda: TIMES)
    }

    assert found["schema"].state == "fail"
    assert found["schema"].fix.startswith("run `trendspark db")


@pytest.mark.parametrize(
    ("days", "retention", "state", "told"),
    [
        (12, None, WARN, "1.0 GB a day; the disk is full in 12 days"),
        (45, None, OK, "1.0 GB a day; the disk is full in 45 days"),
        (12, timedelta(days=10), OK, "1.0 GB a day, which comes to 10.0 GB in the days posts are kept"),
        (
            12,
            timedelta(days=45),
            WARN,
            "1.0 GB a day, which would come to 45.0 GB in the days posts are kept; the disk is full in 12 days",
        ),
    ],
)
def test_when_the_disk_will_be_full_is_told_while_there_is_time(
    days: int, retention: timedelta | None, state: str, told: str
) -> None:
    grown = STATS._replace(growth_bytes_per_day=10**9, disk_free_bytes=days * 10**9, days_until_disk_full=days)

    found = check_growth(grown, retention)

    assert (found.state, found.what) == (state, told)


@pytest.mark.parametrize(
    ("stats", "told"),
    [
        (STATS, "not known before a day of posts was collected"),
        (STATS._replace(growth_bytes_per_day=10**6), "the disk is the server's own"),
        (STATS._replace(growth_bytes_per_day=0, disk_free_bytes=10**9), "no posts came of late"),
    ],
)
def test_what_is_not_known_of_growth_is_said(stats: DatabaseStats, told: str) -> None:
    assert check_growth(stats, None) == Finding("growth", OK, told)
