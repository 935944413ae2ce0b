"""An archive that version 0.1 began is one archive with what comes now; parts it left half-way come to their end."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.upgrade.old_installation import OldInstallation
from trendspark_cli.archiving.manifests import write_manifest
from trendspark_cli.store.rows.archives import Manifest

PART = "c1c8e09a-7ba1-4bda-ae77-66a65e995db6"  # the part that was exported when its run was killed
OLD_KEY = f"table=posts/schema=v1/source=x/dt=2026-09-04/part-{PART}.parquet"
NEW_KEY = f"posts/v2/source=x/dt=2026-09-04/part-{PART}.parquet"
ARRIVED = ("exported, and its answer lost", "uploaded", "verified", "deleting")
ALL = ("planned", "exported", *ARRIVED)


@pytest.fixture
def upgraded(tmp_path: Path) -> OldInstallation:
    """The old installation after `db upgrade`."""
    installation = OldInstallation(tmp_path, "0.1")
    installation.command("db", "upgrade")
    return installation


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> OldInstallation:
    """The same after a run of `archive`: files of both versions, in one archive."""
    installation = OldInstallation(tmp_path_factory.mktemp("mixed"), "0.1")
    installation.command("db", "upgrade")
    installation.command("archive")
    return installation


def objects(installation: OldInstallation) -> set[str]:
    """The keys of all that is in the archive."""
    return {str(path.relative_to(installation.archive)) for path in installation.archive.rglob("*") if path.is_file()}


def left_as(installation: OldInstallation, state: str) -> None:
    """Leave the part as a run of 0.1 that was killed in this state would have."""
    spooled = installation.home / "spool" / f"part-{PART}.parquet"
    with closing(sqlite3.connect(installation.database)) as database, database:
        database.execute("UPDATE archive_manifests SET state = ? WHERE id = ?", (state.partition(",")[0], PART))
        names = [column[1] for column in database.execute("PRAGMA table_info(archive_manifests)")]
        values = database.execute("SELECT * FROM archive_manifests WHERE id = ?", (PART,)).fetchone()
        if state == "planned":
            database.execute("UPDATE archive_manifests SET rows = 0, bytes = 0, sha256 = NULL WHERE id = ?", (PART,))
    if state in ARRIVED:
        place = installation.archive / OLD_KEY
        place.parent.mkdir(parents=True)
        shutil.copy(spooled, place)
    if state in ("verified", "deleting"):
        known = {name: value for name, value in zip(names, values, strict=True) if name in Manifest.__annotations__}
        write_manifest(Manifest(**known), installation.archive / "manifests" / f"{PART}.json")
    if state not in ("exported", ARRIVED[0]):
        spooled.unlink()


@pytest.mark.parametrize("state", ALL)
def test_a_part_of_0_1_comes_to_its_end_from_every_state(upgraded: OldInstallation, state: str) -> None:
    left_as(upgraded, state)
    posts = upgraded.keys()["posts"]
    before = objects(upgraded)

    counts = upgraded.json("archive")["counts"]

    [(found, key, rows, deleted, kept)] = upgraded.rows(
        f"SELECT state, key, rows, deleted_rows, kept_rows FROM archive_manifests WHERE id = '{PART}'"
    )
    assert (found, key) == ("done", OLD_KEY if state in ARRIVED else NEW_KEY)
    assert rows == deleted + kept
    assert len(posts - upgraded.keys()["posts"]) == counts["archived"]
    assert not {key for key in objects(upgraded) - before if key.startswith(("table=", "manifests/"))}
    assert upgraded.json("archives", "verify", "--read-data")["unknown"] == []


def test_rows_that_were_restored_leave_again_by_the_old_file(upgraded: OldInstallation) -> None:
    upgraded.command("archives", "restore", "--since", "2026-09-05", "--until", "2026-09-06", "--hold", "1s")
    before = objects(upgraded)
    with closing(sqlite3.connect(upgraded.database)) as database, database:
        database.execute(
            "UPDATE archive_manifests SET restored_until = '2026-11-01T12:00:00.000Z' WHERE day = '2026-09-05'"
        )

    upgraded.command("archive")

    assert upgraded.rows("SELECT DISTINCT state FROM archive_manifests") == [("done",)]
    assert upgraded.value("SELECT count(*) FROM ingest_audit WHERE created_at LIKE '2026-09-05%'") == 0
    assert not {key for key in objects(upgraded) - before if key.startswith(("ingest_audit/", "table=", "manifests/"))}


def test_a_mixed_archive_is_listed_and_verified_as_one(mixed: OldInstallation) -> None:
    listed = mixed.json("archives", "list", "--limit", "100")["archives"]
    found = mixed.json("archives", "verify", "--read-data")

    roots = {one["key"].partition("/")[0] for one in listed}
    assert {"table=posts", "posts"} <= roots
    assert (found["problems"], found["unknown"], found["unreadable"]) == ([], [], [])
    assert found["checked"] == sum(one["written_off_at"] is None for one in listed)


def test_sql_over_a_mixed_archive_sees_all_of_its_posts(mixed: OldInstallation) -> None:
    sql = "SELECT source, count(*), min(created_at), max(created_at) FROM posts GROUP BY source ORDER BY source"
    rows = mixed.json("archives", "query", sql)["rows"]

    listed = mixed.json("archives", "list", "--limit", "100", "--table", "posts")["archives"]
    days = {source: sorted(m["day"] for m in listed if m["source"] == source) for source, *_ in rows}
    assert [row[0] for row in rows] == ["reddit", "x"]
    assert all(row[2][:10] == days[row[0]][0] and row[3][:10] == days[row[0]][-1] for row in rows)


def test_doctor_knows_a_mixed_archive(mixed: OldInstallation) -> None:
    findings = mixed.json("doctor", expect=1)["findings"]

    told = [finding["what"] for finding in findings if finding["check"] == "archive"]
    assert any("with archives" in what for what in told), told


def test_a_mixed_archive_comes_back_without_its_database(mixed: OldInstallation, tmp_path: Path) -> None:
    rows = {
        table: mixed.json("archives", "query", f"SELECT count(*) FROM {table}")["rows"][0][0]
        for table in ("posts", "ingest_audit", "notifications", "job_runs")
    }
    (tmp_path / "home").mkdir(mode=0o700)
    settings = {"TRENDSPARK_HOME": str(tmp_path / "home")}
    mixed.command("db", "init", settings=settings)

    back = mixed.json("archives", "restore", "--since", "2026-01-01", settings=settings, expect=65)

    parts = {one["id"]: one["restored"] for one in back["archives"]}
    listed = mixed.json("archives", "list", "--limit", "100", settings=settings)["archives"]
    by_table = {table: sum(parts.get(one["id"], 0) for one in listed if one["table_name"] == table) for table in rows}
    assert by_table == rows
    assert [one["problem"].endswith("is gone") for one in back["unreadable"]] == [True]  # the part that was written off
