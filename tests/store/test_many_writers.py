"""Several processes write at once, on one host or many: nothing is lost, counted twice or promised twice."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.builders import NOW, page, post
from tests.installation import Installation
from tests.store.test_trouble import MANIFEST
from tests.tools.processes import wait_for
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.clock import to_text, utc_now
from trendspark_cli.base.errors import CeilingReachedError, StoreBusyError, StoreError
from trendspark_cli.base.metrics import INGEST_REJECTED
from trendspark_cli.base.models import Alert, Ceiling, Post
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.spending.budget import Budget
from trendspark_cli.store.rows.collecting import PageOutcome
from trendspark_cli.store.rows.outbox import ChannelState
from trendspark_cli.store.rows.runs import JobState
from trendspark_cli.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.every_store

WRITERS, PAGES, POSTS_OF_A_PAGE = 4, 25, 12
ROUNDS = 100
LONGEST_SECONDS = 30.0
ROUNDS_SETTING = "TRENDSPARK_TEST_ROUNDS"  # more than a test has time for: `scripts/prove postgres` asks for 100
UNDONE = "DO $$ BEGIN RAISE EXCEPTION 'undone' USING ERRCODE = 'serialization_failure'; END $$"
HOUR = timedelta(hours=1)
HIGHEST = 2**63 - 1

Work = Callable[[SqliteStore], object]


class Threads:
    """Work that goes on at the same time, each with a store of its own; the first error of any is raised at the end."""

    def __init__(self, workplace: Installation) -> None:
        self._workplace = workplace
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []

    def start(self, work: Work) -> threading.Thread:
        """Begin with one piece of work."""

        def run() -> None:
            try:
                store = self._workplace.store()
                try:
                    work(store)
                finally:
                    store.close()
            except BaseException as error:  # noqa: BLE001 - raised by the test itself
                self._errors.append(error)

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def join(self) -> None:
        """Wait for all of it."""
        for thread in self._threads:
            thread.join(LONGEST_SECONDS)
            assert not thread.is_alive(), "two writers wait for each other"
        if self._errors:
            raise self._errors[0]


@pytest.fixture
def threads(workplace: Installation) -> Threads:
    """What goes on at the same time."""
    return Threads(workplace)


def save(store: SqliteStore, posts: Sequence[Post], hours_later: float = 0) -> PageOutcome:
    """Store posts in a transaction of their own."""
    return store.write(lambda: store.posts.save(posts, NOW + HOUR * hours_later))


def arrived(store: SqliteStore, after: int) -> tuple[int, list[str]]:
    """Return up to where the posts after an id are final, and their texts."""
    until = store.posts.settled_id()
    return until, [row.text for row in store.posts.arrived(after, until, 10_000)]


def test_who_reads_what_is_newer_than_an_id_sees_all_that_four_writers_store(
    threads: Threads, store: SqliteStore
) -> None:
    def write(name: int) -> Work:
        def pages(own: SqliteStore) -> None:
            for number in range(PAGES):
                ids = [f"{name}-{number}-{place}" for place in range(POSTS_OF_A_PAGE)]
                save(own, [post(one, text=one) for one in ids])

        return pages

    writers = [threads.start(write(name)) for name in range(WRITERS)]
    seen: list[str] = []
    after = 0
    is_last = False
    while not is_last:
        is_last = not any(writer.is_alive() for writer in writers)
        after, texts = arrived(store, after)
        seen += texts
    threads.join()

    assert len(seen) == len(set(seen)) == WRITERS * PAGES * POSTS_OF_A_PAGE == store.posts.count()


def test_who_reads_what_changed_sees_all_counters_that_four_writers_change(
    threads: Threads, store: SqliteStore
) -> None:
    posts = [post(f"{name}-{number}", likes=0) for name in range(WRITERS) for number in range(PAGES)]
    save(store, posts)

    def write(name: int) -> Work:
        def changes(own: SqliteStore) -> None:
            for number in range(PAGES):
                save(own, [post(f"{name}-{number}", likes=number + 1)], 1)

        return changes

    writers = [threads.start(write(name)) for name in range(WRITERS)]
    seen: set[int] = set()
    is_last = False
    while not is_last:
        is_last = not any(writer.is_alive() for writer in writers)
        until = store.forecasts.newest().newest_change
        seen.update(store.forecasts.changed(until))
        store.write(partial(store.forecasts.forget_changed, until))
    threads.join()

    assert len(seen) == len(posts)


def test_an_id_that_is_given_and_not_yet_seen_is_waited_for(
    threads: Threads, database: str, store: SqliteStore
) -> None:
    is_given, may_commit, is_done = threading.Event(), threading.Event(), threading.Event()
    seen: list[str] = []

    def write_slowly(own: SqliteStore) -> None:
        with own.transaction():
            own.posts.save([post("slow", text="slow")], NOW)
            is_given.set()
            assert may_commit.wait(LONGEST_SECONDS)

    def read(own: SqliteStore) -> None:
        after, texts = arrived(own, 0)
        seen.extend(texts)
        assert is_done.wait(LONGEST_SECONDS)
        seen.extend(arrived(own, after)[1])

    slow = threads.start(write_slowly)
    assert is_given.wait(LONGEST_SECONDS)
    quick = threads.start(lambda own: save(own, [post("quick", text="quick")]))
    if database == "postgres":
        quick.join(LONGEST_SECONDS)  # with a larger id, and committed first
    threads.start(read)
    if database == "postgres":
        wait_for("the reader has read, or waits", lambda: seen or waiting(store), seconds=30, pause=0.01)
    may_commit.set()
    for writer in (slow, quick):
        writer.join(LONGEST_SECONDS)
    is_done.set()
    threads.join()

    assert sorted(seen) == ["quick", "slow"]


def test_a_row_that_changes_while_its_file_is_deleted_stays(
    threads: Threads, database: str, store: SqliteStore
) -> None:
    save(store, [post(str(number), likes=1) for number in range(5)])
    ids = [row.id for row in store.posts.arrived(0, store.posts.settled_id(), 10)]
    with store.transaction():
        store.archives.plan(MANIFEST._replace(rows=5), ids)
        store.archives.forget_changes(MANIFEST.id)
    is_changed, may_commit = threading.Event(), threading.Event()

    def change(own: SqliteStore) -> None:
        with own.transaction():
            own.posts.save([post("3", likes=99)], NOW + HOUR)
            is_changed.set()
            assert may_commit.wait(LONGEST_SECONDS)

    def delete(own: SqliteStore) -> None:
        with own.transaction():
            own.archives.delete_batch(MANIFEST._replace(state="verified"))

    threads.start(change)
    assert is_changed.wait(LONGEST_SECONDS)
    deleting = threads.start(delete)
    if database == "postgres":
        done = "the delete has ended, or waits"
        wait_for(done, lambda: not deleting.is_alive() or waiting(store), seconds=30, pause=0.01)
    may_commit.set()
    threads.join()

    kept = store.posts.find("x", "3")
    assert kept is not None
    assert (kept.likes, store.posts.count()) == (99, 1)


def test_what_is_left_of_a_ceiling_is_promised_once(threads: Threads, store: SqliteStore) -> None:
    """Two take 60 of 100 at the same moment, a hundred times."""
    barrier = threading.Barrier(2)
    budget = Budget("x", (Ceiling("day", 100.0, "units"),))

    def reserve(own: SqliteStore) -> None:
        for day in range(ROUNDS):
            job = JobContext(own, NOW + timedelta(days=day), 1)
            barrier.wait(LONGEST_SECONDS)
            try:
                budget.reserve(job, "search", wanted=60, least=60)
            except CeilingReachedError:
                continue

    threads.start(reserve)
    threads.start(reserve)
    threads.join()

    days = [to_text(NOW + timedelta(days=day))[:10] for day in range(ROUNDS)]
    assert [store.spend.reserved("x", day, day) for day in days] == [60] * ROUNDS


def test_a_post_is_billed_by_one_of_those_who_read_it(threads: Threads, store: SqliteStore) -> None:
    barrier = threading.Barrier(2)
    fresh: list[int] = []

    def bill(own: SqliteStore) -> None:
        for number in range(30):
            barrier.wait(LONGEST_SECONDS)
            with own.transaction():
                fresh.append(own.spend.bill("x", [f"{number}-a", f"{number}-b"], "2026-11-01"))

    threads.start(bill)
    threads.start(bill)
    threads.join()

    assert sum(fresh) == 60


@pytest.mark.parametrize("edits", [(0, 0), (0, 1), (1, 0)])
def test_a_post_that_stands_twice_in_a_page_is_stored_as_its_last_version(
    store: SqliteStore, edits: tuple[int, int]
) -> None:
    twice = [post("1", likes=place + 1, edits=edit, text=f"version {edit}") for place, edit in enumerate(edits)]

    outcome = save(store, [post("2"), *twice, post("3")])

    found = store.posts.find("x", "1")
    assert found is not None
    assert (outcome.new, found.text, store.posts.count()) == (3, f"version {max(edits)}", 3)


ROWS = [post(str(number), author=f"someone-{number}") for number in range(400)]
CHANGES: dict[str, Callable[[SqliteStore, int, int], object]] = {
    "posts": lambda store, step, now: store.posts.save(
        [one._replace(likes=now) for one in ROWS[::step]], NOW + HOUR * now
    ),
    "calls": lambda store, step, now: store.api_calls.add(
        [(NOW, "x", one.source_id, "2xx", 0.1, 200) for one in ROWS[::step]]
    ),
    "counters": lambda store, step, now: store.totals.add(
        [INGEST_REJECTED.by(1, source=one.source_id, reason="malformed") for one in ROWS[::step]]
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_same_rows_in_opposite_orders_are_written_by_both(threads: Threads, store: SqliteStore, what: str) -> None:
    barrier, rounds = threading.Barrier(2), int(os.environ.get(ROUNDS_SETTING, "12"))

    def write(step: int) -> Work:
        def in_rounds(own: SqliteStore) -> None:
            for number in range(rounds):
                barrier.wait(LONGEST_SECONDS)
                own.write(partial(CHANGES[what], own, step, number))

        return in_rounds

    threads.start(write(1))
    threads.start(write(-1))
    threads.join()

    counted: dict[str, Callable[[], float]] = {
        "posts": lambda: store.posts.count() / len(ROWS) * rounds * 2,
        "calls": lambda: store.api_calls.count("x", "7", NOW),
        "counters": lambda: sum(value for _, value in store.totals.all()[INGEST_REJECTED.name]) / len(ROWS),
    }
    assert counted[what]() == rounds * 2


Step = Callable[[SqliteStore], object]
BUDGET = Budget("x", (Ceiling("day", 100.0, "units"),))


def reserve(service: str) -> Step:
    """Set 10 units of a service aside."""
    return lambda own: replace(BUDGET, service=service).reserve(JobContext(own, NOW), "search", wanted=10, least=10)


# Two steps that each lock what the other one's first step has locked, when they are taken the other way round.
OPPOSED: dict[str, tuple[Step, Step]] = {
    "posts": (
        lambda own: own.posts.save([post("1", likes=2)], NOW + HOUR),
        lambda own: own.posts.save([post("2", likes=2)], NOW + HOUR),
    ),
    "money": (reserve("x"), reserve("openai")),
    "cursors": (
        lambda own: own.cursors.set("default", "x", "a", "1", NOW),
        lambda own: own.cursors.set("default", "x", "b", "1", NOW),
    ),
    "channels": (
        lambda own: own.channels.save(ChannelState("telegram", failures=1)),
        lambda own: own.channels.save(ChannelState("slack", failures=1)),
    ),
    "jobs": (
        lambda own: own.job_states.save(JobState("rank", failures=1)),
        lambda own: own.job_states.save(JobState("archive", failures=1)),
    ),
    "alerts": (
        lambda own: own.notifications.mark(1, "expired", error="late"),
        lambda own: own.notifications.mark(2, "expired", error="late"),
    ),
    "runs": (lambda own: own.job_runs.beat(1, NOW + HOUR), lambda own: own.job_runs.beat(2, NOW + HOUR)),
    "a page and its books": (reserve("x"), lambda own: own.posts.save([post("1", likes=2)], NOW + HOUR)),
}


@pytest.mark.parametrize("what", OPPOSED)
def test_a_transaction_that_another_one_undid_is_done_again_as_a_whole(
    threads: Threads, store: SqliteStore, database: str, what: str
) -> None:
    with store.transaction():
        store.posts.save([post("1", likes=1), post("2", likes=1)], NOW)
        for number in (1, 2):
            store.job_runs.start("rank", NOW, number, "worker", "1")
            store.notifications.queue(Alert(f"key-{number}", "trending_alert", "title", "body"), NOW, muted=False)
        for each in OPPOSED[what] if what in ("cursors", "channels", "jobs") else ():
            each(store)  # a row that is there can be locked
    barrier = threading.Barrier(2)
    tries: list[int] = []

    def write(one: Step, other: Step) -> Work:
        def both(own: SqliteStore) -> None:
            def work() -> None:
                tries.append(len(tries))
                one(own)
                if database == "postgres" and len(tries) <= 2:  # a writer of SQLite is alone from its first line
                    barrier.wait(LONGEST_SECONDS)
                other(own)

            own.write(work)

        return both

    one, other = OPPOSED[what]
    threads.start(write(one, other))
    threads.start(write(other, one))
    threads.join()

    assert (len(tries) > 2) == (database == "postgres")  # which also says that they really met
    if what == "money":
        assert [store.spend.reserved(service, "2026-11-01", "2026-11-01") for service in ("x", "openai")] == [20, 20]


def test_a_run_counts_once_what_was_done_again(store: SqliteStore, database: str) -> None:
    job, tries = JobContext(store, NOW, 1, counts={"pages": 1, "rejected_by_reason": {"junk": 1}}), 0
    job.api_calls.append(ApiCall(utc_now(), "x", "search", 200, 0.1))

    def work() -> None:
        nonlocal tries
        tries += 1
        job.count("pages")
        job.count_by("rejected_by_reason", {"junk": 1, "odd": 1})
        job.progress.has_page = True
        job.record_calls()
        if database == "postgres" and tries < 3:
            store.connection.execute(UNDONE)

    job.write(work)

    assert job.counts == {"pages": 2, "rejected_by_reason": {"junk": 2, "odd": 1}}
    assert (store.api_calls.count("x", "search", NOW - HOUR), job.api_calls) == (1, [])


def test_a_transaction_is_not_tried_for_ever(store: SqliteStore, database: str) -> None:
    if database == "sqlite":
        pytest.skip("nothing undoes a transaction there")
    tries = 0

    def work() -> None:
        nonlocal tries
        tries += 1
        store.job_runs.start("rank", NOW, 1, "worker", "1")
        store.connection.execute(UNDONE)

    with pytest.raises(StoreBusyError):
        store.write(work)

    assert (tries, store.job_runs.history(10)) == (3, [])


def test_posts_of_a_page_that_was_undone_are_still_to_be_paid(store: SqliteStore) -> None:
    def work() -> None:
        store.spend.bill("x", ["1", "2"], "2026-11-01")
        store.spend.billed("x", ["1"], "2026-11-01")
        raise StoreError("the disk is full")

    with pytest.raises(StoreError):
        store.write(work)

    with store.transaction():
        assert store.spend.bill("x", ["1", "2"], "2026-11-01") == 2


def test_what_has_no_value_comes_in_the_same_place_on_every_database(store: SqliteStore) -> None:
    """NULL is smaller than everything on one, larger on another: nobody may rest on it."""
    with store.transaction():
        for query, newest in (("a", None), ("b", "2026-11-01T11:00:00.000Z"), ("c", None)):
            read = page(*([post(query, created_at=newest)] if newest else []))
            store.audit.add(1, "default", "x", query, read, PageOutcome(1, 0), NOW)
        for since, until in ((None, "5"), ("1", None), (None, None)):
            place: dict[str, Any] = {"profile": "default", "source": "x", "query": "q", "reason": "r"}
            store.gaps.open(**place, estimated_reads=1, since_id=since, until_id=until, run_id=None, now=NOW)

    assert store.audit.newest_time("x") == "2026-11-01T11:00:00.000Z"
    assert [(gap.since_id, gap.until_id) for gap in store.gaps.open_ones("default", "x", "q")] == [
        (None, None),
        ("1", None),
        (None, "5"),
    ]


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("text", "a\x00b", "a\ufffdb"),
        ("text", "\\u0000 is no NUL", "\\u0000 is no NUL"),
        ("author", "an\x00na", "an\ufffdna"),
        ("text", "🌉 ‮bidi \x1b[31m", "🌉 ‮bidi \x1b[31m"),
    ],
)
def test_a_text_that_a_database_has_no_form_for_fails_no_page(
    store: SqliteStore, database: str, field: str, given: str, kept: str
) -> None:
    outcome = save(store, [post("1", **{field: given}), post("2")])

    found = store.posts.find("x", "1")
    assert found is not None
    assert getattr(found, field) in (kept, given if database == "sqlite" else kept)
    assert (outcome.new, list(outcome.refused)) == (2, [])


def test_half_a_character_is_refused_with_its_post_alone(store: SqliteStore) -> None:
    outcome = save(store, [post("1", text="half \ud83d"), post("2"), post("3")])

    assert store.posts.stored_ids("x", ["2", "3"]) == {"2", "3"}
    assert outcome.new + len(outcome.refused) == 3


@pytest.mark.parametrize("likes", [2**31, 2**53 + 1, HIGHEST])
def test_large_numbers_come_back_whole(store: SqliteStore, likes: int) -> None:
    save(store, [post(str(likes), likes=likes)])

    found = store.posts.find("x", str(likes))
    assert found is not None
    assert found.likes == likes


def test_a_number_that_is_too_large_is_refused_with_its_post_alone(store: SqliteStore) -> None:
    outcome = save(store, [post("1", likes=HIGHEST + 1), post("2")])

    assert ([one.place for one in outcome.refused], store.posts.count()) == ([0], 1)


def waiting(store: SqliteStore) -> bool:
    """Tell whether a session of the server waits for a lock."""
    sql = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return int(store.connection.rows(sql)[0]["n"]) > 0
