"""`stream` of Bluesky: posts are stored as they are made, and what was missed is replayed, however it was missed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.operator import Operator
from tests.installation import PLACE
from tests.servers import JetstreamServer, delete_event, post_event
from tests.servers.jetstream_server import id_of
from tests.tools.processes import wait_for
from tests.tools.undone import undo_each_once


def now() -> datetime:
    """The present: streams are listened to in real time."""
    return datetime.now(UTC)


def posts(count: int, *, first: int = 0, before: timedelta = timedelta(0)) -> list[dict[str, Any]]:
    """Posts about a ferry."""
    at = now() - before
    times = [at + timedelta(milliseconds=n) for n in range(count)]
    return [post_event(each, f"ferry {first + n}", did=f"did:plc:a{first + n}") for n, each in enumerate(times)]


def ids_of(events: list[dict[str, Any]]) -> set[str]:
    """The ids of their posts."""
    return {id_of(event) for event in events}


class Listener:
    """An operator, the hosts of Bluesky, and the process that listens."""

    def __init__(self, home: Path, hosts: list[JetstreamServer]) -> None:
        self.hosts = hosts
        settings = {
            "BLUESKY_INGEST_ENABLED": "true",
            "BLUESKY_HOSTS": ",".join(host.url for host in hosts),
            "BLUESKY_API_BASE_URL": "http://127.0.0.1:9",
            "KEYWORDS": "ferry",
            "HTTP_TIMEOUT": "3s",
        }
        self.operator = Operator(home, settings)

    @property
    def stored(self) -> set[str]:
        """The ids of all stored posts."""
        return self.operator.stored_ids("bluesky")

    @contextmanager
    def listening(self) -> Iterator[subprocess.Popen[str]]:
        """Keep `stream` running; it is stopped by SIGTERM at the end, if it still runs."""
        process = self.operator.start("stream")
        try:
            wait_for("connected", lambda: any(host.connected for host in self.hosts), seconds=30, pause=0.02)
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)

    def wait_stored(self, wanted: set[str]) -> None:
        """Wait until these posts are stored."""
        wait_for("all posts are stored", lambda: wanted <= self.stored, seconds=30, pause=0.05)


@pytest.fixture
def bluesky(tmp_path: Path) -> Iterator[Listener]:
    """Two hosts, and an operator who follows a ferry there."""
    with ExitStack() as stack:
        hosts = [stack.enter_context(JetstreamServer()) for _ in range(2)]
        yield Listener(tmp_path / "home", hosts)


@pytest.fixture(params=["sqlite", pytest.param("undone", marks=pytest.mark.postgres)])
def whichever(request: pytest.FixtureRequest) -> Any:
    """Such an operator with SQLite, or with a PostgreSQL that undoes each transaction once."""
    if request.param == "undone":
        PLACE["DATABASE_URL"] = request.getfixturevalue("postgres_url")
        undo_each_once(PLACE["DATABASE_URL"])
    return request.getfixturevalue("bluesky")


def test_posts_are_stored_as_they_are_made_and_deleted_ones_leave(whichever: Listener) -> None:
    bluesky = whichever
    some = posts(30)
    with bluesky.listening() as process:
        bluesky.hosts[0].publish(some)
        bluesky.wait_stored(ids_of(some))
        bluesky.hosts[0].publish([delete_event(now(), some[4])])
        wait_for("it is gone", lambda: id_of(some[4]) not in bluesky.stored, seconds=30, pause=0.05)

    assert process.returncode == 143
    assert bluesky.stored == ids_of(some) - {id_of(some[4])}
    assert bluesky.operator.rows("SELECT sum(new) AS new FROM ingest_audit") == [{"new": 30}]


def test_a_connection_that_breaks_costs_nothing(bluesky: Listener) -> None:
    first, second = posts(10, before=timedelta(seconds=20)), posts(10, first=10)
    for host in bluesky.hosts:
        host.events += first
    bluesky.hosts[0].ends = [(4, None), (8, 1001), (2, 1006 - 6)]
    with bluesky.listening():
        bluesky.wait_stored(ids_of(first))
        for host in bluesky.hosts:
            host.publish(second)
        bluesky.wait_stored(ids_of(second))

    assert bluesky.stored == ids_of(first) | ids_of(second)
    assert bluesky.operator.values("SELECT count(*) FROM gaps") == [0]


def test_a_host_that_falls_silent_is_left_for_the_next_one(bluesky: Listener) -> None:
    bluesky.hosts[0].silent = 99
    some = posts(10)
    with bluesky.listening():
        bluesky.hosts[1].publish(some)
        bluesky.wait_stored(ids_of(some))

    assert bluesky.stored == ids_of(some)


def test_what_was_made_while_a_killed_one_was_off_is_replayed_by_the_next(bluesky: Listener) -> None:
    first, second = posts(10), posts(10, first=10)
    with bluesky.listening() as process:
        bluesky.hosts[0].publish(first)
        bluesky.wait_stored(ids_of(first))
        process.send_signal(signal.SIGKILL)
        process.wait()
    for host in bluesky.hosts:
        host.events = [*first, *second]
    with bluesky.listening():
        bluesky.wait_stored(ids_of(second))

    assert bluesky.stored == ids_of(first) | ids_of(second)


@pytest.mark.only_sqlite
def test_posts_that_could_not_be_stored_are_read_again(bluesky: Listener) -> None:
    some = [*posts(5, before=timedelta(minutes=5)), *posts(5, first=5)]
    for host in bluesky.hosts:
        host.events += some
    with closing(sqlite3.connect(bluesky.operator.database)) as database, database:
        database.execute("CREATE TRIGGER full BEFORE INSERT ON ingest_audit BEGIN SELECT RAISE(ABORT, 'full'); END")
    process = bluesky.operator.start("stream")
    process.communicate(timeout=60)
    with closing(sqlite3.connect(bluesky.operator.database)) as database, database:
        database.execute("DROP TRIGGER full")

    done = bluesky.operator.command("ingest", "--source", "bluesky")

    assert (process.returncode != 0, done.exit_code) == (True, 0)
    assert bluesky.stored == ids_of(some)


def test_ingest_goes_on_where_the_stream_ended(bluesky: Listener) -> None:
    some = posts(10)
    with bluesky.listening():
        bluesky.hosts[0].publish(some)
        bluesky.wait_stored(ids_of(some))

    done = bluesky.operator.command("ingest", "--source", "bluesky", "--json")

    assert (done.exit_code, done.json["counts"]["new"]) == (0, 0)
    cursor = int(bluesky.hosts[0].queries[-1]["cursor"]) / 1e6
    assert cursor > (now() - timedelta(minutes=2)).timestamp()


def test_a_busy_network_is_stored_whole(bluesky: Listener) -> None:
    made: set[str] = set()
    with bluesky.listening():
        for second in range(3):
            some = posts(150, first=150 * second)
            made |= ids_of(some)
            bluesky.hosts[0].publish(some)
            bluesky.wait_stored(ids_of(some))

    assert bluesky.stored == made


def test_without_a_source_that_streams_nothing_is_done(bluesky: Listener) -> None:
    done = bluesky.operator.command("stream", environment={"BLUESKY_INGEST_ENABLED": "false"})

    assert (done.exit_code, bluesky.hosts[0].queries) == (0, [])
