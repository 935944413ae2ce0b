"""Connection attempts: X's pauses, and never more than 50 in 15 minutes, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.ingest.operator import TOKEN
from tests.installation import FixedClock, Installation
from tests.servers import XServer
from tests.servers.x_stream_server import XStreamServer
from tests.tools.processes import free_port
from trendspark_cli.base.models import Ceiling
from trendspark_cli.collecting.arrivals import Arrivals
from trendspark_cli.collecting.reconnecting import Reconnecting
from trendspark_cli.collecting.stream_source import StreamConnection
from trendspark_cli.jobs.stream import StreamWork, stream
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.services.x.stream import XStream
from trendspark_cli.spending.budget import Budget
from trendspark_cli.store.sqlite.store import SqliteStore


class EnoughSeenError(Exception):
    """Enough was seen."""


def attempts_of(
    workplace: Installation, url: str, *, each: Callable[[], None] = lambda: None, minutes: int = 120
) -> list[datetime]:
    """When a stream that always fails connects within so many minutes of its clock."""
    clock = FixedClock(datetime(2026, 11, 1, 12, tzinfo=UTC))
    end, attempts = clock() + timedelta(minutes=minutes), []
    store: SqliteStore = workplace.store()
    with store.transaction():
        run_id = store.job_runs.start("stream", clock(), 1, "host", "0")
    job = JobContext(store, clock(), run_id)

    class Watched(XStream):
        def connect(self) -> StreamConnection:
            attempts.append(clock())
            each()
            return super().connect()

    def wait(seconds: float) -> None:
        clock.advance(seconds=seconds)
        if clock() > end:
            raise EnoughSeenError

    work = StreamWork(
        # The silence is also how long an answer may take; a busy machine needs more than a moment.
        stream=Watched(bearer_token=TOKEN, base_url=url, record=job.api_calls.append, silence_seconds=0.1),
        rules={"bridge": "default"},
        budget=Budget("x", (Ceiling("day", 10**6, "X_MAX_READS_PER_DAY"),), 0.005),
        clock=clock,
        export=lambda: None,
        ask=lambda has_posts: None,
        wait=wait,
    )
    with pytest.raises(EnoughSeenError):
        stream(job, work)
    store.close()
    return attempts


def most_in_15_minutes(attempts: list[datetime]) -> int:
    """The fullest quarter of an hour."""
    window = timedelta(minutes=15)
    return max(sum(start <= other < start + window for other in attempts) for start in attempts)


@pytest.fixture
def server() -> Iterator[XStreamServer]:
    """A stream with a rule."""
    with XServer(bearer_token=TOKEN) as search, XStreamServer(search) as running:
        running.add_rule("bridge", "trendspark:1")
        yield running


def test_when_nobody_listens_there_attempts_stay_within_50_in_15_minutes(workplace: Installation) -> None:
    attempts = attempts_of(workplace, f"http://127.0.0.1:{free_port()}")

    assert len(attempts) > 100
    assert most_in_15_minutes(attempts) <= 50


@pytest.mark.parametrize("refusal", [(503, "{}"), (429, '{"connection_issue":"TooManyConnections"}'), (404, "<html>")])
def test_when_it_refuses_attempts_become_rare(
    workplace: Installation, server: XStreamServer, refusal: tuple[int, str]
) -> None:
    attempts = attempts_of(workplace, server.url, each=lambda: server.refusals.append(refusal))

    assert 5 < len(attempts) < 50
    assert (attempts[-1] - attempts[-2]).total_seconds() >= 320


def test_when_each_connection_is_closed_at_once_attempts_stay_within_50_in_15_minutes(
    workplace: Installation, server: XStreamServer
) -> None:
    server.is_silent = True  # each connection ends at once

    attempts = attempts_of(workplace, server.url, minutes=16)

    assert len(attempts) >= 45
    assert most_in_15_minutes(attempts) <= 50


def test_attempts_of_processes_before_count_too(workplace: Installation) -> None:
    store = workplace.store()
    with store.transaction():
        at = datetime(2026, 11, 1, 11, 58, tzinfo=UTC)
        store.api_calls.add([(at, "x", "stream", "transport", 0.1, None)] * 45)
    store.close()

    attempts = attempts_of(workplace, f"http://127.0.0.1:{free_port()}")

    assert attempts[0] >= at + timedelta(minutes=15)


def test_pauses_are_those_of_the_table() -> None:
    pauses = Reconnecting()

    assert [pauses.pause_after("network") for _ in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert [pauses.pause_after("http") for _ in range(8)] == [5, 10, 20, 40, 80, 160, 320, 320]
    assert [pauses.pause_after("rate_limit") for _ in range(6)] == [60, 120, 240, 480, 960, 960]
    assert pauses.pause_after("network") == 0.25
    assert pauses.pause_after("network", held_seconds=59) == 0.5
    assert pauses.pause_after("network", held_seconds=60) == 0.25


def test_each_time_without_a_connection_is_a_gap(workplace: Installation, server: XStreamServer) -> None:
    server.is_silent = True

    attempts_of(workplace, server.url, minutes=1)

    rows = workplace.rows("SELECT since_id, until_id FROM gaps ORDER BY id")
    assert rows
    assert all(int(row["since_id"]) < int(row["until_id"]) for row in rows)


def test_room_is_left_for_a_moment_like_the_busiest_of_late() -> None:
    arrivals = Arrivals()
    for at, posts in ((0.0, 30), (0.25, 70), (10.0, 5)):
        arrivals.note(posts, at)

    assert arrivals.most == 148  # half as much again as the 100 of the first half second, a little faded


def test_a_busy_moment_is_forgotten_in_minutes() -> None:
    arrivals = Arrivals()
    arrivals.note(1000, 0.0)
    for half_second in range(1, 600):
        arrivals.note(1, half_second / 2)

    assert arrivals.most < 10
