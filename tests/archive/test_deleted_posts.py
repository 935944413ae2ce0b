"""What a source says is deleted after it was archived: the archive hears of it, and forgets what no longer matters."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.archive.keeping import NOW, Keeper, counts_of, note_all_ranked
from tests.builders import post
from tests.servers import JetstreamServer, account_event, delete_event, post_event
from tests.servers.jetstream_server import id_of, tid
from tests.servers.messages import JsonObject
from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.base.clock import to_text
from trendspark_cli.services.local_folder import LocalFolder

FIRST = NOW - timedelta(days=60)
DAY = f"{FIRST:%Y-%m-%d}"


def event(at: datetime, number: int) -> JsonObject:
    """A post of that time, as the stream told it."""
    return post_event(at, f"ferry {number}", did=f"did:plc:a{number}", key=tid(at, number))


OLD = [event(FIRST + timedelta(minutes=n), n) for n in range(20)]  # all of one day, which is archived
YOUNG = [event(NOW - timedelta(days=3, minutes=n), 100 + n) for n in range(5)]


@pytest.fixture
def host() -> Iterator[JetstreamServer]:
    """A host that has nothing to tell yet."""
    with JetstreamServer(clock=NOW.timestamp) as server:
        yield server


@pytest.fixture
def keeper(tmp_path: Path, host: JetstreamServer, database: str) -> Keeper:
    """An operator who follows Bluesky, with posts of sixty days ago in an archive and young ones that are live."""
    settings = {
        "BLUESKY_INGEST_ENABLED": "true",
        "BLUESKY_HOSTS": host.url,
        "BLUESKY_API_BASE_URL": "http://127.0.0.1:9",
        "KEYWORDS": "ferry",
    }
    made = Keeper(tmp_path / "home", settings)
    with made.changes() as store:
        store.posts.save(
            [
                post(
                    id_of(each),
                    source="bluesky",
                    text=each["commit"]["record"]["text"],
                    author=each["did"],
                    created_at=f"{each['commit']['record']['createdAt'][:23]}Z",
                )
                for each in [*OLD, *YOUNG]
            ],
            NOW,
        )
        note_all_ranked(store)
    counts_of(made.archive(is_forced=True))
    return made


def delete(keeper: Keeper, host: JetstreamServer, *events: JsonObject) -> dict[str, Any]:
    """Have the host tell of deletions, a minute later, and the operator hear of it."""
    keeper.later(minutes=1)
    host.clock = keeper.now.timestamp
    host.events += [delete_event(keeper.now - timedelta(seconds=20), each) for each in events]
    result = keeper.ingest()
    assert result.exit_code == 0
    return dict(result.counts)


def forget_list(keeper: Keeper) -> None:
    """As if an earlier version had archived."""
    with keeper.changes() as store:
        store.connection.execute("UPDATE archive_manifests SET is_listed = 0 WHERE id <> ?", ("",))
        store.connection.execute("DELETE FROM archived_posts WHERE key <> ?", (0,))


def stones(keeper: Keeper) -> list[str]:
    """The ids of posts that must not come back."""
    return sorted(keeper.values("SELECT source_id FROM tombstones"))


def told(keeper: Keeper) -> list[list[str]]:
    """The ids in each object of the archive that tells of deletions."""
    files = sorted((keeper.folder / "tombstones").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    return [[json.loads(line)["source_id"] for line in path.read_text().splitlines()] for path in files]


def seen(keeper: Keeper) -> set[str]:
    """The ids of posts that `archives query` shows."""
    done = keeper.command_now("archives", "query", "SELECT source_id FROM posts", "--json")
    return {row[0] for row in done.json["rows"]}


@pytest.mark.every_store
def test_a_deletion_reaches_a_post_in_the_archive_that_nothing_quotes(keeper: Keeper, host: JetstreamServer) -> None:
    gone = [id_of(each) for each in OLD[:3]]

    counts = delete(keeper, host, *OLD[:3])

    assert (counts["deleted_in_archive"], counts.get("deleted")) == (3, None)
    assert stones(keeper) == sorted(gone)
    assert seen(keeper) == {id_of(each) for each in OLD} - set(gone)
    restored = keeper.command_now("archives", "restore", "--since", "2026-01-01", "--json").json
    assert restored["forgotten"] == 3
    assert keeper.stored_ids("bluesky") == {id_of(each) for each in [*OLD, *YOUNG]} - set(gone)


@pytest.mark.every_store
def test_a_deletion_of_a_post_that_the_list_of_a_file_has_not_leaves_nothing(
    keeper: Keeper, host: JetstreamServer
) -> None:
    another = event(FIRST + timedelta(minutes=7, seconds=1), 1)
    plain = post_event(FIRST, "ferry", key="self")

    counts = delete(keeper, host, another, plain)

    assert "deleted_in_archive" not in counts
    assert stones(keeper) == []


@pytest.mark.every_store
def test_without_a_list_a_deletion_of_the_time_of_a_file_is_kept(keeper: Keeper, host: JetstreamServer) -> None:
    forget_list(keeper)
    another = event(FIRST + timedelta(minutes=7, seconds=1), 1)

    counts = delete(keeper, host, OLD[0], another)

    assert (counts["deleted_in_archive"], stones(keeper)) == (2, sorted([id_of(OLD[0]), id_of(another)]))


def test_the_posts_of_a_large_file_are_not_listed(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendspark_cli.archiving.parts.MOST_LISTED", 4)
    keeper.later(days=50)

    counts_of(keeper.archive(is_forced=True))

    assert keeper.values("SELECT is_listed FROM archive_manifests ORDER BY day") == [1, 0]
    assert keeper.rows("SELECT count(*) AS n FROM archived_posts") == [{"n": 2 * 20}]  # and authors


def test_a_deletion_of_a_time_that_is_in_no_file_or_of_no_time_leaves_nothing(
    keeper: Keeper, host: JetstreamServer
) -> None:
    forget_list(keeper)
    earlier = event(FIRST - timedelta(days=2), 1)
    later = event(FIRST + timedelta(days=2), 1)
    plain = post_event(FIRST, "ferry", key="self")
    future = event(NOW + timedelta(days=400), 1)
    ancient = event(datetime(1983, 1, 1, tzinfo=NOW.tzinfo), 1)

    counts = delete(keeper, host, earlier, later, plain, future, ancient)

    assert "deleted_in_archive" not in counts
    assert stones(keeper) == []


@pytest.mark.every_store
def test_deletions_of_one_run_are_one_object_and_a_new_database_learns_of_them(
    keeper: Keeper, host: JetstreamServer, another_database: Callable[[], None]
) -> None:
    delete(keeper, host, *OLD[:9])
    counts_of(keeper.archive(is_forced=True))
    counts_of(keeper.archive(is_forced=True))
    delete(keeper, host, *OLD[9:11])
    counts_of(keeper.archive(is_forced=True))

    assert told(keeper) == [sorted(map(id_of, OLD[:9])), sorted(map(id_of, OLD[9:11]))]
    assert keeper.command_now("archives", "verify", "--json").json["unreadable"] == []
    shutil.rmtree(keeper.home)
    another_database()
    again = Keeper(keeper.home, now=keeper.now)
    found = again.command_now("archives", "restore", "--since", "2026-01-01", "--json").json
    assert (found["restored"], found["forgotten"]) == (9, 11)
    assert again.stored_ids("bluesky") == set(map(id_of, OLD[11:]))
    assert seen(again) == set(map(id_of, OLD[11:]))


def test_both_forms_of_tombstones_are_read_beside_each_other(keeper: Keeper, host: JetstreamServer) -> None:
    delete(keeper, host, OLD[0])
    counts_of(keeper.archive(is_forced=True))
    name = "12345678-1234-1234-1234-123456789abc"
    alone = {"id": name, "source": "bluesky", "source_id": id_of(OLD[1]), "author": None, "created_at": to_text(NOW)}
    (keeper.folder / "tombstones" / f"{name}.json").write_text(json.dumps(alone, indent=1) + "\n")

    found = keeper.command_now("archives", "restore", "--since", "2026-01-01", "--json").json

    assert (found["restored"], found["forgotten"]) == (18, 2)


@pytest.mark.parametrize("change", [b"", b"\n", b" ", b'{"id": 7}\n'], ids=["cut", "line", "space", "junk"])
def test_an_object_that_is_not_what_it_is_called_by_is_named(
    keeper: Keeper, host: JetstreamServer, change: bytes
) -> None:
    delete(keeper, host, *OLD[:2])
    counts_of(keeper.archive(is_forced=True))
    [path] = (keeper.folder / "tombstones").glob("*.json")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if not change else content + change)
    keeper.later(minutes=1)
    with keeper.changes() as store:
        store.connection.execute("UPDATE tombstones SET batch = 'another'")

    found = keeper.command_now("archives", "verify", "--json")

    assert found.exit_code == 65
    assert [one["key"] for one in found.json["unreadable"]] == [f"tombstones/{path.name}"]


@pytest.mark.every_store
def test_a_deletion_of_a_live_post_is_kept_from_the_archive_and_leaves_with_its_time(
    keeper: Keeper, host: JetstreamServer
) -> None:
    gone = sorted(map(id_of, YOUNG[:2]))
    counts = delete(keeper, host, *YOUNG[:2])
    counts_of(keeper.archive(is_forced=True))

    assert (counts["deleted"], stones(keeper), told(keeper)) == (2, gone, [])
    keeper.later(days=50)
    counts_of(keeper.archive(is_forced=True))
    assert (stones(keeper), told(keeper)) == ([], [])
    assert seen(keeper) == {id_of(each) for each in [*OLD, *YOUNG]} - set(gone)


@pytest.mark.every_store
def test_a_deletion_while_the_post_is_on_its_way_to_the_archive_reaches_it(
    keeper: Keeper, host: JetstreamServer
) -> None:
    counts_of(keeper.archive(older_than=timedelta(days=2), is_forced=True))
    keeper.command_now("archives", "restore", "--since", f"{NOW - timedelta(days=4):%Y-%m-%d}")

    counts = delete(keeper, host, YOUNG[0])
    counts_of(keeper.archive(is_forced=True))

    assert (counts["deleted"], told(keeper)) == (1, [[id_of(YOUNG[0])]])
    assert id_of(YOUNG[0]) not in seen(keeper)


@pytest.mark.every_store
def test_tombstones_leave_with_the_last_file_they_can_concern(keeper: Keeper, host: JetstreamServer) -> None:
    delete(keeper, host, *OLD[:3])
    keeper.command_now("posts", "forget", "--source", "bluesky", "--id", id_of(OLD[3]))
    keeper.command_now("posts", "forget", "--source", "bluesky", "--id", id_of(OLD[2]))
    counts_of(keeper.archive(is_forced=True))
    before = stones(keeper)
    [part] = keeper.manifests()
    (keeper.folder / part.key).unlink()

    keeper.command_now("archives", "verify")
    done = keeper.command_now("archives", "write-off", part.id, "--reason", "the bucket dropped it")
    assert done.exit_code == 0, done.stderr
    counts_of(keeper.archive(is_forced=True))

    assert before == sorted(map(id_of, OLD[:4]))
    assert stones(keeper) == sorted(map(id_of, OLD[2:4]))  # what a person wants forgotten stays so


def test_a_run_that_was_cut_short_tells_the_archive_once_more_and_changes_nothing(
    keeper: Keeper, host: JetstreamServer
) -> None:
    delete(keeper, host, *OLD[:3])
    counts_of(keeper.archive(is_forced=True))
    with keeper.changes() as store:
        store.connection.execute("UPDATE tombstones SET is_pushed = 0, batch = NULL WHERE source_id > ?", ("at://",))

    counts_of(keeper.archive(is_forced=True))

    assert told(keeper) == [sorted(map(id_of, OLD[:3]))]
    assert keeper.rows("SELECT count(*) AS n FROM tombstones WHERE is_pushed = 0") == [{"n": 0}]


@pytest.mark.every_store
@pytest.mark.parametrize("has_list", [True, False], ids=["listed", "not listed"])
def test_archived_posts_of_an_account_that_is_closed_are_hidden_and_later_ones_are_not(
    keeper: Keeper, host: JetstreamServer, another_database: Callable[[], None], has_list: bool
) -> None:
    if not has_list:
        forget_list(keeper)
    back = post_event(NOW + timedelta(hours=1), "ferry, open again", did=OLD[5]["did"])
    host.events += [account_event(NOW + timedelta(seconds=20), each, "takendown") for each in (OLD[5]["did"], "did:x")]

    counts = delete(keeper, host)
    host.events += [account_event(NOW + timedelta(minutes=50), OLD[5]["did"], None), back]
    keeper.later(hours=2)
    host.clock = keeper.now.timestamp
    assert keeper.ingest().exit_code == 0

    assert counts["deleted_in_archive"] == (1 if has_list else 2)
    assert id_of(back) in keeper.stored_ids("bluesky")
    kept = {id_of(each) for each in OLD if each is not OLD[5]}
    assert seen(keeper) == kept
    counts_of(keeper.archive(is_forced=True))
    statements = keeper.command_now("archives", "ddl").stdout
    with duckdb.connect() as engine:
        engine.execute(statements)
        assert {row[0] for row in engine.execute("SELECT source_id FROM posts").fetchall()} == kept
    shutil.rmtree(keeper.home)
    another_database()
    again = Keeper(keeper.home, now=keeper.now)
    dry = again.command_now("archives", "restore", "--since", "2026-01-01", "--dry-run", "--json").json
    found = again.command_now("archives", "restore", "--since", "2026-01-01", "--json").json
    assert (dry["forgotten"], found["restored"], found["forgotten"]) == (1, 19, 1)
    assert again.stored_ids("bluesky") == kept


@pytest.mark.parametrize("reads", ["by its own database", "by another one"])
def test_a_replay_of_the_archive_leaves_out_what_was_deleted(keeper: Keeper, host: JetstreamServer, reads: str) -> None:
    host.events.append(account_event(NOW + timedelta(seconds=20), OLD[5]["did"], "deleted"))
    delete(keeper, host, OLD[0])
    counts_of(keeper.archive(is_forced=True))
    here = keeper if reads == "by its own database" else Keeper(keeper.home.parent / "another", now=keeper.now)
    if here is not keeper:
        here.environment["ARCHIVE_URL"] = keeper.environment["ARCHIVE_URL"]

    with closing(here.store()) as store:
        place = LocalFolder(f"file://{keeper.folder}", keeper.folder)
        posts = ArchivedPosts(store, place, Spool(here.home / "spool"))
        found = {post.source_id for post in posts.between("2026-01-01", "2027-01-01")}

    assert found == {id_of(each) for each in OLD} - {id_of(OLD[0]), id_of(OLD[5])}


def test_a_known_deletion_is_heard_twice_and_kept_once(keeper: Keeper, host: JetstreamServer) -> None:
    delete(keeper, host, OLD[0])

    counts = delete(keeper, host, OLD[0])

    assert (counts.get("deleted_in_archive", 0), stones(keeper)) == (0, [id_of(OLD[0])])
