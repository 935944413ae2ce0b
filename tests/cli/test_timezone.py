"""TIMEZONE is what people read on screens, in alerts and in briefs; scripts, files and the database have UTC."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from tests.builders import in_lines, own_line
from tests.cli.crowded import TABLES, shown
from tests.installation import Installation, telegram_settings
from tests.servers import TelegramServer
from trendspark_cli.base.clock import show_times_in, to_text

ZONE = {"TIMEZONE": "Asia/Kolkata"}  # five and a half hours ahead: IST
IN_UTC = re.compile(r"\d\d:\d\dZ|\d\d:\d\d:\d\d(?:\.\d+)?Z| UTC\b")
LOCAL = re.compile(r"\d\d:\d\d IST")
WITH_TIMES = {  # screens of the crowded installation that have some
    "alerts list",
    "alerts show",
    "audit",
    "gaps list",
    "backtest",
    "jobs history",
    "jobs list",
    "profiles edit",
    "profiles show",
    "rank",
    "trends explain",
    "trends list",
    "trends show",
}
TABLES_SQL = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL %'"
SCREENS = (*TABLES, ("rank", "--dry-run", "--explain"), ("trends", "show", "1"), ("alerts", "show", "1234567890123"))


@pytest.fixture(autouse=True)
def _leave_no_zone() -> Iterator[None]:
    yield
    show_times_in(UTC)


@pytest.mark.parametrize("arguments", SCREENS, ids=" ".join)
def test_every_screen_shows_times_in_that_zone(
    crowded: Installation, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEZONE", ZONE["TIMEZONE"])

    lines = shown(arguments, io.StringIO())

    assert [line for line in lines if IN_UTC.search(line)] == []
    has_times = any(" ".join(arguments).startswith(name) for name in WITH_TIMES) and "--missed" not in arguments
    assert any(LOCAL.search(line) for line in lines) is has_times


@pytest.mark.parametrize("arguments", ["jobs history", "trends list", "alerts list", "audit", "gaps list", "health"])
def test_scripts_read_utc_whatever_the_zone(
    crowded: Installation, arguments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEZONE", ZONE["TIMEZONE"])

    told = "\n".join(shown([*arguments.split(), "--json"], io.StringIO()))

    times = re.findall(r'"(\d{4}-\d\d-\d\dT[^"]+)"', told)
    assert times != []
    assert [time for time in times if not time.endswith("Z")] == []
    assert "IST" not in told


@pytest.fixture
def told(workplace: Installation) -> Iterator[tuple[Installation, TelegramServer]]:
    """Somebody in India whose topic bursts at half past one in the night; what the chat got."""
    with TelegramServer() as chat:
        workplace.environment |= {**telegram_settings(chat), **ZONE}
        workplace.later(hours=8)
        now = workplace.now
        usual = [said(n, now - timedelta(minutes=40 * n), f"calm{n} morning{n} news{n}") for n in range(1, 100)]
        burst = [said(200 + n, now - timedelta(minutes=n), f"harbour bridge seen{n} from{n}") for n in range(1, 31)]
        (workplace.home.parent / "posts.ndjson").write_bytes(in_lines(*usual, *burst))
        for arguments in (("ingest", "--from", "posts.ndjson"), ("rank",), ("brief",)):
            done = workplace.command_now(*arguments)
            assert done.exit_code == 0, done.stderr
        yield workplace, chat


def said(number: int, moment: object, text: str) -> dict[str, object]:
    """Return a post of a file."""
    return own_line(str(number), text=text, author=f"a{number}", created_at=to_text(moment))  # type: ignore[arg-type]


def test_alerts_and_briefs_show_that_zone_and_tables_and_files_utc(
    told: tuple[Installation, TelegramServer], tmp_path: Path
) -> None:
    operator, chat = told

    messages = [message.text for message in chat.messages]
    assert "Daily brief" in messages[-1]
    assert [text for text in messages if not LOCAL.search(text)] == []
    assert [text for text in messages if IN_UTC.search(text)] == []
    assert [text for text in every_time(operator.database) if not text.endswith(("Z", "+00:00"))] == []
    assert operator.command("trends", "export", str(tmp_path / "out")).exit_code == 0
    [row] = csv.DictReader((tmp_path / "out" / "trends.csv").read_text().splitlines())
    assert row["detected_at"].endswith("Z")


def every_time(database: Path) -> list[str]:
    """Return every time that is stored, in columns and in JSON."""
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute(TABLES_SQL)]
        rows = [row for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]
    return re.findall(r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^"\\ ,]*', json.dumps(rows, default=repr))


def test_the_day_of_a_brief_is_that_of_its_readers(told: tuple[Installation, TelegramServer]) -> None:
    operator, chat = told

    assert f"Daily brief {operator.now + timedelta(days=1):%Y-%m-%d}" in chat.messages[-1].text
