"""Times as people read them where TIMEZONE says so, over both clock changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from trendspark_cli.base.clock import day_text, from_text, hour_text, show_times_in, to_text


@pytest.fixture(autouse=True)
def berlin() -> Iterator[None]:
    """People read times in Berlin."""
    show_times_in(ZoneInfo("Europe/Berlin"))
    yield
    show_times_in(UTC)


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-03-29T00:59Z", "03-29 01:59 CET"),
        ("2026-03-29T01:00Z", "03-29 03:00 CEST"),
        ("2026-10-25T00:30Z", "10-25 02:30 CEST"),
        ("2026-10-25T01:30Z", "10-25 02:30 CET"),
    ],
)
def test_a_local_time_is_told_from_its_double_over_a_clock_change(moment: str, shown: str) -> None:
    at = from_text(moment)

    assert (day_text(at), hour_text(at)) == (shown, shown[6:])


def test_what_is_stored_and_what_scripts_read_stays_utc() -> None:
    assert to_text(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == "2026-10-25T01:30:00.000Z"
