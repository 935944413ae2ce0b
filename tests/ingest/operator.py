"""An operator's installation: its database is there, and its jobs run in this process at a stated time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.builders import NOW
from tests.installation import TOKEN, Installation
from trendspark_cli.app.job_bodies import brief_body, gaps_body, ingest_body, rank_body
from trendspark_cli.base.models import RunResult

__all__ = ["NOW", "TOKEN", "Operator"]


class Operator(Installation):
    """Runs each job by its name."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None, now: datetime = NOW) -> None:
        super().__init__(home, environment, now)
        self.make_database()

    def ingest(self, **options: Any) -> RunResult:
        """Run `ingest` in this process."""
        return self.run_body("ingest", ingest_body(**options))

    def rank(self) -> RunResult:
        """Run `rank` in this process."""
        return self.run_body("rank", rank_body())

    def fill_gaps(self) -> RunResult:
        """Run `gaps fill` in this process."""
        return self.run_body("ingest", gaps_body())

    def brief(self, **options: Any) -> RunResult:
        """Run `brief` in this process."""
        return self.run_body("brief", brief_body(**options))

    def stored_ids(self, source: str = "x") -> set[str]:
        """The source ids of all stored posts."""
        return {row["source_id"] for row in self.rows("SELECT source, source_id FROM posts") if row["source"] == source}

    def metric(self, name: str) -> float:
        """A series, labels written as in its file."""
        return self.series()[name]
