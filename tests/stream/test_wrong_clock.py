"""Up to when the stream missed nothing is stored by a clock: a wrong one loses nothing and buys nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.stream.listening import Listener, now, posts, x_stream
from trendspark_cli.jobs.stream import POSITION

AHEAD = {"an hour": timedelta(hours=1), "a day": timedelta(days=1), "a year": timedelta(days=365)}


@pytest.fixture
def x(tmp_path: Path) -> Iterator[Listener]:
    """An operator whose stream has been read for a while, up to a minute ago."""
    with x_stream(tmp_path / "home") as listener:
        listen_to(listener, first=0)
        yield listener


def snowflake(off: timedelta) -> int:
    return (int((now() + off).timestamp() * 1000) - 1288834974657) << 22


def listen_to(x: Listener, first: int) -> None:
    """Stream a few posts."""
    with x.listening():
        some = posts(3, first=first)
        x.server.publish(some)
        x.wait_stored({post["id"] for post in some})


def put_place(x: Listener, off: timedelta) -> int:
    """Store what a clock that is off by so much would have left as the stream's place."""
    place, store = snowflake(off), x.operator.store()
    with store.transaction():
        store.connection.execute("UPDATE cursors SET newest_id = ? WHERE query = ?", (str(place), POSITION))
    store.close()
    return place


def place_of(x: Listener) -> int:
    [row] = x.operator.rows(f"SELECT newest_id FROM cursors WHERE query = '{POSITION}'")
    return int(row["newest_id"])


@pytest.mark.parametrize("ahead", AHEAD.values(), ids=AHEAD.keys())
def test_a_place_of_the_future_goes_back_to_the_newest_post_served(x: Listener, ahead: timedelta) -> None:
    put_place(x, ahead)
    served = {int(row["source_id"]) for row in x.operator.rows("SELECT source_id FROM posts")}

    listen_to(x, first=10)

    gaps = x.gaps()
    assert place_of(x) <= snowflake(timedelta(minutes=1))
    assert x.operator.metric('trendspark_clock_healed_total{kind="cursor"}') == 1
    assert [int(gap["since_id"]) <= max(served) < int(gap["until_id"]) for gap in gaps] == [True]


@pytest.mark.parametrize("ahead", [AHEAD["a day"], AHEAD["a year"]], ids=["a day", "a year"])
def test_a_place_stays_while_x_contradicts_our_clock(x: Listener, ahead: timedelta) -> None:
    place = put_place(x, ahead)
    x.server.date_off = ahead.total_seconds()  # it is our clock that is back

    listen_to(x, first=10)

    assert (place_of(x), x.gaps()) == (place, [])


def test_a_place_a_moment_ahead_is_a_place_like_any_other(x: Listener) -> None:
    put_place(x, timedelta(seconds=2))

    listen_to(x, first=10)

    assert x.operator.metric('trendspark_clock_healed_total{kind="cursor"}') == 0
