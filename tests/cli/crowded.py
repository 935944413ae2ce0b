"""An installation whose tables hold large numbers, long ids and wide letters, and the commands that draw them."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from datetime import datetime

from tests.builders import own_line
from trendspark_cli.base.clock import to_text
from trendspark_cli.cli import app
from trendspark_cli.ranking.bursts.term_evidence import TermEvidence

QUERY = '("harbour bridge closed" OR "tram strike" OR pocketloom OR 港の橋) -is:retweet lang:en'
LARGE = 1_234_567_890_123
LONG_ID = "1999999999999999999"
EVIDENCE = TermEvidence(
    QUERY, 12345.6, LARGE, LARGE, 900, LARGE, LARGE, 123.4, 567.8, LARGE, 12345.6, 4321.0, 900, 98.7
)
TABLES = (
    ("budget",),
    ("jobs", "list"),
    ("jobs", "history"),
    ("jobs", "history", "--missed"),
    ("audit",),
    ("gaps", "list"),
    ("alerts", "list"),
    ("archives", "list"),
    ("profiles", "list"),
    ("profiles", "show", "harbour"),
    ("trends", "list"),
    ("trends", "explain", "1"),
    ("ingest", "--dry-run"),
    ("gaps", "fill", "--dry-run"),
    ("brief", "--dry-run"),
    ("health",),
    ("doctor", "--offline"),
    ("config", "show"),
    ("channels", "list"),
    ("rules", "list"),
    ("metrics", "--where"),
    ("profiles", "edit", "harbour", "--niche", "city life and ships and what else"),
    ("rank", "--dry-run"),
    ("archive", "--dry-run"),
    ("backtest", "posts.ndjson", "--summary"),
)


class Terminal(io.StringIO):
    """A stdout that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def shown(arguments: Sequence[str], stream: io.StringIO) -> list[str]:
    """Return the lines that a command of this process prints."""
    with redirect_stdout(stream), redirect_stderr(io.StringIO()), suppress(SystemExit):
        app(list(arguments), prog_name="trendspark")
    return re.sub("\x1b\\[[0-9;]*m", "", stream.getvalue()).splitlines()


def large_rows(now: str) -> dict[str, dict[str, object]]:
    """Return a row for each table."""
    page = {"fetched": LARGE, "new": LARGE, "updated": LARGE, "reads": LARGE, "cost": 123456.7}
    run = {"started_at": now, "finished_at": now, "duration": 123456.7, "pid": 1, "host": "host", "version": "0"}
    file = {"day": "2026-11-01", "format": "parquet", "url": "u", "key": "k", "state": "verified", "kept_rows": LARGE}
    gap = {"since_id": LONG_ID, "until_id": LONG_ID, "reason": "the ceiling was reached", "estimated_reads": LARGE}
    return {
        "gaps": {"profile": "default", "source": "x", "query": QUERY, "state": "open", "created_at": now, **gap},
        "spend": {"day": now[:10], "service": "x", "profile": "harbour", "kind": "r", "used": LARGE, "usd": 123456.789},
        "job_runs": {"job_id": "ingest", "status": "error", "exit_code": 143, "error": "x: 503 from 港 " * 8, **run},
        "ingest_audit": {
            "cycle_id": LARGE,
            "profile": "default",
            "source": "x",
            "query": QUERY,
            "created_at": now,
            "rejected": '{"bad_date": 1234567}',
            "error": "the connection broke off " * 4,
            **page,
        },
        "notifications": {
            "id": LARGE,
            "dedupe_key": "k",
            "channel": "telegram",
            "category": "trending_alert",
            "title": QUERY,
            "body": "b",
            "status": "dead",
            "attempts": 1234567,
            "error": "chat not found " * 9,
            "created_at": now,
        },
        "archive_manifests": {
            "id": "0123abcd-0123-4567-89ab-0123456789ab",
            "table_name": "posts",
            "source": "x",
            "created_at": now,
            "rows": LARGE,
            "bytes": LARGE,
            **file,
        },
        "profiles": {
            "name": "harbour",
            "keywords": '["harbour bridge closed", "tram strike", "pocketloom"]',
            "niche": "city life and ships and what else",
            "share": 0.123,
            "created_at": now,
            "updated_at": now,
        },
    }


def said(number: int, moment: datetime, words: str) -> dict[str, object]:
    """Return a post of a file."""
    return own_line(str(number), text=f"{words} {number}", author=f"a{number}", created_at=to_text(moment))
