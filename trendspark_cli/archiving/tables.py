"""What is archived: tables, their columns in the order of the files, and which column says how old a row is.

A test holds these lists against the database, so that no column is left behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trendspark_cli.base.models import SOURCES

SCHEMA_VERSION = "v1"  # of the files; part of their names

ColumnKind = Literal["int", "real", "text", "word", "time"]


@dataclass(frozen=True)
class Column:
    """One column. A `word` is a text of which there are few different ones; a `time` is text in the stored form."""

    name: str
    kind: ColumnKind


@dataclass(frozen=True)
class ArchiveTable:
    """One table. `sources` are the values of its column `source` that get files of their own."""

    name: str
    time_column: str
    columns: tuple[Column, ...]
    sources: tuple[str | None, ...] = (None,)

    @property
    def time_index(self) -> int:
        """Return the place of the column that says how old a row is."""
        return [column.name for column in self.columns].index(self.time_column)


def _columns(**kinds: ColumnKind) -> tuple[Column, ...]:
    return tuple(Column(name, kind) for name, kind in kinds.items())


TABLES = {
    table.name: table
    for table in (
        ArchiveTable(
            "posts",
            "created_at",
            _columns(
                id="int",
                source="word",
                source_id="text",
                author="word",
                community="word",
                text="text",
                url="text",
                lang="word",
                created_at="time",
                likes="int",
                replies="int",
                reposts="int",
                quotes="int",
                views="int",
                edits="int",
                observed_at="time",
                collected_at="time",
                metrics="text",  # JSON: one object for each time its counters were read
                trend_ids="text",  # JSON: the trends that rest on it
            ),
            SOURCES,
        ),
        ArchiveTable(
            "ingest_audit",
            "created_at",
            _columns(
                id="int",
                cycle_id="int",
                profile="word",
                source="word",
                query="word",
                endpoint="word",
                fetched="int",
                new="int",
                updated="int",
                rejected="word",
                oldest="time",
                newest="time",
                cost="real",
                reads="int",
                request_id="text",
                error="text",
                created_at="time",
            ),
        ),
        ArchiveTable(
            "notifications",
            "created_at",
            _columns(
                id="int",
                dedupe_key="text",
                channel="word",
                category="word",
                action="word",
                reply_to="text",
                trend_id="int",
                title="text",
                body="text",
                strength="real",
                status="word",
                attempts="int",
                next_attempt_at="time",
                lease="time",
                parts_sent="int",
                message_id="text",
                error="text",
                created_at="time",
                sent_at="time",
            ),
        ),
        ArchiveTable(
            "job_runs",
            "started_at",
            _columns(
                id="int",
                job_id="word",
                status="word",
                started_at="time",
                heartbeat_at="time",
                finished_at="time",
                duration="real",
                scheduled_for="time",
                lateness="real",
                pid="int",
                host="word",
                exit_code="int",
                error="text",
                counts="text",
                version="word",
            ),
        ),
    )
}
