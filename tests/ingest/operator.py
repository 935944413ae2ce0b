"""An operator's installation in a folder of its own, pointed at loopback servers, with a clock that is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from trendspark_cli.app.installation import Installation
from trendspark_cli.app.job_bodies import brief_body, gaps_body, ingest_body, rank_body
from trendspark_cli.app.wired import Wired
from trendspark_cli.base import redaction
from trendspark_cli.base.console import Output
from trendspark_cli.base.models import RunResult
from trendspark_cli.base.settings import load_settings
from trendspark_cli.store.sqlite.administration import create_database
from trendspark_cli.store.sqlite.store import SqliteStore, open_sqlite

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
TOKEN = "AAAAAAAAAAAAAAAAAAAAAbearer-of-the-test-app"


@dataclass
class Operator:
    """Runs jobs in-process at a stated time, or as a real command in a process of its own."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.environment = {"TRENDSPARK_HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home), **self.environment}
        create_database(self.database)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.home / "trendspark.db"

    def later(self, **time: float) -> None:
        """Move the clock on."""
        self.now += timedelta(**time)

    def installation(self) -> Installation:
        """The installation as of now."""
        settings = load_settings(self.environment)
        redaction.install(settings.secrets())
        return Installation(settings, Output(is_quiet=True), lambda: self.now, example_times=True)

    def ingest(self, **options: Any) -> RunResult:
        """Run `ingest` in this process."""
        here = self.installation()
        body = ingest_body(**options)
        return here.runner().run("ingest", lambda job: body(Wired(here.settings, job)))

    def rank(self) -> RunResult:
        """Run `rank` in this process."""
        here = self.installation()
        body = rank_body()
        return here.runner().run("rank", lambda job: body(Wired(here.settings, job)))

    def fill_gaps(self) -> RunResult:
        """Run `gaps fill` in this process."""
        here = self.installation()
        body = gaps_body()
        return here.runner().run("ingest", lambda job: body(Wired(here.settings, job)))

    def brief(self, **options: Any) -> RunResult:
        """Run `brief` in this process."""
        here = self.installation()
        body = brief_body(**options)
        return here.runner().run("brief", lambda job: body(Wired(here.settings, job)))

    def command(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the real command, with nothing of the surroundings but a PATH."""
        return subprocess.run(
            [sys.executable, "-m", "trendspark_cli", *arguments],
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.home), **self.environment, **(environment or {})},
            cwd=self.home,
            capture_output=True,
            start_new_session=True,
            text=True,
            timeout=60,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the real command and return at once."""
        return subprocess.Popen(
            [sys.executable, "-m", "trendspark_cli", *arguments],
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), **self.environment},
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def store(self) -> SqliteStore:
        """Open the store, to look."""
        return open_sqlite(self.database)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask the database."""
        store = self.store()
        try:
            return store.connection.rows(sql)
        finally:
            store.close()

    def stored_ids(self, source: str = "x") -> set[str]:
        """The source ids of all stored posts."""
        return {row["source_id"] for row in self.rows("SELECT source, source_id FROM posts") if row["source"] == source}

    def metric(self, name: str) -> float:
        """A series of the shared .prom file, labels written as in the file."""
        text = (self.home / "textfile_collector" / "trendspark_shared.prom").read_text()
        return float(next(line for line in text.splitlines() if line.startswith(f"{name} ")).rsplit(" ", 1)[1])


def as_json(text: str) -> Any:
    """The one JSON object a command printed."""
    return json.loads(text)
