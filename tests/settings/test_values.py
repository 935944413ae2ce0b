"""How values are read, and what is said of those that do not fit."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendspark_cli.base import setting_values as read
from trendspark_cli.base.clock import duration_text, from_text, parse_duration, to_text
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.settings import load_settings, specs


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("bridge", ("bridge",)),
        ("bridge, ferry ,tram", ("bridge", "ferry", "tram")),
        ('bridge,"harbour ferry, late"', ("bridge", "harbour ferry, late")),
        ('["bridge", "harbour ferry"]', ("bridge", "harbour ferry")),
        (" , ,bridge,,bridge ", ("bridge",)),
        ("мост,橋", ("мост", "橋")),
        ("don't stop,50% off", ("don't stop", "50% off")),
    ],
)
def test_lists_take_commas_quotes_or_json(text: str, items: tuple[str, ...]) -> None:
    assert read.LIST.read(text) == items


@pytest.mark.parametrize("text", ['["a"', "[1, 2]", '["a", null]', "[["])
def test_a_list_that_is_half_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting|\["):
        read.LIST.read(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("15m", 900), ("6h", 21600), ("45d", 3888000), ("1.5h", 5400), (" 2m ", 120), ("0", 0)],
)
def test_durations_are_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "m", "-5m", "5 m", "1h30m", "5w", "five", "1e3", "inf", "nan", "999999999999d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)


def test_days_are_days_without_a_unit() -> None:
    assert (read.DAYS.read("45"), read.DAYS.read("12h")) == (timedelta(days=45), timedelta(hours=12))


@pytest.mark.parametrize(
    ("reader", "text", "duration"),
    [
        (read.SECONDS, "300", timedelta(minutes=5)),
        (read.MINUTES, "30", timedelta(minutes=30)),
        (read.HOURS, "12", timedelta(hours=12)),
        (read.HOURS, "4.1", timedelta(seconds=14760)),
        (read.HOURS, "0", timedelta(0)),
    ],
)
def test_a_bare_number_is_in_the_unit_its_name_ends_with(
    reader: read.ValueReader[timedelta], text: str, duration: timedelta
) -> None:
    assert reader.read(text) == duration


@pytest.mark.parametrize(
    ("reader", "text"),
    [(read.SECONDS, "0"), (read.MINUTES, "1.5"), (read.MINUTES, "30m"), (read.MINUTES, "999999999999999")]
    + [(read.HOURS, text) for text in ("-1", "nan", "inf", "1e300", "2d")],
)
def test_a_number_no_clock_can_take_is_refused(reader: read.ValueReader[timedelta], text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text[:1])):
        reader.read(text)


@pytest.mark.parametrize(("seconds", "text"), [(172800, "2d"), (5400, "90m"), (3600, "1h"), (90, "90s"), (0, "0s")])
def test_durations_are_written_in_the_largest_unit_that_fits(seconds: int, text: str) -> None:
    assert duration_text(timedelta(seconds=seconds)) == text


@given(st.integers(0, 10**9))
@settings(database=None)
def test_a_written_duration_reads_as_itself(seconds: int) -> None:
    duration = timedelta(seconds=seconds)

    assert parse_duration(duration_text(duration)) == duration


@given(st.datetimes(min_value=from_text("1970-01-01T00:00:00").replace(tzinfo=None), timezones=st.timezones()))
@settings(database=None, deadline=None)
def test_stored_times_sort_as_times_do_and_read_as_themselves(moment: object) -> None:
    from datetime import datetime

    assert isinstance(moment, datetime)
    if moment.year == 9999:
        return
    text = to_text(moment)

    assert abs(from_text(text) - moment) < timedelta(milliseconds=1)
    assert (len(text), text[-1]) == (24, "Z")


@pytest.mark.parametrize("text", ["true", "TRUE", "1", "yes", "on"])
def test_there_are_four_ways_to_say_yes(text: str) -> None:
    assert read.BOOL.read(text) is True


BAD_VALUES = [
    ("X_MAX_READS_PER_DAY", "many", "a whole number"),
    ("X_MAX_READS_PER_DAY", "-1", "a whole number"),
    ("X_MAX_READS_PER_DAY", "1.5", "a whole number"),
    ("X_PRICE_PER_READ_USD", "free", "a number"),
    ("X_PRICE_PER_READ_USD", "nan", "a number"),
    ("X_INGEST_ENABLED", "maybe", "true or false"),
    ("SEARCH_INDEX", "sometimes", "true or false"),
    ("X_FIRST_RUN_LOOKBACK", "8d", "at most 7d"),
    ("X_FIRST_RUN_LOOKBACK", "soon", "a duration"),
    ("JOB_TIMEOUT_INGEST", "soon", "a duration"),
    ("JOB_TIMEOUT_INGEST", "999999999999d", "a duration"),
    ("RETENTION_DAYS_POSTS", "99999999999999", "a number of days"),
    ("X_API_BASE_URL", "api.x.com", "https://"),
    ("DATABASE_URL", "mysql://db", "sqlite:///"),
    ("LOG_FORMAT", "xml", "text or json"),
    ("KEYWORDS", '["a"', "JSON list"),
    ("JOB_FAILURE_THRESHOLD", "0", "at least 1"),
]


@pytest.mark.parametrize(("name", "value", "expected"), BAD_VALUES)
def test_a_bad_value_is_named_with_what_was_expected(tmp_path: Path, name: str, value: str, expected: str) -> None:
    found = load_settings({"TRENDSPARK_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), name: value})

    assert len(found.problems) == 1
    assert found.problems[0].startswith(f"{name}={value!r} (environment): expected ")
    assert expected in found.problems[0]
    with pytest.raises(ConfigError, match=name):
        found.require()


def test_every_bad_value_is_told_at_once(tmp_path: Path) -> None:
    found = load_settings({"XDG_CONFIG_HOME": str(tmp_path), "X_MAX_READS_PER_DAY": "a", "X_INGEST_ENABLED": "b"})

    assert len(found.problems) == 2


def test_a_malformed_secret_is_told_without_its_value(tmp_path: Path) -> None:
    found = load_settings({"XDG_CONFIG_HOME": str(tmp_path), "HEARTBEAT_URL_INGEST": "hc-ping.com/very-secret-uuid"})

    assert found.problems[0].startswith("HEARTBEAT_URL_INGEST=(secret)")
    assert "very-secret" not in found.problems[0]


def test_the_password_in_a_malformed_database_url_is_not_told(tmp_path: Path) -> None:
    url = "postgresql:/trend:pass-word-1@db.example/trend"

    found = load_settings({"XDG_CONFIG_HOME": str(tmp_path), "DATABASE_URL": url})

    assert "pass-word-1" not in found.problems[0]


def test_a_bad_value_falls_back_to_its_default_so_that_health_can_still_look(tmp_path: Path) -> None:
    found = load_settings({"XDG_CONFIG_HOME": str(tmp_path), "JOB_TIMEOUT_INGEST": "soon"})

    assert found.job_timeouts["ingest"] == timedelta(minutes=10)


def test_every_default_is_a_good_value() -> None:
    wrong = []
    for spec in specs().values():
        try:
            if spec.default:
                spec.parse(read.expand(spec.default, {"TRENDSPARK_HOME": "/data"}))
        except ValueError:
            wrong.append(spec.name)

    assert wrong == []


@pytest.mark.parametrize("name", ["X_BEARER_TOKEN", "REDDIT_CLIENT_SECRET", "TELEGRAM_BOT_TOKEN", "OPENAI_API_KEY"])
def test_credentials_are_secrets(name: str) -> None:
    assert specs()[name].secret
