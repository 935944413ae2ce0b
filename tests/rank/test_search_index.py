"""`rank` keeps the index of `posts search`: a part in each run, behind what is collected, and whatever happens."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.archive.keeping import Keeper
from tests.builders import NOW, in_lines, own_line, post
from tests.installation import Installation
from tests.store.test_search import indexed_terms
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import GonePost, Page
from trendspark_cli.collecting.deletions import follow_deletions
from trendspark_cli.ranking.text.searching import read_query
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.sqlite.store import SqliteStore
from trendspark_cli.trends.search_filling import keep_index

POSTS = 2500

pytestmark = pytest.mark.every_store


class KilledError(BaseException):
    """The process ends here."""


def keep(store: SqliteStore, count: int = POSTS) -> None:
    with store.transaction():
        made = [post(str(n), text=f"word{n % 10} bridge", created_at=to_text(NOW)) for n in range(count)]
        store.posts.save(made, NOW)


def indexed(store: SqliteStore) -> list[tuple[int, int]]:
    rows = store.connection.rows("SELECT filled_id, entries FROM search_shelves")
    return [(row["filled_id"], row["entries"]) for row in rows]


def found(store: SqliteStore, words: str) -> int:
    return len(store.search.search(read_query(words), None, None, None, POSTS))


def test_a_run_indexes_no_more_than_it_may_and_the_next_goes_on(store: SqliteStore) -> None:
    keep(store)
    steps = []
    for _ in range(3):
        keep_index(JobContext(store, NOW), is_wanted=True, most=1200)
        steps.append(indexed(store))

    assert steps == [[(1200, 1200)], [(2400, 2400)], [(2500, 2500)]]
    assert found(store, "word3") == 250


def test_killed_after_any_transaction_nothing_is_lost_or_found_twice(store: SqliteStore) -> None:
    keep(store)

    def die() -> None:
        raise KilledError

    for _ in range(4):
        store.set_after_commit(die)
        with pytest.raises(KilledError):
            keep_index(JobContext(store, NOW), is_wanted=True)
        store.set_after_commit(lambda: None)
        assert found(store, "word3") == 250

    assert indexed(store) == [(2500, 2500)]


def test_a_dry_run_indexes_nothing(store: SqliteStore) -> None:
    keep(store, 3)

    keep_index(JobContext(store, NOW, dry_run=True), is_wanted=True)

    assert indexed(store) == []


def test_search_index_false_removes_it_and_the_same_is_found(store: SqliteStore) -> None:
    keep(store)
    keep_index(JobContext(store, NOW), is_wanted=True)

    keep_index(JobContext(store, NOW), is_wanted=False)

    assert (indexed_terms(store), found(store, "word3 bridge")) == (set(), 250)


def test_words_of_a_post_its_service_deleted_leave_with_the_next_run(store: SqliteStore) -> None:
    keep(store, 10)
    for _ in range(2):
        keep_index(JobContext(store, NOW), is_wanted=True)
    assert "word3" in indexed_terms(store)
    follow_deletions(JobContext(store, NOW), "x", Page((), 0, gone=(GonePost("3"),)))

    keep_index(JobContext(store, NOW), is_wanted=True)

    assert "word3" not in indexed_terms(store)


def ingested(workplace: Installation, *texts: str) -> None:
    lines = [
        own_line(str(n), text=text, created_at=to_text(NOW - timedelta(minutes=n + 1))) for n, text in enumerate(texts)
    ]
    workplace.home.parent.joinpath("new.ndjson").write_bytes(in_lines(*lines))
    assert workplace.command("ingest", "--from", str(workplace.home.parent / "new.ndjson")).exit_code == 0


def searched(workplace: Installation, *arguments: str) -> Any:
    done = workplace.command_now("posts", "search", *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return [one["text"] for one in done.json["posts"]]


def test_posts_are_searched_from_the_moment_they_are_collected(workplace: Installation) -> None:
    ingested(workplace, "the bridge opens", "an ocean of ferries", "the bridge and the ocean")
    assert searched(workplace, "bridge", "-the") == []  # no letter of an excluded word is an option
    before = searched(workplace, "bridge", "-ocean"), workplace.values("SELECT count(*) FROM search_shelves")

    assert workplace.command_now("rank").exit_code == 0

    after = searched(workplace, "bridge", "-ocean"), workplace.values("SELECT count(*) FROM search_shelves")
    assert before == (["the bridge opens"], [0])
    assert after == (["the bridge opens"], [1])
    assert workplace.command("db", "stats", "--json").json["search_index_bytes"] > 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (('"the bridge',), "expected a quote around words"),
        (("bridge", "--sorce", "x"), "No such option: --sorce"),
        (("bridge", "--since", "soon"), "--since 'soon': expected a time"),
        (("-bridge",), "only what must not be there"),
        ((), "Missing argument"),
    ],
)
def test_a_search_that_cannot_be_meant_ends_with_2_and_says_why(
    workplace: Installation, arguments: tuple[str, ...], told: str
) -> None:
    done = workplace.command("posts", "search", *arguments)

    assert done.exit_code == 2
    assert told in done.stderr


def test_archived_posts_are_found_no_more_and_again_when_they_are_back(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "home", {"RETENTION_DAYS_POSTS": "7"}, now=NOW)
    old = to_text(NOW - timedelta(days=20))
    with closing(keeper.store()) as store, store.transaction():
        store.posts.save([post(str(n), text=f"old bridge {n}", created_at=old) for n in range(3)], NOW)
        store.posts.save([post(f"1{n}", text="ferry", created_at=to_text(NOW)) for n in range(8)], NOW)
        store.posts.save([post("9", text="new bridge", created_at=to_text(NOW))], NOW)
    assert keeper.rank().exit_code == 0

    assert keeper.archive().exit_code == 0
    gone = searched(keeper, "bridge")
    with closing(keeper.store()) as store:  # a day later its words have left too
        keep_index(JobContext(store, NOW + timedelta(days=1)), is_wanted=True)
        keep_index(JobContext(store, NOW + timedelta(days=1)), is_wanted=True)
        left = indexed_terms(store)
    assert keeper.command_now("archives", "restore", "--since", old[:10], "--until", to_text(NOW)[:10]).exit_code == 0

    assert gone == ["new bridge"]
    assert "new" in left
    assert "old" not in left
    assert sorted(searched(keeper, "bridge")) == ["new bridge", "old bridge 0", "old bridge 1", "old bridge 2"]
