"""`archive`: rows past retention leave for files that were read back; everything else stays."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.archive.keeping import (
    FIRST_OLD,
    NOW,
    TREND,
    Keeper,
    counts_of,
    fill,
    manifest_objects,
    note_all_ranked,
    old_post,
)
from trendspark_cli.archiving.manifests import form_of
from trendspark_cli.archiving.part_files import FORMATS
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Alert
from trendspark_cli.ranking.lifecycle.trends import TrendState
from trendspark_cli.store.rows.archived import TABLES
from trendspark_cli.store.tables.archives import Archives

pytestmark = pytest.mark.every_store

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    """An installation with rows to keep."""
    made = Keeper(tmp_path / "home")
    fill(made)
    return made


def archived(keeper: Keeper) -> Rows:
    """Every row in the archive, by table."""
    found: Rows = {name: [] for name in TABLES}
    for manifest in keeper.manifests():
        path = keeper.folder / manifest.key
        for rows in FORMATS[manifest.format].read(path, form_of(manifest)):
            found[manifest.table_name] += rows
    return found


@pytest.mark.only_sqlite
def test_columns_of_archive_files_are_those_of_the_database(keeper: Keeper) -> None:
    for name, table in TABLES.items():
        with closing(sqlite3.connect(keeper.database)) as connection:
            stored = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        extra = ["metrics", "trend_ids", "links"] if name == "posts" else []

        assert [column.name for column in table.columns] == [*stored, *extra]


@pytest.mark.parametrize("part_format", ["parquet", "csv"])
def test_every_row_past_retention_leaves_and_is_in_the_archive_byte_for_byte(keeper: Keeper, part_format: str) -> None:
    before = keeper.everything()

    counts = counts_of(keeper.archive(part_format=part_format))

    after, gone = keeper.everything(), archived(keeper)
    for name in TABLES:
        assert sorted([*after[name], *gone[name]]) == sorted(before[name]), name
        limit = to_text(NOW - timedelta(days=90 if name in ("notifications", "job_runs") else 45))[:10]
        at = TABLES[name].names.index(TABLES[name].time_column)
        assert after[name], name
        assert all(row[at] >= limit for row in after[name] if name != "job_runs"), name
        assert gone[name], name
        assert all(row[at] < limit for row in gone[name]), name
    assert counts["archived"] == sum(len(rows) for rows in gone.values())
    assert (counts["kept"], counts["parts"]) == (0, len(keeper.manifests()))


def test_counters_histories_and_trends_of_a_post_leave_with_it(keeper: Keeper) -> None:
    counted = keeper.rows(
        "SELECT p.source_id AS id, count(*) AS n FROM post_metrics m JOIN posts p ON p.id = post_id "
        "WHERE p.created_at < '2026-09-17' GROUP BY 1"
    )

    counts_of(keeper.archive())

    histories = {row[2]: row[17].count("observed_at") for row in archived(keeper)["posts"] if row[17]}
    assert histories == {row["id"]: row["n"] for row in counted}
    assert any(number > 1 for number in histories.values())
    assert (
        keeper.rows("SELECT count(*) AS n FROM post_metrics WHERE post_id NOT IN (SELECT id FROM posts)")[0]["n"] == 0
    )


def test_a_part_is_one_table_one_source_and_one_day(keeper: Keeper) -> None:
    counts_of(keeper.archive())

    parts = Counter((m.table_name, m.source, m.day) for m in keeper.manifests())
    assert set(parts.values()) == {1}
    assert {source for table, source, _ in parts if table == "posts"} == {"x", "reddit"}
    for manifest in keeper.manifests():
        folder = f"{manifest.table_name}/v2/"
        folder += f"source={manifest.source}/" if manifest.source else ""
        assert manifest.key == f"{folder}dt={manifest.day}/part-{manifest.id}.parquet"
        assert str(manifest.min_time)[:10] == str(manifest.max_time)[:10] == manifest.day


def test_manifests_say_what_is_in_the_archive_and_lie_beside_it(keeper: Keeper) -> None:
    counts_of(keeper.archive())

    by_id = {item["id"]: item for item in manifest_objects(keeper.folder)}
    for manifest in keeper.manifests():
        data = (keeper.folder / manifest.key).read_bytes()
        assert (manifest.state, manifest.sha256, manifest.bytes) == (
            "done",
            hashlib.sha256(data).hexdigest(),
            len(data),
        )
        stored = by_id.pop(manifest.id)
        assert {stored[name] for name in ("rows", "sha256", "key")} == {manifest.rows, manifest.sha256, manifest.key}
        assert (manifest.deleted_rows, manifest.kept_rows) == (manifest.rows, 0)
    assert by_id == {}


def test_archiving_again_does_nothing(keeper: Keeper) -> None:
    counts_of(keeper.archive())
    objects, rows = keeper.objects(), keeper.everything()

    counts = counts_of(keeper.archive())

    assert counts.get("archived", 0) == 0
    assert (keeper.objects(), keeper.everything()) == (objects, rows)
    assert list(keeper.spool.glob("part-*")) == []


def test_the_same_rows_give_the_same_bytes(tmp_path: Path, another_database: Callable[[], None]) -> None:
    sums = []
    for name in ("one", "two"):
        another_database()
        keeper = Keeper(tmp_path / name / "home")
        fill(keeper)
        for part_format, day in (("csv", "60d"), ("parquet", "45d")):
            counts_of(
                keeper.archive(tables=["posts"], part_format=part_format, older_than=timedelta(days=int(day[:-1])))
            )
        sums.append([(m.day, m.source, m.sha256) for m in sorted(keeper.manifests(), key=lambda m: (m.day, m.source))])

    assert sums[0] == sums[1]


def test_rows_that_change_between_export_and_delete_stay(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    changed: list[dict[str, Any]] = []
    real = Archives.delete_batch

    def change_first(archives: Archives, manifest: Any) -> Any:
        if manifest.table_name == "posts" and not changed:
            first = archives._db.rows(
                "SELECT id, source, source_id FROM posts WHERE created_at < '2026-09-17' "
                "AND source = ? AND substr(created_at, 1, 10) = ?",
                (manifest.source, manifest.day),
            )
            changed.extend(first[:3])
            archives._db.execute("UPDATE posts SET likes = 4711 WHERE id = ?", (first[0]["id"],))
            archives._db.execute(
                "INSERT INTO post_metrics (post_id, observed_at, likes) VALUES (?, '2026-10-30T00:00:00.000Z', 1)",
                (first[1]["id"],),
            )
            archives._db.execute("INSERT INTO post_links VALUES (?, 'https://late.example/')", (first[2]["id"],))
        return real(archives, manifest)

    monkeypatch.setattr(Archives, "delete_batch", change_first)

    counts = counts_of(keeper.archive())

    monkeypatch.undo()
    assert counts["kept"] == 3
    live = {row[2]: row for row in keeper.table("posts")}
    assert live[changed[0]["source_id"]][9] == 4711
    assert changed[1]["source_id"] in live
    assert "https://late.example/" in live[changed[2]["source_id"]][-1]
    assert sum(m.kept_rows for m in keeper.manifests()) == 3
    keeper.later(hours=1)
    again = counts_of(keeper.archive())  # what stayed leaves in a file of its own, as it is now
    assert (again["archived"], again["kept"]) == (3, 0)
    assert [row[9] for row in archived(keeper)["posts"] if row[2] == changed[0]["source_id"]][-1] == 4711


def test_posts_that_are_not_ranked_yet_stay(keeper: Keeper) -> None:
    with keeper.changes() as store:
        store.posts.save([old_post(1000), old_post(1002)], NOW)

    counts_of(keeper.archive())

    assert {"1000", "1002"} <= {row[2] for row in keeper.table("posts")}
    with keeper.changes() as store:
        note_all_ranked(store)
    assert counts_of(keeper.archive())["archived"] == 2


def test_posts_of_the_last_hours_that_are_not_history_yet_stay(keeper: Keeper) -> None:
    with keeper.changes() as store:
        progress = store.ranking.progress()
        store.ranking.save_progress(progress._replace(folded_created_at=to_text(FIRST_OLD + timedelta(days=2))))

    counts_of(keeper.archive())

    left = [row[8] for row in keeper.table("posts") if row[8] < "2026-09-17"]
    assert left
    assert min(left) >= "2026-09-03"


def test_posts_of_open_trends_and_of_unsent_alerts_stay_until_they_are_over(keeper: Keeper) -> None:
    ids = [row["id"] for row in keeper.rows("SELECT id FROM posts ORDER BY created_at LIMIT 3")]
    with keeper.changes() as store:
        one, other = (replace(TREND, story=replace(TREND.story, post_ids=(post_id,))) for post_id in ids[:2])
        store.trends.save(one)
        store.trends.save(replace(other, state=TrendState.CLOSED, closed_at=TREND.last_seen))
        store.notifications.queue(Alert("waits", "trending_alert", "t", "b", trend_id=2), NOW, muted=False)

    counts_of(keeper.archive())

    assert [row[0] for row in keeper.table("posts") if row[0] in ids] == ids[:2]
    with keeper.changes() as store:
        store.connection.execute("UPDATE trends SET state = 'closed'")
        store.connection.execute("UPDATE notifications SET status = 'sent' WHERE dedupe_key = 'waits'")
    counts_of(keeper.archive())
    assert [row[0] for row in keeper.table("posts") if row[0] in ids] == []
    assert {row[0]: row[18] for row in archived(keeper)["posts"] if row[0] in ids[:2]} == {ids[0]: "[1]", ids[1]: "[2]"}


def test_alerts_that_wait_stay_however_old(keeper: Keeper) -> None:
    keys = ("key3", "key4", "key5")
    with keeper.changes() as store:
        for key, status in zip(keys, ("pending", "sending", "dead"), strict=True):
            store.connection.execute("UPDATE notifications SET status = ? WHERE dedupe_key = ?", (status, key))

    counts_of(keeper.archive())

    assert [row[1] for row in keeper.table("notifications") if row[1] in keys] == ["key3", "key4"]


def test_the_last_run_and_success_of_each_job_stay_for_the_overview(keeper: Keeper) -> None:
    with keeper.changes() as store:
        run_id = store.job_runs.start("stream", FIRST_OLD - timedelta(days=60), 1, "host", "0.1.0")
        store.job_runs.finish(run_id, "success", 0, None, {}, FIRST_OLD, 1.0)

    counts_of(keeper.archive())

    assert "stream" in {row[1] for row in keeper.table("job_runs")}


def test_ids_in_the_archive_are_never_given_again(keeper: Keeper) -> None:
    counts_of(keeper.archive())
    used = {name: {row[0] for row in rows} for name, rows in archived(keeper).items()}
    for name in TABLES:
        with keeper.changes() as store:
            store.connection.execute(f"DELETE FROM {name}")
    fill(keeper, old=5, new=5)

    assert not {name for name in TABLES if used[name] & {row[0] for row in keeper.table(name)}}


def test_counters_of_the_metrics_do_not_fall_when_rows_leave(keeper: Keeper) -> None:
    with keeper.changes() as store:
        totals = store.totals.all()

    counts_of(keeper.archive())

    with keeper.changes() as store:
        after = {(n, str(labels)): v for n, rows in store.totals.all().items() for labels, v in rows}
    assert not [name for name, rows in totals.items() for labels, v in rows if after[name, str(labels)] < v]
    by_table = Counter(m.table_name for m in keeper.manifests() for _ in range(m.deleted_rows))
    for name in TABLES:
        assert keeper.metric(f'trendspark_archive_rows_total{{table="{name}"}}') == by_table[name]
    sizes = sum(m.bytes for m in keeper.manifests() if m.table_name == "posts")
    assert keeper.metric('trendspark_archive_bytes_total{table="posts"}') == sizes


def test_rows_past_retention_are_a_backlog_until_they_have_left(keeper: Keeper) -> None:
    backlog = 'trendspark_queue_backlog{type="archive_rows"}'
    assert keeper.command("metrics", "--json").exit_code == 0
    assert keeper.metric(backlog) > 100

    counts_of(keeper.archive())

    assert keeper.metric(backlog) <= 1  # the last run of a job, which stays


def test_a_dry_run_tells_what_would_go_where_and_changes_nothing(keeper: Keeper) -> None:
    before = keeper.everything()

    result = keeper.archive(is_dry=True)

    parts = result.extra["parts"]
    assert isinstance(parts, list)
    assert (keeper.everything(), keeper.objects(), keeper.manifests()) == (before, [], [])
    assert not keeper.spool.exists()
    real = counts_of(keeper.archive())
    assert (result.counts["rows"], result.counts["parts"]) == (real["archived"], real["parts"])
    made = {f"{m.key.rpartition('/')[0]}/part-*": m.rows for m in keeper.manifests()}
    assert {part["key"]: part["rows"] for part in parts} == made


def test_only_the_tables_and_the_age_asked_for(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["posts"], older_than=timedelta(days=55)))

    assert {m.table_name for m in keeper.manifests()} == {"posts"}
    assert {m.day for m in keeper.manifests()} == {f"2026-09-0{day}" for day in range(1, 6)}


@pytest.mark.parametrize(
    ("settings", "days"),
    [
        ({"RETENTION_DAYS_POSTS_REDDIT": "58"}, {"x": 5, "reddit": 3}),
        ({"RETENTION_DAYS_POSTS": "90", "RETENTION_DAYS_POSTS_REDDIT": "58"}, {"reddit": 3}),
        ({"RETENTION_DAYS_POSTS_BLUESKY": "2", "RETENTION_DAYS_POSTS_X": "61"}, {"reddit": 5}),
    ],
    ids=["one stays longer", "one leaves sooner", "each for its own time"],
)
def test_posts_of_a_source_stay_for_a_time_of_their_own(
    keeper: Keeper, settings: dict[str, str], days: dict[str, int]
) -> None:
    keeper.environment |= settings

    counts_of(keeper.archive(tables=["posts"]))

    assert Counter(manifest.source for manifest in keeper.manifests()) == days
    counts_of(keeper.archive())
    assert keeper.metric('trendspark_queue_backlog{type="archive_rows"}') <= 1  # the last run of a job, which stays


def test_large_days_go_into_parts_of_limited_size(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendspark_cli.jobs.archive.MOST_ROWS", 5)
    monkeypatch.setattr("trendspark_cli.jobs.archive.MOST_TEXT_BYTES", 30_000)
    before = keeper.everything()["posts"]

    counts_of(keeper.archive(tables=["posts"]))

    assert max(m.rows for m in keeper.manifests()) == 5
    assert min(m.rows for m in keeper.manifests()) < 5
    assert sorted([*keeper.everything()["posts"], *archived(keeper)["posts"]]) == sorted(before)


def test_deletes_are_at_most_a_thousand_rows_to_a_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = Keeper(tmp_path / "home")
    fill(keeper, old=0, new=4000)
    moment = to_text(FIRST_OLD)
    with keeper.changes() as store:
        store.posts.save([old_post(2 * n, created_at=moment) for n in range(1500, 3800)], FIRST_OLD)
        note_all_ranked(store)
    sizes: list[int] = []
    real = Archives.delete_batch

    def note(archives: Archives, manifest: Any) -> Any:
        done = real(archives, manifest)
        assert archives._db.in_transaction
        sizes.append(done.deleted)
        return done

    monkeypatch.setattr(Archives, "delete_batch", note)

    counts_of(keeper.archive(tables=["posts"]))

    assert sizes == [1000, 1000, 300]


def test_folders_of_commands_that_were_killed_leave_and_those_of_living_ones_stay(keeper: Keeper) -> None:
    left = keeper.spool / "own-0123456789abcdef"
    left.mkdir(parents=True, mode=0o700)
    (left / "part.parquet").write_bytes(b"PAR1")

    with Spool(keeper.spool).own_folder() as living:
        left.mkdir(mode=0o700)  # the living one removed it when it began
        counts_of(keeper.archive())

        assert (left.exists(), living.folder.is_dir()) == (False, True)
