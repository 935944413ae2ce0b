"""What trended last month: still shown when the posts are in the archive, and gone when it must be forgotten."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.archive.keeping import Keeper
from tests.rank.test_rank_job import write_posts
from tests.ranking.streams import background, said
from trendspark_cli.alerts.alert_texts import digest_alert
from trendspark_cli.base.models import GoneAccount, GonePost, Page
from trendspark_cli.collecting.deletions import follow_deletions
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.trends import ModelAnswer, TrendBrief

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = 17
KEPT = {"RETENTION_DAYS_POSTS": "7"}
STORIES = {4: "volcano eruption", 6: "harbour bridge", 8: "ferry strike"}  # by day
EVERYWHERE = ["query", "trends.csv", "trends.parquet", "trendspark.db"]  # where a trend's label is
SECRET = "Zimtstern"  # in no other text


def tick_of(moment: datetime) -> int:
    return int(moment.timestamp()) // 900


def live_through(keeper: Keeper, *, days: int = DAYS) -> None:
    """Live through days, each with its posts and its story at noon, ranked, and archived in the night."""
    for day in range(days):
        morning = BEGIN + timedelta(days=day)
        rows = background(tick_of(morning), 96, per_tick=6 if day <= max(STORIES) else 1)
        if day in STORIES:
            noon = morning + timedelta(hours=12)
            rows += said(f"{STORIES[day]} {SECRET}", 30, int(noon.timestamp()), every=60)
        for hours in (12.75, 24):
            until = morning + timedelta(hours=hours)
            part = [row for row in rows if row.created_at < until.timestamp()]
            rows = [row for row in rows if row.created_at >= until.timestamp()]
            keeper.now = until
            keeper.ingest(file=str(write_posts(keeper.home / "posts.ndjson", part)))
            assert keeper.rank().exit_code == 0
        assert keeper.archive().exit_code == 0


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    """An operator who archives each night, after days in which three things trended. Nobody may change it."""
    keeper = Keeper(tmp_path_factory.mktemp("lived") / "home", KEPT, now=BEGIN)
    live_through(keeper)
    return keeper


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    """An operator on the day of a story, with everything live."""
    made = Keeper(tmp_path / "home", KEPT, now=BEGIN)
    live_through(made, days=5)
    return made


def shown(keeper: Keeper, *arguments: str) -> Any:
    done = keeper.command_now(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return done.json


def test_a_trend_whose_posts_are_archived_shows_examples_curve_people_and_sources(lived: Keeper) -> None:
    first = shown(lived, "trends", "show", "volcano")

    live = lived.values("SELECT count(*) FROM posts WHERE text LIKE 'volcano%'")
    assert live == [0]
    assert [post["text"][:16] for post in first["posts"]] == ["volcano eruption"] * 3
    assert all(post["author"] for post in first["posts"])
    assert sum(count["posts"] for count in first["counts"]) == 30
    assert (first["people"], first["sources"]) == (30, {"reddit": 30})


def test_every_trend_of_the_days_is_still_whole(lived: Keeper) -> None:
    trends = shown(lived, "trends", "list")["trends"]

    assert len(trends) >= len(STORIES)
    for trend in trends:
        told = shown(lived, "trends", "show", str(trend["id"]))
        assert told["posts"]
        assert told["counts"]
        assert told["people"] > 0
        assert sum(told["sources"].values()) > 0


def test_each_curve_agrees_with_the_posts_in_the_archive(lived: Keeper) -> None:
    curves, archived = {}, {}
    for story in STORIES.values():
        [trend] = shown(lived, "trends", "list", "--term", story.split()[0])["trends"]
        ticks = shown(lived, "trends", "show", str(trend["id"]))["counts"]
        curves[story] = [sum(tick["posts"] for tick in ticks), sum(tick["people"] for tick in ticks)]
        sql = f"SELECT count(*), count(DISTINCT author) FROM posts WHERE text LIKE '{story}%'"
        [archived[story]] = shown(lived, "archives", "query", sql)["rows"]

    assert curves == archived == {story: [30, 30] for story in STORIES.values()}


def test_trends_and_curves_are_asked_together_with_the_posts_in_the_archive(lived: Keeper) -> None:
    sql = """
        SELECT t.id, t.posts_total, sum(c.posts)::INT, (SELECT count(*) FROM posts WHERE text LIKE '%volcano eruption%')
        FROM trends t JOIN trend_counts c ON c.trend_id = t.id
        WHERE t.terms LIKE '%volcano%' AND c.tick > t.first_post_at - INTERVAL 15 MINUTE GROUP BY ALL
    """
    [row] = shown(lived, "archives", "query", sql)["rows"]
    [alone] = shown(lived, "archives", "query", "SELECT count(*) FROM trend_counts")["rows"]

    assert row == [1, 30, 30, 30]
    assert alone == lived.values("SELECT count(*) FROM trend_counts")


def test_the_curve_is_drawn_beside_what_is_usual(lived: Keeper) -> None:
    done = lived.command_now("trends", "explain", "volcano")

    lines = [line.strip() for line in done.stdout.splitlines()]
    assert any(line.startswith("seen") and "█" in line for line in lines)
    assert any(line.startswith("usual") for line in lines)
    assert any("at most 15 posts, usual there none" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "labels"),
    [
        (("--term", "harbour bridge"), {"harbour bridge"}),
        (("--term", "bridg"), set()),
        (("--since", "2026-11-09"), {"ferry strike"}),
        (("--until", "2026-11-06"), {"volcano eruption"}),
        (("--since", "2026-11-07", "--until", "2026-11-08"), {"harbour bridge"}),
        (("--source", "x"), set()),
        (("--kind", "post"), set()),
        (("--source", "reddit", "--kind", "topic", "--term", "ferry", "--limit", "1"), {"ferry strike"}),
    ],
)
def test_trends_are_found_by_term_time_source_and_kind(
    lived: Keeper, arguments: tuple[str, ...], labels: set[str]
) -> None:
    trends = shown(lived, "trends", "list", *arguments)["trends"]

    found = {
        story for trend in trends for story in STORIES.values() if story in " ".join([trend["label"], *trend["terms"]])
    }
    assert found == labels


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("list", "--kind", "noise"), "--kind 'noise': expected one of topic, post"),
        (("list", "--state", "gone"), "--state 'gone': expected one of open, closed"),
        (("list", "--since", "soon"), "--since 'soon': expected a time"),
        (("list", "--since", "1d", "--until", "2d"), "expected a time before --until"),
        (("show", "unheard"), "'unheard': no trend has this id or is about it"),
        (("show", ""), "no trend has this id"),
        (("show", "!!"), "no trend has this id"),
        (("explain", "99999999999999999999"), "trend 99999999999999999999 does not exist"),
    ],
)
def test_what_cannot_be_found_is_said_in_one_line(lived: Keeper, arguments: tuple[str, ...], told: str) -> None:
    done = lived.command_now("trends", *arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_choice_that_no_trend_fits_is_not_taken_for_silence(lived: Keeper) -> None:
    done = lived.command_now("trends", "list", "--term", "bridg")

    assert done.stdout == "no trend is like that; `trendspark trends list` names all\n"


def test_a_word_of_several_trends_lists_them(lived: Keeper) -> None:
    told = shown(lived, "trends", "show", SECRET)

    assert len(told["trends"]) >= 2


def test_a_forgotten_author_is_in_no_copy_of_a_text(lived: Keeper, tmp_path: Path) -> None:
    [author] = lived.values("SELECT author FROM trend_examples WHERE trend_id = 1 LIMIT 1")
    assert lived.values(f"SELECT count(*) FROM posts WHERE author = '{author}'") == [0]

    shown(lived, "posts", "forget", "--source", "reddit", "--author", author)

    assert lived.values(f"SELECT count(*) FROM trend_examples WHERE author = '{author}'") == [0]
    assert len(shown(lived, "trends", "show", "1")["posts"]) == 2


def quote_everywhere(keeper: Keeper, trend: int, post_id: int, text: str) -> None:
    """Have a post's text stand in every place there is for one."""
    with keeper.changes() as store:
        store.connection.execute("UPDATE posts SET text = ? WHERE id = ?", (text, post_id))
        store.connection.execute("UPDATE trend_examples SET text = ? WHERE post_id = ?", (text, post_id))
        store.connection.execute("UPDATE notifications SET body = ? WHERE trend_id = ?", (text, trend))
        store.briefs.save(TrendBrief(trend, "label", text, (1,), "model", 1.0, "2026-11-05T00:00:00.000Z"))
        store.briefs.keep_answer("key", "trend_label", "model", ModelAnswer("ok", {"summary": text}), keeper.now)
        # as a trend that is this post alone, told in an alert and in a digest
        sql = "UPDATE trends SET kind = 'post', label = ?, evidence = ?, sources = ? WHERE id = ?"
        evidence = {"engagement": 1, "comments": 0, "forecast": 1.0, "error": 1.0, "usual_posts": 1.0, "enough": 1.0}
        store.connection.execute(sql, (text, json.dumps([evidence]), '{"reddit": 1}', trend))
        store.connection.execute("UPDATE notifications SET title = ? WHERE trend_id = ?", (text, trend))
        store.notifications.queue(digest_alert("digest:1-2", "more", [text]), keeper.now, muted=False)


def files_with(keeper: Keeper, *words: str) -> list[str]:
    """Write the database anew, export its trends in each form, ask for them, and name what has one of these words."""
    keeper.vacuum(full=True)
    exports = keeper.home.parent / "exports"
    exports.mkdir(exist_ok=True)
    for form in ("csv", "parquet"):
        shown(keeper, "trends", "export", str(exports), "--format", form)
    told = {path.name: path.read_bytes() for path in (*keeper.home.glob("trendspark.db*"), *exports.glob("*.csv"))}
    told |= {path.name: repr(pq.read_table(path).to_pylist()).encode() for path in exports.glob("*.parquet")}
    told["query"] = repr(shown(keeper, "archives", "query", "SELECT * FROM trends")).encode()
    return sorted(name for name, content in told.items() for word in words if word.encode() in content)


@pytest.mark.only_sqlite  # its file
def test_a_forgotten_post_is_nowhere_in_the_file_nor_in_exports(keeper: Keeper) -> None:
    text = "Mohnkipferl that nobody else wrote"
    [example] = keeper.rows("SELECT post_id, trend_id, source_id FROM trend_examples WHERE place = 0 LIMIT 1")
    trend = example["trend_id"]
    quote_everywhere(keeper, trend, example["post_id"], text)
    assert keeper.rank().exit_code == 0  # indexes it
    assert files_with(keeper, text, "kipferl") == sorted(2 * EVERYWHERE)
    assert shown(keeper, "posts", "search", "mohnkipferl")["posts"]

    shown(keeper, "posts", "forget", "--source", "reddit", "--id", example["source_id"])

    assert files_with(keeper, text, "kipferl") == []
    assert shown(keeper, "trends", "show", str(trend))["label"] == "a post that was removed"
    assert shown(keeper, "posts", "search", "mohnkipferl")["posts"] == []


def another_database(keeper: Keeper, home: Path) -> Keeper:
    """Copy an installation as it is; both have one archive."""
    other = Keeper(home, {**KEPT, "ARCHIVE_URL": keeper.environment["ARCHIVE_URL"]}, now=keeper.now)
    with closing(sqlite3.connect(keeper.database)) as here, closing(sqlite3.connect(other.database)) as there:
        here.backup(there)
    return other


@pytest.mark.only_sqlite  # its file is copied
def test_what_another_database_forgot_leaves_every_place_here_with_the_next_restore(
    lived: Keeper, tmp_path: Path
) -> None:
    text = "Mohnkipferl that nobody else wrote"
    first, second = another_database(lived, tmp_path / "1" / "home"), another_database(lived, tmp_path / "2" / "home")
    [example] = lived.rows("SELECT post_id, trend_id, source_id FROM trend_examples WHERE place = 2 AND trend_id = 1")
    quote_everywhere(second, 1, example["post_id"], text)
    assert files_with(second, text) == EVERYWHERE
    shown(first, "posts", "forget", "--source", "reddit", "--id", example["source_id"])
    assert first.archive().exit_code == 0  # tells the archive

    dry = shown(second, "archives", "restore", "--since", "2026-11-05", "--until", "2026-11-06", "--dry-run")
    untouched = files_with(second, text)
    done = shown(second, "archives", "restore", "--since", "2026-11-05", "--until", "2026-11-06")

    assert dry["forgotten"] == done["forgotten"] > 0
    assert untouched == EVERYWHERE
    assert files_with(second, text) == []
    kept = {post["source_id"] for post in shown(second, "trends", "show", "1")["posts"]}
    assert kept
    assert example["source_id"] not in kept


@pytest.mark.only_sqlite  # its file is copied
@pytest.mark.parametrize("of_account", [False, True])
def test_a_deletion_reaches_what_is_kept_of_a_post_that_is_archived_and_nothing_else(
    lived: Keeper, tmp_path: Path, of_account: bool
) -> None:
    keeper = another_database(lived, tmp_path / "home")
    sql = "SELECT post_id, source_id FROM trend_examples WHERE trend_id = 1 ORDER BY place LIMIT 1"
    [example] = keeper.rows(sql)
    others = keeper.values("SELECT source_id FROM tombstones")
    quote_everywhere(keeper, 1, example["post_id"], "Mohnkipferl that nobody else wrote")
    gone = Page((), 0, gone=(GonePost(example["source_id"]), GonePost("never-stored")))
    closed = Page((), 0, gone_accounts=(GoneAccount("?", example["source_id"], keeper.now),))  # whatever begins so

    for _ in range(2):  # a killed run does it again
        with closing(keeper.store(read_only=False)) as store:
            follow_deletions(JobContext(store, keeper.now), "reddit", closed if of_account else gone)

    account = [None] * of_account  # files may have more of it
    expected = Counter([*others, example["source_id"], *account])
    assert Counter(keeper.values("SELECT source_id FROM tombstones")) == expected
    assert files_with(keeper, "Mohnkipferl") == []


def test_a_post_that_was_an_example_once_leaves_the_alert_that_quotes_it(keeper: Keeper) -> None:
    [example] = keeper.rows("SELECT * FROM trend_examples WHERE place = 0 LIMIT 1")
    with keeper.changes() as store:  # its place is another one's now, and the post is archived
        store.connection.execute(
            "UPDATE notifications SET body = 'Mohnkipferl' WHERE trend_id = ?", (example["trend_id"],)
        )
        store.connection.execute("DELETE FROM trend_examples WHERE post_id = ?", (example["post_id"],))
        store.connection.execute("DELETE FROM posts WHERE id = ?", (example["post_id"],))

    shown(keeper, "posts", "forget", "--source", "reddit", "--id", example["source_id"])

    assert keeper.values("SELECT count(*) FROM notifications WHERE body = 'Mohnkipferl'") == [0]


@pytest.mark.parametrize("kind", ["topic", "post"])
def test_an_alert_of_a_trend_that_is_gone_shows_nothing_of_a_post_forgotten_since(keeper: Keeper, kind: str) -> None:
    [example] = keeper.rows("SELECT source_id FROM trend_examples WHERE trend_id = 1 AND place = 0")
    titles = "SELECT title FROM notifications WHERE trend_id = 1 ORDER BY id"
    with keeper.changes() as store:
        store.connection.execute("UPDATE trends SET kind = ? WHERE id = 1", (kind,))
        sql = "UPDATE notifications SET title = 'Mohnkipferl', body = 'Mohnkipferl, whole' WHERE trend_id = 1"
        store.connection.execute(sql)
    keeper.environment["RETENTION_DAYS_NOTIFICATIONS"] = "7"
    keeper.now += timedelta(days=9)
    assert keeper.archive(is_forced=True).exit_code == 0
    with keeper.changes() as store:  # as after 400 days, or in a new database
        store.connection.execute("DELETE FROM trends WHERE id = 1")
        store.connection.execute("DELETE FROM trend_quotes WHERE trend_id = 1")
    before = shown(keeper, "archives", "query", titles)["rows"]

    shown(keeper, "posts", "forget", "--source", "reddit", "--id", example["source_id"])

    queried = shown(keeper, "archives", "query", titles.replace("title", "title, body"))["rows"]
    count = "SELECT count(*) FROM notifications WHERE title LIKE '%removed'"
    [[gone]] = shown(keeper, "archives", "query", count)["rows"]
    shown(keeper, "archives", "restore", "--since", "2026-11-01")
    restored = keeper.rows(titles.replace("title", "title, body"))
    assert before
    assert {title for [title] in before} == {"Mohnkipferl"}
    assert [list(row.values()) for row in restored] == queried
    assert {text for row in queried for text in row} == {"an alert that may quote a post that was removed"}
    assert gone == len(before)  # those of trends that are still known say what they said


def test_trends_and_curves_are_exported_as_csv(lived: Keeper, tmp_path: Path) -> None:
    done = lived.command_now("trends", "export", str(tmp_path), "--json")

    trends = list(csv.DictReader((tmp_path / "trends.csv").open(encoding="utf-8", newline="")))
    counts = list(csv.DictReader((tmp_path / "trend_counts.csv").open(encoding="utf-8", newline="")))
    assert done.exit_code == 0, done.stderr
    assert [file["rows"] for file in done.json["files"]] == [len(trends), len(counts)]
    assert {row["id"] for row in trends} == {row["trend_id"] for row in counts}
    assert sum(int(row["posts"]) for row in counts) == lived.values("SELECT sum(posts) FROM trend_counts")[0]


def test_an_export_as_parquet_has_the_same_rows_with_times(lived: Keeper, tmp_path: Path) -> None:
    done = lived.command_now("trends", "export", str(tmp_path), "--format", "parquet", "--since", "2026-11-07")

    counts = pq.read_table(tmp_path / "trend_counts.parquet")
    assert done.exit_code == 0, done.stderr
    assert str(counts.schema.field("tick").type) == "timestamp[us, tz=UTC]"
    wanted = (
        "SELECT trend_id, source, posts, c.people, c.expected FROM trend_counts c JOIN trends t ON t.id = c.trend_id"
    )
    rows = lived.rows(f"{wanted} WHERE closed_at >= '2026-11-07' OR closed_at IS NULL ORDER BY trend_id, tick, source")
    assert counts.drop(["tick"]).to_pylist() == rows


@pytest.mark.parametrize(
    ("arguments", "exit_code", "told"),
    [
        (("/dev/null",), 73, "cannot be made"),
        ((".", "--format", "xlsx"), 2, "--format 'xlsx': expected one of csv, parquet"),
        ((".", "--since", "soon"), 2, "--since 'soon': expected a time"),
    ],
)
def test_what_cannot_be_exported_is_said(lived: Keeper, arguments: tuple[str, ...], exit_code: int, told: str) -> None:
    done = lived.command_now("trends", "export", *arguments)

    assert (done.exit_code, done.stdout) == (exit_code, "")
    assert told in done.stderr
