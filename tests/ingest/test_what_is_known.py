"""Of which time all posts of a query are known: what a run says of it when it is whole, and when it is not."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta

import pytest

from tests.ingest.operator import NOW, Operator
from tests.servers import XServer, faults, x_post
from trendspark_cli.base.clock import from_text
from trendspark_cli.base.models import Profile


def known(operator: Operator) -> list[tuple[datetime, datetime]]:
    """The stretches of which all is known."""
    rows = operator.rows("SELECT whole_since, read_until FROM volume_reads")
    return [(from_text(row["whole_since"]), from_text(row["read_until"])) for row in rows]


@pytest.fixture
def reader(operator: Operator) -> Operator:
    """An operator who has read all there was."""
    assert operator.ingest().exit_code == 0
    assert known(operator) == [(NOW, NOW)]
    return operator


def test_each_whole_run_goes_on_from_the_last_one(reader: Operator) -> None:
    reader.later(hours=1)
    reader.ingest()

    assert known(reader) == [(NOW, NOW + timedelta(hours=1))]


def test_a_run_that_fails_says_nothing_and_the_next_one_closes_the_stretch(reader: Operator, x_server: XServer) -> None:
    x_server.faults.add(faults.server_error(503), times=3)
    reader.later(hours=1)
    assert reader.ingest().exit_code == 69
    assert known(reader) == [(NOW, NOW)]

    reader.later(hours=1)
    reader.ingest()

    assert known(reader) == [(NOW, NOW + timedelta(hours=2))]


@pytest.mark.parametrize("why", ["ceiling", "limit"])
def test_a_run_that_was_ended_early_says_nothing_until_its_range_is_read(
    reader: Operator, x_server: XServer, why: str
) -> None:
    x_server.add([x_post(NOW - timedelta(seconds=110 - n), f"bridge {n}", author_id=f"8{n}") for n in range(100)])
    reader.later(hours=1)
    if why == "ceiling":
        reader.environment["X_MAX_READS_PER_DAY"] = str(x_server.billing.billed_posts + 40)
    reader.ingest(**{"limit": 40} if why == "limit" else {})
    assert known(reader) == [(NOW, NOW)]

    reader.environment["X_MAX_READS_PER_DAY"] = "5000"
    reader.later(hours=1)
    assert reader.ingest().exit_code == 0

    assert known(reader) == [(NOW, NOW + timedelta(hours=2))]


def test_a_range_that_was_given_up_ends_what_is_known(reader: Operator) -> None:
    with closing(reader.store()) as store, store.transaction():
        store.cursors.set("default", "x", "(bridge) -is:retweet", "4711", NOW)  # too old for X
    for _ in range(2):
        reader.later(hours=1)
        assert reader.ingest().exit_code == 0

    assert known(reader) == [(NOW + timedelta(hours=2), NOW + timedelta(hours=2))]


def test_a_query_that_is_asked_no_more_is_forgotten(reader: Operator) -> None:
    reader.environment["KEYWORDS"] = "bridge,ferry"
    reader.later(hours=2)
    reader.ingest()

    rows = reader.rows("SELECT query FROM volume_reads")
    assert [row["query"] for row in rows] == ["(bridge OR ferry) -is:retweet"]


def test_what_belonged_to_a_profile_that_is_gone_is_forgotten_by_rank(reader: Operator) -> None:
    with closing(reader.store()) as store, store.transaction():
        store.profiles.save(Profile("gone", ("bridge",), created_at="t", updated_at="t"))
    reader.later(hours=1)
    reader.ingest()
    with closing(reader.store()) as store, store.transaction():
        store.profiles.remove("gone")

    reader.rank()

    assert reader.rows("SELECT * FROM volume_reads WHERE profile = 'gone'") == []
