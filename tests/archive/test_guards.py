"""When `archive` does not start, or ends at once: each guard says what was seen and how to go on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.archive.keeping import NOW, Keeper, counts_of, fill
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import RunResult


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    """An installation with rows to keep."""
    made = Keeper(tmp_path / "home")
    fill(made)
    return made


def refused(keeper: Keeper, result: RunResult) -> str:
    """What a guard said; nothing may have left."""
    assert keeper.objects() == []
    assert keeper.rows("SELECT count(*) AS n FROM posts WHERE created_at < '2026-09-17'")[0]["n"] == 120
    assert result.cause is not None
    return f"{result.exit_code} {result.cause}; {getattr(result.cause, 'hint', '')}"


def test_a_clock_a_year_ahead_archives_nothing(keeper: Keeper) -> None:
    keeper.later(days=365)

    told = refused(keeper, keeper.archive())

    assert told.startswith("65 the clock jumped, or nothing was collected: the newest post is of 2026-11-01T12:00:00")
    assert "2027-11-01" in told
    assert "--force" in told


def test_a_clock_that_went_backwards_archives_nothing(keeper: Keeper) -> None:
    with keeper.changes() as store:
        store.job_runs.start("ingest", NOW + timedelta(days=3), 1, "host", "0.1.0")

    told = refused(keeper, keeper.archive())

    assert told.startswith("65 the clock went backwards: a run began at 2026-11-04")
    assert "--force" in told


def test_a_post_from_the_future_is_no_witness_of_the_clock(keeper: Keeper) -> None:
    with keeper.changes() as store:
        store.connection.execute("UPDATE posts SET created_at = '2027-10-30T00:00:00.000Z' WHERE source_id = 'n3'")

    assert keeper.archive().exit_code == 0


def test_half_of_a_table_is_not_taken_in_one_run(keeper: Keeper) -> None:
    with keeper.changes() as store:
        store.connection.execute("DELETE FROM posts WHERE source_id > 'n12' AND source_id LIKE 'n%'")

    told = refused(keeper, keeper.archive())

    live = keeper.rows("SELECT count(*) AS n FROM posts")[0]["n"]
    assert told == (
        f"65 120 of {live} rows of posts are from before 2026-09-17: more than half would leave; "
        "if that is right, run it once by hand with --force"
    )
    assert counts_of(keeper.archive(is_forced=True))["archived"] > 120


def test_less_than_a_week_of_retention_is_refused(keeper: Keeper) -> None:
    keeper.environment["RETENTION_DAYS_POSTS"] = "6"

    told = refused(keeper, keeper.archive())

    assert told.startswith("78 posts would leave after 6d; expected at least 7d; see RETENTION_DAYS_POSTS")


@pytest.mark.parametrize(("source", "days", "least"), [("BLUESKY", "1", "2d"), ("X", "6", "7d")])
def test_what_can_be_read_again_may_leave_after_two_days(keeper: Keeper, source: str, days: str, least: str) -> None:
    name = f"RETENTION_DAYS_POSTS_{source}"
    keeper.environment[name] = days

    told = refused(keeper, keeper.archive())

    source = source.lower()
    assert told.startswith(f"78 posts of {source} would leave after {days}d; expected at least {least}; see {name}")


@pytest.mark.only_sqlite
def test_a_damaged_database_is_not_archived_even_with_force(keeper: Keeper) -> None:
    keeper.damage()

    result = keeper.archive(is_forced=True)

    assert (result.exit_code, keeper.objects()) == (65, [])
    assert "damaged" in str(result.cause) or "malformed" in str(result.cause)


def test_the_file_is_read_once_a_day_and_a_dry_run_does_not_count(keeper: Keeper) -> None:
    keeper.archive(is_dry=True)
    first = keeper.rows("SELECT count(*) AS n FROM notices WHERE key = 'the database was checked'")
    keeper.archive()
    keeper.later(hours=19)
    keeper.archive()
    second = keeper.rows("SELECT noted_at FROM notices WHERE key = 'the database was checked'")
    keeper.later(hours=2)
    keeper.archive()

    third = keeper.rows("SELECT noted_at FROM notices WHERE key = 'the database was checked'")
    assert first == [{"n": 0}]
    assert [row["noted_at"] for row in (*second, *third)] == [to_text(NOW), to_text(NOW + timedelta(hours=21))]


def test_accounts_leave_with_the_last_posts_of_their_time(keeper: Keeper) -> None:
    with keeper.changes() as store:
        accounts = [(str(number), "2026-06-01T00:00:00.000Z") for number in range(1200)]
        accounts.append(("live", "2026-10-31T00:00:00.000Z"))
        store.connection.executemany("INSERT INTO authors VALUES ('x', ?, 'name', ?)", accounts)

    counts_of(keeper.archive())

    assert keeper.rows("SELECT id FROM authors") == [{"id": "live"}]


def test_an_earlier_object_that_is_gone_stops_further_deletes_until_it_is_written_off(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["posts"], older_than=timedelta(days=58)))
    lost = keeper.objects()[0]
    lost.unlink()

    result = keeper.archive()

    assert result.exit_code == 65
    assert f"{lost.name} at file://{keeper.folder} is gone" in str(result.cause)
    assert "archives verify" in getattr(result.cause, "hint", "")
    assert keeper.rows("SELECT count(*) AS n FROM posts WHERE created_at < '2026-09-17'")[0]["n"] > 0
    assert keeper.metric("trendspark_archive_objects_missing") == 1
    done = keeper.command("archives", "write-off", lost.stem.removeprefix("part-")[:9], "--reason", "disk died")
    assert (done.exit_code, done.stderr) == (0, "")
    assert keeper.metric("trendspark_archive_objects_missing") == 0
    assert counts_of(keeper.archive())["archived"] > 0
    listed = keeper.command("archives", "list", "--limit", "100").stdout
    assert "written off: disk died" in listed


def test_without_a_place_to_go_it_is_a_setting_that_is_missing(keeper: Keeper) -> None:
    keeper.environment["ARCHIVE_URL"] = ""

    told = refused(keeper, keeper.archive())

    assert told == (
        "78 ARCHIVE_URL is not set: there is no archive; set it to a bucket (s3://BUCKET) or a folder (file:///FOLDER)"
    )


def test_a_folder_that_is_missing_may_be_a_disk_that_is_not_mounted(keeper: Keeper) -> None:
    keeper.folder.rmdir()

    told = refused(keeper, keeper.archive())

    assert told.startswith(f"78 archive folder '{keeper.folder}' does not exist; create it, or mount the disk")
    assert not keeper.folder.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--table", "tweets"), "--table 'tweets': expected one of posts, ingest_audit, notifications, job_runs"),
        (("--format", "xlsx"), "--format 'xlsx': expected parquet or csv"),
        (("--older-than", "soon"), "--older-than: 'soon' is no duration"),
        (("--to", "ftp://host"), "--to 'ftp://host': expected s3://BUCKET"),
    ],
)
def test_wrong_arguments_are_named_with_what_was_expected(
    keeper: Keeper, arguments: tuple[str, str], told: str
) -> None:
    done = keeper.command("archive", *arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_wrong_address_of_the_archive_is_a_setting_problem(keeper: Keeper) -> None:
    done = keeper.command("archive", environment={"ARCHIVE_URL": "s4://bucket"})

    assert done.exit_code == 78
    assert "ARCHIVE_URL='s4://bucket'" in done.stderr
