"""What tests of screens share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import in_lines, topic_trend
from tests.cli.crowded import EVIDENCE, LARGE, LONG_ID, QUERY, large_rows, said
from tests.installation import Installation
from tests.servers import XServer
from tests.servers.x_stream_server import XStreamServer
from trendspark_cli.base.clock import to_text, utc_now


@pytest.fixture(scope="module")
def x_stream() -> Iterator[XStreamServer]:
    """X's stream with a rule."""
    with XServer(bearer_token="A" * 40) as search, XStreamServer(search) as server:
        server.rules["1"] = {"id": LONG_ID, "value": QUERY, "tag": "trendspark:default"}
        yield server


@pytest.fixture
def crowded(
    workplace: Installation, x_stream: XStreamServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Installation:
    """An installation whose tables hold large numbers, long ids and wide letters; its folder has a file of posts."""
    monkeypatch.chdir(tmp_path)
    archive = tmp_path / "archive"
    archive.mkdir()
    now = utc_now()
    told = [said(n, now - timedelta(hours=3, minutes=n), f"{QUERY[2:23]} seen{n} from{n}") for n in range(30)]
    usual = [
        said(100 + n, now - timedelta(minutes=40 * n), f"calm{n} morning{n} without{n} news{n}") for n in range(100)
    ]
    Path("posts.ndjson").write_bytes(in_lines(*told, *usual))
    settings = {
        **workplace.environment,
        "TERM": "xterm",
        "X_BEARER_TOKEN": "A" * 40,
        "X_API_BASE_URL": x_stream.url,
        "ALERT_URL_DESK": "http://127.0.0.1:9/hook",
        "ARCHIVE_URL": f"file://{archive}",
        "KEYWORDS": "bridge,tram",
        "OPENAI_API_KEY": "sk-" + "a" * 40,
        "OPENAI_MODEL": "gpt-5-mini",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with closing(workplace.store()) as store, store.transaction():
        store.trends.save(
            topic_trend(utc_now(), observed=float(LARGE), expected=float(LARGE), authors=LARGE, evidence=(EVIDENCE,))
        )
    with closing(sqlite3.connect(workplace.database)) as db, db:
        sources = f'{{"x": {LARGE}, "reddit": {LARGE}}}'
        db.execute("UPDATE trends SET label = ?, sources = ?", (QUERY, sources))
        long_ago = to_text(utc_now() - timedelta(days=200))
        run = "INSERT INTO job_runs (job_id, status, started_at, pid, host, version) VALUES (?, ?, ?, 1, 'host', '0')"
        db.execute(run, ("ingest", "success", long_ago))
        for table, row in large_rows(to_text(utc_now())).items():
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))
    return workplace
