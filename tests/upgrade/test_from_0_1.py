"""What version 0.1 left is upgraded and worked with: nothing is lost, and what was half done is finished."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import in_lines, own_line
from tests.servers import reddit_post, x_post
from tests.servers.hook_servers import WebhookServer
from tests.tools.processes import wait_for
from tests.upgrade.old_installation import FIRST_RUN, OldInstallation, Services, kept_counts, services
from trendspark_cli.ranking.baseline.history import HISTORY_VERSION

VERSION = "0.1"
MUTED = {"ENABLE_REALTIME_ALERTS": "false"}  # alerts go out one a second, which is not what such a test is about
READING = (
    "alerts list",
    "alerts show 2",
    "archives list",
    "archives verify --read-data",
    "audit",
    "budget",
    "config check",
    "config show",
    "db stats",
    "gaps list",
    "jobs history",
    "jobs list",
    "posts why reddit:1a0020",
    "profiles list",
    "trends explain 1",
    "trends list",
    "trends show 5",
)


@pytest.fixture
def around() -> Iterator[Services]:
    """X, Reddit, Telegram and OpenAI, in good order."""
    with services(VERSION) as running:
        yield running


@pytest.fixture
def upgraded(tmp_path: Path, around: Services) -> OldInstallation:
    """The old installation after `db upgrade`; X has what it had."""
    installation = OldInstallation(tmp_path, VERSION, around.addresses)
    around.know(installation)
    installation.command("db", "upgrade")
    return installation


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> OldInstallation:
    """The same, for those that only look; no service answers."""
    installation = OldInstallation(tmp_path_factory.mktemp("looked-at"), VERSION)
    installation.command("db", "upgrade")
    return installation


def gone(installation: OldInstallation, before: dict[str, set[Any]]) -> dict[str, int]:
    """How many rows of each table are not there any more."""
    now = installation.keys()
    return {table: len(keys - now[table]) for table, keys in before.items() if keys - now[table]}


def publish_news(around: Services) -> None:
    """Have X and Reddit publish posts of the last minutes, and X one of the time that was not read."""
    moments = [FIRST_RUN - timedelta(minutes=minutes) for minutes in (2, 3, 4)]
    missed = FIRST_RUN - timedelta(hours=20)
    around.x.add(x_post(moment, "the bridge is open", author_id=f"90{n}") for n, moment in enumerate(moments))
    around.x.add([x_post(missed, "the ferry that nobody saw", author_id="909")])
    around.reddit.add(reddit_post(moment, f"Why, {moment:%M}?", subreddit="cityscience") for moment in moments)


def test_every_table_has_rows_in_what_is_kept(tmp_path: Path) -> None:
    counts = OldInstallation(tmp_path, VERSION).counts()

    assert counts == kept_counts(VERSION)
    assert all(counts.values())


def test_upgrading_keeps_every_row_as_it_was(tmp_path: Path) -> None:
    installation = OldInstallation(tmp_path, VERSION)
    columns = installation.columns()
    before = installation.contents(columns)

    installation.command("db", "upgrade")

    assert installation.counts() == kept_counts(VERSION)
    assert installation.contents(columns) == before


def test_an_upgraded_database_is_sound_and_needs_no_second_upgrade(upgraded: OldInstallation) -> None:
    again = upgraded.json("db", "upgrade")

    assert again["steps"] == []
    assert upgraded.value("PRAGMA integrity_check") == "ok"
    assert upgraded.rows("PRAGMA foreign_key_check") == []


@pytest.mark.parametrize("command", READING)
def test_whatever_only_looks_works_on_what_the_old_version_wrote(looked_at: OldInstallation, command: str) -> None:
    before = looked_at.keys()

    shown = looked_at.json(*command.split())

    assert shown
    assert gone(looked_at, before) == {}


def test_lists_show_what_the_old_version_found(looked_at: OldInstallation) -> None:
    trends = looked_at.json("trends", "list")["trends"]

    assert len(trends) == kept_counts(VERSION)["trends"]
    assert {trend["kind"] for trend in trends} == {"topic", "post"}
    assert {trend["state"] for trend in trends} == {"open", "closed"}
    assert all(trend["posts"] for trend in trends)


def test_health_and_doctor_know_of_no_trouble_but_that_of_the_old_version(looked_at: OldInstallation) -> None:
    health = looked_at.json("health", expect=1)["services"]
    findings = looked_at.json("doctor", "--offline", expect=1)["findings"]

    states = {finding["check"]: finding["state"] for finding in findings}
    assert (health["database"]["ok"], health["archive"]["ok"], health["config"]["ok"]) == (True, True, True)
    assert (states["schema"], states["integrity"], states["clock"]) == ("ok", "ok", "ok")


def test_every_object_of_the_old_archive_is_what_was_stored(looked_at: OldInstallation) -> None:
    found = looked_at.json("archives", "verify", "--read-data")

    assert (found["checked"], found["problems"]) == (6, [])


def test_rows_that_the_old_version_archived_come_back(upgraded: OldInstallation) -> None:
    before = upgraded.counts()

    upgraded.command("archives", "restore", "--since", "2026-09-03", "--until", "2026-09-07")

    after = upgraded.counts()
    back = {table: after[table] - before[table] for table in ("posts", "ingest_audit", "notifications", "job_runs")}
    assert back == {"posts": 11, "ingest_audit": 12, "notifications": 1, "job_runs": 8}


def test_a_file_of_posts_is_read(upgraded: OldInstallation) -> None:
    before = upgraded.keys()
    lines = in_lines(own_line("1", created_at="2026-11-01T12:00:00Z"), own_line("2", created_at="2026-11-01T12:01:00Z"))

    counts = upgraded.json("ingest", "--from", "-", lines=lines.decode())["counts"]

    assert counts["new"] == 2
    assert len(upgraded.keys()["posts"]) == len(before["posts"]) + 2
    assert gone(upgraded, before) == {}


def test_ingest_goes_on_from_the_old_cursors_and_fills_the_old_gap(upgraded: OldInstallation, around: Services) -> None:
    before = upgraded.keys()
    publish_news(around)

    counts = upgraded.json("ingest")["counts"]

    assert counts["new"] == 7
    assert len(upgraded.keys()["posts"]) == len(before["posts"]) + 7
    assert upgraded.rows("SELECT id, state FROM gaps WHERE id = 4 OR state = 'open'") == [(4, "filled")]
    assert gone(upgraded, before) == {}


def test_ingest_settles_what_a_killed_run_had_set_aside(upgraded: OldInstallation) -> None:
    used = "SELECT used FROM spend WHERE day = '2026-11-01' AND service = 'x' AND profile = 'default' AND kind = '{}'"
    kind, units = upgraded.rows("SELECT kind, units FROM spend_reservations")[0]
    before = upgraded.value(used.format(kind))

    upgraded.command("ingest")

    assert upgraded.value("SELECT count(*) FROM spend_reservations") == 0
    assert upgraded.value(used.format(kind)) >= before + units


def test_a_post_that_was_stored_from_a_repost_is_replaced_by_the_post_itself(upgraded: OldInstallation) -> None:
    cut = own_line("1404371205485498514", created_at="2026-11-01T12:00:00Z", text="the bridge is cl")
    upgraded.command("ingest", "--from", "-", lines=in_lines(cut).decode())
    whole = {"id": cut["source_id"], "author_id": "77", "created_at": cut["created_at"], "text": "the bridge is closed"}

    upgraded.command("ingest", "--from", "-", lines=in_lines({"data": whole}).decode())

    stored = upgraded.rows(f"SELECT text, author FROM posts WHERE source_id = '{cut['source_id']}'")
    assert stored == [("the bridge is closed", "77")]


SEEN = {
    "x": {
        "data": [{"id": "1404371205485498514", "author_id": "77", "text": "a", "created_at": "2026-11-01T12:00:00Z"}],
        "includes": {"users": [{"id": "77", "username": "Anna_Port"}]},
    },
    "reddit": reddit_post(FIRST_RUN, "a", author="Anna_Port") | {"author_fullname": "t2_77"},
}


@pytest.mark.parametrize(("source", "author"), [("x", "77"), ("reddit", "t2_77")])
def test_an_author_the_old_version_knew_by_name_gets_the_id_with_all_posts(
    tmp_path: Path, around: Services, source: str, author: str
) -> None:
    old = OldInstallation(tmp_path, VERSION, around.addresses)
    number = old.value(f"SELECT max(id) FROM posts WHERE source = '{source}'")
    with closing(sqlite3.connect(old.database)) as database, database:  # as X_EXPAND_AUTHORS had it stored
        database.execute("UPDATE posts SET author = 'anna_port' WHERE source = ? AND id > ?", (source, number - 3))
        named = database.execute("SELECT id FROM posts WHERE author = 'anna_port'").fetchall()
    old.command("db", "upgrade")

    old.command("ingest", "--from", "-", lines=in_lines(SEEN[source]).decode())

    assert named
    assert set(old.rows(f"SELECT id FROM posts WHERE author = '{author}'")) >= set(named)
    assert old.rows("SELECT name FROM authors") == [("Anna_Port",)]


def test_rank_goes_on_with_the_old_trends(upgraded: OldInstallation) -> None:
    before = upgraded.keys()
    is_open = "SELECT id FROM trends WHERE state = 'open' ORDER BY id"
    known = upgraded.rows(is_open)

    counts = upgraded.json("rank", settings=MUTED)["counts"]

    assert (counts["opened"], counts["closed"]) == (0, 0)
    assert set(upgraded.rows(is_open)) >= set(known)  # one that had ended may go on
    assert gone(upgraded, before) == {}


def test_rank_builds_the_old_history_anew_and_forgets_no_author(upgraded: OldInstallation) -> None:
    before = upgraded.counts()

    upgraded.command("rank", settings=MUTED)

    after = upgraded.counts()
    learnt = ("ranking_sources", "forecast_sources", "forecast_usual")
    assert {table: after[table] >= before[table] for table in learnt} == dict.fromkeys(learnt, True)
    assert upgraded.rows("SELECT history_version, rebuilt_since FROM ranking_progress") == [(HISTORY_VERSION, "")]
    assert upgraded.value("SELECT sum(terms) FROM ranking_runs") > 1_000


def test_brief_writes_of_the_old_trends(upgraded: OldInstallation) -> None:
    before = upgraded.keys()

    counts = upgraded.json("brief", settings=MUTED)["counts"]

    trends = upgraded.value("SELECT count(*) FROM trends WHERE state = 'open'")
    assert counts["trends"] == trends
    assert len(upgraded.keys()["trend_briefs"] - before["trend_briefs"]) == trends
    assert gone(upgraded, before) == {}


def test_deliver_sends_what_the_old_version_left_waiting(upgraded: OldInstallation, around: Services) -> None:
    before = upgraded.keys()

    upgraded.command("deliver")

    waiting = {row[0] for row in upgraded.rows("SELECT id FROM notifications WHERE status IN ('pending', 'sending')")}
    assert waiting & before["notifications"] == set()
    assert around.telegram.texts[0].startswith("(2/2)")  # the first half was sent before
    assert sum("line 159 " in text for text in around.telegram.texts) == 1
    assert sum("ingest: resolved" in text for text in around.telegram.texts) == 1  # its process died as it sent it
    assert gone(upgraded, before) == {}


def test_what_waits_goes_out_once_and_to_telegram_alone_whatever_channels_there_are_now(
    upgraded: OldInstallation, around: Services
) -> None:
    with WebhookServer() as desk:
        upgraded.command("deliver", settings={"ALERT_URL_DESK": desk.address})
        first = list(around.telegram.texts)
        upgraded.now += timedelta(minutes=2)

        upgraded.command("deliver", settings={"ALERT_URL_DESK": desk.address})

        assert [text for text in desk.texts if text in first] == []
    assert first
    assert len(set(around.telegram.texts)) == len(around.telegram.texts)


def test_archive_finishes_the_old_part_and_each_row_is_live_or_archived(upgraded: OldInstallation) -> None:
    before = upgraded.keys()
    deleted = "SELECT sum(deleted_rows) FROM archive_manifests"
    archived = upgraded.value(deleted)

    counts = upgraded.json("archive")["counts"]

    assert gone(upgraded, before) == {"posts": counts["archived"]}
    assert upgraded.value(deleted) == archived + counts["archived"]
    assert upgraded.rows("SELECT DISTINCT state FROM archive_manifests") == [("done",)]
    assert upgraded.json("archives", "verify", "--read-data")["problems"] == []


def test_archive_leaves_rows_that_were_restored_and_tells_the_archive_who_is_forgotten(
    upgraded: OldInstallation,
) -> None:
    upgraded.command("archive")

    assert upgraded.value("SELECT count(*) FROM posts WHERE created_at < '2026-09-17'") == 10
    assert len(list(upgraded.archive.glob("tombstones/*.json"))) == kept_counts(VERSION)["tombstones"]


def test_a_job_that_was_paused_stays_paused_until_it_is_resumed(upgraded: OldInstallation) -> None:
    paused = upgraded.json("vacuum")["status"]
    upgraded.command("jobs", "resume", "vacuum")
    resumed = upgraded.json("vacuum")["status"]

    assert (paused, resumed) == ("skipped", "success")


def test_a_day_of_jobs_loses_nothing(upgraded: OldInstallation, around: Services) -> None:
    before = upgraded.keys()
    publish_news(around)
    upgraded.command("jobs", "resume", "vacuum")

    both = upgraded.json("jobs", "run", "ingest_rank")["counts"]
    upgraded.command("brief")
    upgraded.command("deliver")
    archived = upgraded.json("archive")["counts"]["archived"]
    upgraded.command("vacuum")
    upgraded.command("metrics")

    assert gone(upgraded, before) == {"posts": archived}
    assert len(upgraded.keys()["posts"]) == len(before["posts"]) + both["ingest"]["new"] - archived
    assert upgraded.value("PRAGMA integrity_check") == "ok"


def test_the_stream_goes_on_and_keeps_what_was_missed_as_gaps(upgraded: OldInstallation, around: Services) -> None:
    before = upgraded.keys()
    news = [x_post(FIRST_RUN - timedelta(seconds=n), f"the ferry {n}", author_id=f"80{n}") for n in range(3)]
    stored = f"SELECT count(*) FROM posts WHERE source_id IN ({', '.join(repr(one['id']) for one in news)})"

    process = upgraded.start("stream", "--max-runtime", "60s")
    try:
        wait_for("the stream is connected", lambda: around.stream.is_connected, seconds=30)
        around.stream.publish(news)
        wait_for("its posts are stored", lambda: upgraded.value(stored) == len(news), seconds=30)
    finally:
        process.terminate()
        process.communicate(timeout=30)

    missed = upgraded.rows("SELECT query FROM gaps WHERE reason = 'the stream was not connected' ORDER BY query")
    assert missed == upgraded.rows("SELECT value FROM stream_rules ORDER BY value")
    assert gone(upgraded, before) == {}


def test_trends_of_the_old_version_are_told_with_counts_that_fit(upgraded: OldInstallation) -> None:
    rows = upgraded.rows("SELECT state, posts_now, posts_peak, posts_total, people, detected_at, opened_at FROM trends")

    assert rows
    for state, now, peak, total, people, detected_at, opened_at in rows:
        assert 1 <= peak <= total
        assert (now == 0) is (state == "closed")
        assert people >= 1
        assert detected_at == opened_at


def test_trends_of_the_old_version_have_no_curve_and_no_kept_examples(looked_at: OldInstallation) -> None:
    assert looked_at.value("SELECT count(*) FROM trends") > 0
    assert looked_at.value("SELECT count(*) FROM trend_counts") == 0
    assert looked_at.value("SELECT count(*) FROM trend_examples") == 0
