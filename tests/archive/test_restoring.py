"""`archives verify`, `restore`, `query` and `posts forget`: what left can be found, proven and brought back."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.archive.keeping import FIRST_OLD, NOW, TREND, Keeper, counts_of, fill, new_post, note_all_ranked, old_post
from tests.builders import page
from trendspark_cli.base.locks import job_lock
from trendspark_cli.base.models import Alert, AlertCategory
from trendspark_cli.store.rows.archived import TABLES
from trendspark_cli.store.rows.collecting import PageOutcome


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    """An installation that has archived."""
    made = Keeper(tmp_path / "home")
    fill(made)
    return made


def json_of(keeper: Keeper, *arguments: str, exit_code: int = 0) -> Any:
    """What a command prints with --json."""
    done = keeper.command_now(*arguments, "--json")
    assert done.exit_code == exit_code, done.stderr
    return done.json


def restored(keeper: Keeper, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
    """What `archives restore` says it did."""
    found = json_of(keeper, "archives", "restore", *arguments, exit_code=exit_code)
    assert isinstance(found, dict)
    return found


ALL_OF_IT = ("--since", "2026-01-01")
THE_DAY = ("--since", "2026-09-01", "--until", "2026-09-02", "--table", "posts")  # of post 4


@pytest.mark.every_store
@pytest.mark.parametrize("part_format", ["parquet", "csv"])
def test_what_is_restored_is_what_left_and_twice_changes_nothing(keeper: Keeper, part_format: str) -> None:
    before = keeper.everything()
    count = counts_of(keeper.archive(part_format=part_format))["archived"]

    first = restored(keeper, *ALL_OF_IT)
    after_first = keeper.everything()
    second = restored(keeper, *ALL_OF_IT)

    assert (first["rows"], first["restored"], first["live"], first["foreign"]) == (count, count, 0, 0)
    assert (second["restored"], second["live"]) == (0, count)
    assert after_first == keeper.everything() == before


@pytest.mark.every_store
def test_an_archive_is_enough_when_the_database_is_lost(keeper: Keeper, another_database: Callable[[], None]) -> None:
    before = keeper.everything()
    counts_of(keeper.archive())
    live = keeper.everything()
    shutil.rmtree(keeper.home)
    another_database()
    again = Keeper(keeper.home)

    found = restored(again, *ALL_OF_IT)

    lost = {name: [row for row in before[name] if row not in live[name]] for name in TABLES}
    back = again.everything()
    for name in TABLES:
        known = [row[:18] if name == "posts" else row for row in back[name]]  # its trends went with the database
        assert known == [row[:18] if name == "posts" else row for row in lost[name]], name
    assert found["foreign"] == 0
    assert counts_of(again.archive(is_forced=True)).get("archived", 0) == 0  # they stay for a while


@pytest.mark.only_sqlite  # its file is lost
def test_texts_that_others_wrote_into_the_archive_are_cleaned_like_those_of_a_source(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["posts"]))
    for path in keeper.objects():
        rewrite(keeper, path, "text", "a\0b\x1b[31m\x9bc")
    shutil.rmtree(keeper.home)
    again = Keeper(keeper.home)

    restored(again, *ALL_OF_IT)

    texts = {row[5] for row in again.everything()["posts"]}
    assert texts == {"ab[31mc"}


@pytest.mark.only_sqlite  # its file is lost
def test_links_that_others_wrote_into_the_archive_are_taken_like_those_of_a_source(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["posts"]))
    for path in keeper.objects():
        rewrite(keeper, path, "links", ["https://A.example/x#top", "javascript:alert(1)", "https://t.co/a", "a\0b"])
    shutil.rmtree(keeper.home)
    again = Keeper(keeper.home)

    restored(again, *ALL_OF_IT)

    assert {row[-1] for row in again.everything()["posts"]} == {("https://a.example/x",)}


@pytest.mark.only_sqlite  # its file is lost
def test_a_file_with_a_link_that_is_none_is_named_and_not_restored(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["posts"]))
    path = keeper.objects()[0]
    rewrite(keeper, path, "links", ["https://a.example/", None])
    shutil.rmtree(keeper.home)

    found = restored(Keeper(keeper.home), *ALL_OF_IT, exit_code=65)

    assert "a link is NULL" in json.dumps(found["unreadable"])


@pytest.mark.parametrize("part_format", ["parquet", "csv"])
def test_the_pages_a_post_leads_to_come_back_whatever_its_text_says(keeper: Keeper, part_format: str) -> None:
    before = keeper.rows("SELECT post_id, url FROM post_links ORDER BY post_id, url")
    counts_of(keeper.archive(tables=["posts"], part_format=part_format))
    gone = keeper.rows("SELECT post_id, url FROM post_links")

    restored(keeper, *ALL_OF_IT)

    assert gone == []
    assert keeper.rows("SELECT post_id, url FROM post_links ORDER BY post_id, url") == before != []


def rewrite(keeper: Keeper, path: Path, column: str, value: object) -> None:
    """Put *value* into each row of an object, and make its manifest agree: who may write there can do so."""
    table = pq.read_table(path, partitioning=None)
    place = table.schema.get_field_index(column)
    table = table.set_column(
        place, table.schema.field(column), pa.array([value] * table.num_rows, table.schema.field(column).type)
    )
    pq.write_table(table, path)
    manifest = keeper.folder / "_manifests" / f"{path.stem.removeprefix('part-')}.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told |= {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    manifest.write_text(json.dumps(told), encoding="utf-8")


@pytest.mark.every_store
def test_a_new_database_gives_posts_new_ids_and_leaves_out_rows_whose_ids_are_taken(
    keeper: Keeper, another_database: Callable[[], None]
) -> None:
    counts_of(keeper.archive())
    posts = sum(m.rows for m in keeper.manifests() if m.table_name == "posts")
    others = sum(m.rows for m in keeper.manifests() if m.table_name == "ingest_audit")
    shutil.rmtree(keeper.home)
    another_database()
    again = Keeper(keeper.home)
    with again.changes() as store:
        store.posts.save([new_post(n) for n in range(60)], again.now)
        for number in range(others):
            store.audit.add(number, "default", "x", "q", page(), PageOutcome(0, 0), again.now)

    found = restored(again, *ALL_OF_IT, "--table", "posts", "--table", "ingest_audit", exit_code=65)

    assert again.rows("SELECT count(*) AS n FROM posts")[0]["n"] == 60 + posts
    assert again.rows("SELECT count(DISTINCT source || source_id) AS n FROM posts")[0]["n"] == 60 + posts
    assert (found["restored"], found["foreign"]) == (posts, others)


@pytest.mark.only_sqlite  # its file is lost
def test_a_post_whose_id_was_given_to_another_one_of_its_file_comes_back_too(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["posts"]))
    shutil.rmtree(keeper.home)
    again = Keeper(keeper.home)
    with again.changes() as store:
        store.posts.save([new_post(n) for n in range(60)], again.now)  # ids 1 to 60, in the midst of that day's

    found = restored(again, "--since", "2026-09-03", "--until", "2026-09-04", "--table", "posts")

    assert (found["rows"], found["restored"]) == (24, 24)
    assert len(again.table("posts")) == 84


def test_restored_rows_stay_for_the_stated_time_and_leave_by_the_same_file(keeper: Keeper) -> None:
    counts_of(keeper.archive())
    objects, live = keeper.objects(), keeper.everything()
    restored(keeper, *ALL_OF_IT, "--hold", "5d")
    back = keeper.everything()
    totals = {name: keeper.metric(f'trendspark_archive_bytes_total{{table="{name}"}}') for name in TABLES}

    keeper.later(days=4)
    counts_of(keeper.archive())
    assert keeper.everything() == back
    keeper.later(days=2)
    counts_of(keeper.archive())

    assert keeper.everything() == live
    assert keeper.objects() == objects
    assert {name: keeper.metric(f'trendspark_archive_bytes_total{{table="{name}"}}') for name in TABLES} == totals
    assert {m.state for m in keeper.manifests()} == {"done"}
    assert [m.id for m in keeper.manifests() if m.deleted_rows != m.rows] == []


def test_a_restored_row_that_changed_leaves_in_a_new_file(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["posts"]))
    before = len(keeper.objects())
    restored(keeper, *ALL_OF_IT, "--table", "posts", "--hold", "1d")
    with keeper.changes() as store:
        store.connection.execute("UPDATE posts SET likes = 99 WHERE source_id = '4'")
    keeper.later(days=2)
    counts_of(keeper.archive(tables=["posts"]))
    assert [row for row in keeper.table("posts") if row[2] == "4"] == []
    assert len(keeper.objects()) == before + 1

    restored(keeper, *ALL_OF_IT, "--table", "posts")

    assert [row[9] for row in keeper.table("posts") if row[2] == "4"] == [99]


@pytest.mark.parametrize("back", [timedelta(), timedelta(days=1)], ids=["not at all", "a day"])
def test_the_last_version_of_a_row_comes_back_though_the_clock_went_back_between_its_files(
    keeper: Keeper, back: timedelta
) -> None:
    keeper.later(seconds=back.total_seconds())
    counts_of(keeper.archive(tables=["posts"]))
    for likes in (98, 99):
        restored(keeper, *THE_DAY, "--hold", "0s")
        with keeper.changes() as store:
            store.connection.execute("UPDATE posts SET likes = ? WHERE source_id = '4'", (likes,))
        keeper.later(seconds=-back.total_seconds() / 2)
        settle_restored(keeper)
        counts_of(keeper.archive(tables=["posts"], is_forced=True))

    restored(keeper, *THE_DAY)

    assert [row[9] for row in keeper.table("posts") if row[2] == "4"] == [99]


def settle_restored(keeper: Keeper) -> None:
    """Let the time of restored rows be over."""
    with keeper.changes() as store:
        store.connection.execute("UPDATE archive_manifests SET restored_until = '2026-01-01T00:00:00.000Z'")


def test_a_file_that_claims_to_be_of_the_year_9999_does_not_hold_up_the_archive(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["ingest_audit", "posts"]))
    with keeper.changes() as store:
        store.connection.execute("UPDATE archive_manifests SET created_at = '9999-12-31T23:59:59.999Z'")
    keeper.later(days=60)

    counts_of(keeper.archive(tables=["posts"], is_forced=True))

    assert {made.created_at[:10] for made in keeper.manifests()} == {"9999-12-31", "2026-12-31"}


def test_one_file_or_some_days_can_be_restored(keeper: Keeper) -> None:
    counts_of(keeper.archive())
    manifest = next(m for m in keeper.manifests() if m.table_name == "posts")

    dry = restored(keeper, manifest.id[:13], "--dry-run")
    one = restored(keeper, manifest.id[:13])
    some = restored(keeper, "--since", "2026-09-02", "--until", "2026-09-02T06:00", "--table", "posts")

    assert dry["restored"] == one["restored"] == manifest.rows
    assert some["rows"] == 6
    assert some["restored"] + some["live"] == 6


def test_a_dry_restore_changes_nothing(keeper: Keeper) -> None:
    counts_of(keeper.archive())
    before = keeper.everything()

    told = restored(keeper, *ALL_OF_IT, "--dry-run")

    assert told["restored"] == told["rows"] > 0
    assert keeper.everything() == before


def test_a_changed_object_is_not_restored(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["posts"]))
    path = keeper.objects()[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    live = keeper.everything()

    done = keeper.command_now("archives", "restore", path.stem.removeprefix("part-"))

    assert done.exit_code == 65
    assert f"{path.name} at file://{keeper.folder} has SHA-256" in done.stderr
    assert "nothing of it was restored" in done.stderr
    assert keeper.everything() == live


def test_verify_finds_what_is_missing_or_changed_and_says_so_to_prometheus(keeper: Keeper) -> None:
    counts_of(keeper.archive())
    assert json_of(keeper, "archives", "verify", "--read-data")["problems"] == []
    gone, longer, changed, bare = keeper.objects()[:4]
    gone.unlink()
    longer.write_bytes(longer.read_bytes() + b" ")
    data = bytearray(changed.read_bytes())
    data[100] ^= 1
    changed.write_bytes(data)
    (keeper.folder / "_manifests" / f"{bare.stem.removeprefix('part-')}.json").unlink()

    outside = json_of(keeper, "archives", "verify", exit_code=65)
    whole = json_of(keeper, "archives", "verify", "--read-data", exit_code=65)

    assert {item["key"].rpartition("/")[2] for item in outside["problems"]} == {gone.name, longer.name, bare.name}
    named = {item["key"].rpartition("/")[2]: item["problem"] for item in whole["problems"]}
    assert set(named) == {gone.name, longer.name, changed.name, bare.name}
    assert "is gone" in named[gone.name]
    assert "has SHA-256" in named[changed.name]
    assert "has lost its manifest" in named[bare.name]
    assert keeper.metric("trendspark_archive_objects_missing") == 4
    health = keeper.command_now("health", "--json").json["services"]["archive"]
    assert (health["ok"], health["reason"][:37]) == (False, "objects are missing or changed: 4; se")
    assert "missing or changed since 2026-11" in keeper.command_now("archives", "list", "-n", "100").stdout


def test_an_object_that_comes_back_is_right_again(keeper: Keeper) -> None:
    counts_of(keeper.archive())
    path = keeper.objects()[0]
    aside = path.rename(keeper.home / "aside")
    json_of(keeper, "archives", "verify", exit_code=65)

    aside.rename(path)
    found = json_of(keeper, "archives", "verify")

    assert found["problems"] == []
    assert keeper.metric("trendspark_archive_objects_missing") == 0


def test_a_sample_looks_at_so_many_objects(keeper: Keeper) -> None:
    counts_of(keeper.archive())

    assert json_of(keeper, "archives", "verify", "--read-data", "--sample", "3")["checked"] == 3


def test_objects_of_no_manifest_are_told(keeper: Keeper) -> None:
    counts_of(keeper.archive())
    stray = keeper.folder / "posts" / "v2" / "stray.parquet"
    stray.write_bytes(b"?")

    found = json_of(keeper, "archives", "verify")

    assert found["unknown"] == ["posts/v2/stray.parquet"]


def test_sql_over_the_archive_without_restoring(keeper: Keeper) -> None:
    before = keeper.everything()["posts"]
    counts_of(keeper.archive(tables=["posts"], part_format="csv", older_than=timedelta(days=59)))
    counts_of(keeper.archive(tables=["posts"]))
    live = keeper.everything()["posts"]

    found = json_of(
        keeper,
        "archives",
        "query",
        "SELECT source, count(*) AS posts, max(length(text)) AS longest, min(created_at) AS first FROM posts "
        "GROUP BY source ORDER BY source",
    )

    gone = [row for row in before if row not in live]
    wanted = [
        [
            source,
            sum(row[1] == source for row in gone),
            max(len(row[5]) for row in gone if row[1] == source),
            min(row[8] for row in gone if row[1] == source),
        ]
        for source in ("reddit", "x")
    ]
    assert found == {"columns": ["source", "posts", "longest", "first"], "rows": wanted, "has_more": False}
    assert list(keeper.spool.glob("own-*")) == []


def test_the_last_version_of_a_post_is_what_a_query_sees(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["posts"]))
    restored(keeper, *ALL_OF_IT, "--table", "posts", "--hold", "1d")
    with keeper.changes() as store:
        store.posts.save([old_post(4, likes=999)], FIRST_OLD + timedelta(days=70))
    for _ in range(2):
        keeper.later(days=2)
        counts_of(keeper.archive(tables=["posts"]))

    found = json_of(keeper, "archives", "query", "SELECT likes FROM posts WHERE source_id = '4'")

    assert found["rows"] == [[999]]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM posts, read_text('/etc/passwd')",
        "SELECT * FROM posts, 'other.csv'",
        "COPY (SELECT 1 FROM posts) TO 'copied.csv'",
        "SELECT 1 FROM posts; ATTACH 'own.db' AS own",
        "SET enable_external_access = true; SELECT * FROM posts",
        "INSTALL httpfs -- posts",
    ],
)
def test_a_query_reads_the_archive_and_nothing_else(keeper: Keeper, sql: str) -> None:
    counts_of(keeper.archive(tables=["posts"]))

    done = keeper.command_now("archives", "query", sql)

    assert done.exit_code == 2
    assert done.stderr.startswith("trendspark archives query: the query failed: ")
    assert "root:" not in done.stdout
    assert list(keeper.home.rglob("*.csv")) == list(keeper.home.rglob("own.db")) == []


def test_a_query_that_needs_all_of_the_memory_is_refused_in_words(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["posts"]))
    sql = "SELECT length(list(range)::VARCHAR) FROM range(90000000), (SELECT 1 FROM posts LIMIT 1)"

    done = keeper.command_now("archives", "query", sql)

    assert done.exit_code == 2
    assert "the query needs more than 512MiB of memory" in done.stderr


def test_a_query_for_a_table_without_files_says_so(keeper: Keeper) -> None:
    done = keeper.command_now("archives", "query", "SELECT * FROM posts")

    assert done.exit_code == 2
    assert "no files of posts are in the archive" in done.stderr


def test_forgotten_posts_are_gone_and_come_back_from_nowhere(keeper: Keeper) -> None:
    counts_of(keeper.archive(older_than=timedelta(days=58)))  # some of them are archived, some live
    by_author = [row for row in keeper.table("posts") if (row[1], row[3]) == ("x", "author4")]
    assert by_author

    one = json_of(keeper, "posts", "forget", "--source", "x", "--id", "n5")
    all_of_author = json_of(keeper, "posts", "forget", "--source", "x", "--author", "author4")
    again = json_of(keeper, "posts", "forget", "--source", "x", "--author", "author4")

    assert (one["forgotten"], one["new"]) == (1, True)
    assert (all_of_author["forgotten"], again["forgotten"], again["new"]) == (len(by_author), 0, False)
    counts_of(keeper.archive())
    found = restored(keeper, *ALL_OF_IT)
    assert found["forgotten"] > 0
    assert [row for row in keeper.table("posts") if row[3] == "author4" and row[1] == "x"] == []
    sql = "SELECT count(*) FROM posts WHERE source = 'x' AND author = 'author4'"
    assert json_of(keeper, "archives", "query", sql)["rows"] == [[0]]


def test_a_forgotten_post_is_refused_when_its_service_gives_it_again(keeper: Keeper) -> None:
    json_of(keeper, "posts", "forget", "--source", "x", "--id", "n5")
    file = keeper.home / "again.ndjson"
    file.write_text(
        '{"source":"x","source_id":"n5","created_at":"2026-11-01T10:00:00Z","text":"again"}\n'
        '{"source":"reddit","source_id":"n5","created_at":"2026-11-01T10:00:00Z","text":"another"}\n'
    )

    done = keeper.command_now("ingest", "--from", str(file), "--json").json

    assert (done["counts"]["new"], done["counts"]["rejected_by_reason"]) == (1, {"forgotten": 1})
    assert "n5" not in keeper.stored_ids("x")


def test_a_post_of_a_source_that_a_file_named_is_forgotten_too(keeper: Keeper) -> None:
    file = keeper.home / "own.ndjson"
    file.write_text('{"source":"lemmy","source_id":"7","created_at":"2026-11-01T10:00:00Z","text":"mine"}\n')
    keeper.command_now("ingest", "--from", str(file))

    done = json_of(keeper, "posts", "forget", "--source", "lemmy", "--id", "7")

    assert (done["forgotten"], keeper.stored_ids("lemmy")) == (1, set())


@pytest.mark.every_store
def test_a_restore_without_the_database_knows_what_was_to_be_forgotten(
    keeper: Keeper, another_database: Callable[[], None]
) -> None:
    counts_of(keeper.archive(older_than=timedelta(days=58)))
    json_of(keeper, "posts", "forget", "--source", "x", "--id", "4")
    counts_of(keeper.archive())
    shutil.rmtree(keeper.home)
    another_database()
    again = Keeper(keeper.home)

    found = restored(again, *ALL_OF_IT)

    assert found["forgotten"] == 1
    assert "4" not in again.stored_ids("x")


def test_alerts_do_not_quote_what_was_forgotten(keeper: Keeper) -> None:
    post_id = keeper.rows("SELECT id FROM posts WHERE source_id = 'n5'")[0]["id"]
    with keeper.changes() as store:
        store.trends.save(replace(TREND, story=replace(TREND.story, post_ids=(post_id,))))
        quote = Alert("quotes", "trending_alert", "bridge", "bridge: <i>news 5</i>", trend_id=1)
        store.notifications.queue(quote, NOW, muted=False)

    json_of(keeper, "posts", "forget", "--source", "x", "--id", "n5")

    assert keeper.rows("SELECT body FROM notifications WHERE dedupe_key = 'quotes'") == [{"body": "bridge"}]


def test_alerts_in_the_archive_are_asked_without_what_they_quote_of_forgotten_posts(keeper: Keeper) -> None:
    authors = {1: "ann", 2: "ben"}  # whom trends quote
    told: dict[str, AlertCategory] = {"1": "trending_alert", "2": "trending_alert", "digest:9": "trending_alert"}
    told["ideas"] = "daily_ideas"
    with keeper.changes() as store:
        for author in authors.values():
            trend = store.trends.save(TREND)
            quote = ("x", author, author, trend.id)
            store.connection.executemany("INSERT INTO trend_quotes VALUES (?, ?, ?, ?)", [quote])
        for key, category in told.items():
            alert = Alert(key, category, f"title {key}", f"quotes {key}", trend_id=int(key) if key.isdigit() else None)
            store.notifications.queue(alert, FIRST_OLD - timedelta(days=60), muted=True)
    counts_of(keeper.archive())
    assert keeper.values("SELECT count(*) FROM notifications WHERE body LIKE 'quotes %'") == [0]
    sql = "SELECT title, body FROM notifications WHERE title LIKE 'title %' ORDER BY 1"
    before = json_of(keeper, "archives", "query", sql)["rows"]

    json_of(keeper, "posts", "forget", "--source", "x", "--author", "ann")

    after = json_of(keeper, "archives", "query", sql)["rows"]
    keys = sorted(told)
    assert before == [[f"title {key}", f"quotes {key}"] for key in keys]
    assert after == [[f"title {key}", f"{'quotes' if key == '2' else 'title'} {key}"] for key in keys]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("archives", "restore"), "say what to restore: an ID, or --since and --until"),
        (("archives", "restore", "abc"), "archive 'abc' does not exist"),
        (("archives", "restore", "--since", "yesterday"), "--since 'yesterday': expected a day or time"),
        (("archives", "restore", "--since", "2030-01-01"), "nothing was archived of that time"),
        (("archives", "restore", "abc", "--hold", "long"), "--hold: 'long' is no duration"),
        (("archives", "write-off", "abc", "--reason", "x"), "archive 'abc' does not exist"),
        (("archives", "list", "--table", "tweets"), "--table 'tweets': expected one of"),
        (("archives", "query", "SELECT 1"), "the query names none of posts, ingest_audit, notifications, job_runs"),
        (("posts", "forget", "--source", "x"), "say which: --id or --author"),
        (("posts", "forget", "--source", "myspace", "--id", "1"), "--source 'myspace': expected one of x, reddit"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(keeper: Keeper, arguments: tuple[str, ...], told: str) -> None:
    done = keeper.command_now(*arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_sound_object_is_not_written_off(keeper: Keeper) -> None:
    counts_of(keeper.archive())

    done = keeper.command_now("archives", "write-off", keeper.manifests()[0].id, "--reason", "mistake")

    assert done.exit_code == 2
    assert "was not found missing or changed" in done.stderr


@pytest.mark.only_sqlite  # its locks are files
def test_a_restore_waits_for_no_archive_that_runs(keeper: Keeper) -> None:
    counts_of(keeper.archive())
    with job_lock(keeper.home / "locks", "archive", keeper.now):
        done = keeper.command_now("archives", "restore", *ALL_OF_IT)

    assert done.exit_code == 75


def test_posts_that_come_again_after_they_left_are_stored_as_new(keeper: Keeper) -> None:
    counts_of(keeper.archive(tables=["posts"]))
    with keeper.changes() as store:
        store.posts.save(page(old_post(4, likes=1000)).posts, keeper.now)
        note_all_ranked(store)

    keeper.later(hours=1)
    counts_of(keeper.archive(tables=["posts"]))
    found = json_of(keeper, "archives", "query", "SELECT likes FROM posts WHERE source_id = '4'")

    assert found["rows"] == [[1000]]
