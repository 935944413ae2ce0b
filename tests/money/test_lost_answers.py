"""An answer that was lost may have been billed: the most it can have cost is booked, and no ceiling is passed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.rows import always, at
from tests.faults.scene import Scene, opened_scene
from tests.servers import Fault, XServer, faults


@pytest.fixture
def x(tmp_path: Path) -> Iterator[Scene]:
    """A loopback X with posts, and its operator."""
    with opened_scene("x", tmp_path / "home") as scene:
        yield scene


@pytest.mark.parametrize(
    "fault",
    [faults.truncated_body(), faults.slow_body(), faults.connection_reset(), faults.broken_json(), faults.hang()],
    ids=lambda fault: fault.name,
)
def test_answers_that_never_come_whole_end_at_the_ceiling(x: Scene, fault: Fault) -> None:
    always(fault)(x)
    x.operator.environment["X_MAX_READS_PER_DAY"] = "100"

    codes = [x.operator.ingest().exit_code for _ in range(3)]

    assert codes[1:] == [75, 75]
    assert len(x.server.requests_of("search_recent")) == 1
    assert x.operator.rows("SELECT used FROM spend WHERE service = 'x'") == [{"used": 100}]


def test_a_service_that_is_not_reached_costs_nothing(x: Scene) -> None:
    x.operator.environment["X_API_BASE_URL"] = "http://127.0.0.1:9"  # nothing listens there

    x.operator.ingest()

    assert x.operator.rows("SELECT used FROM spend WHERE service = 'x' AND used > 0") == []


def test_counts_of_posts_that_are_all_deleted_are_read_and_not_asked_for_again(x: Scene) -> None:
    assert x.operator.ingest().exit_code == 0
    at("tweets_lookup", faults.errors_only())(x)
    x.later(minutes=31)
    assert isinstance(x.server, XServer)

    codes = [x.operator.ingest().exit_code for _ in range(2)]

    asked = [set(entry.request.query["ids"].split(",")) for entry in x.server.requests_of("tweets_lookup")]
    assert codes == [0, 0]
    assert asked
    assert len(set().union(*asked)) == sum(map(len, asked))
