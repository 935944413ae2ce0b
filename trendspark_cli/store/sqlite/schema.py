"""Which migrations this version knows, without importing what runs them.

Every start compares these names with the database, so the list must be cheap to read; a test holds it
against migrations.py.
"""

from __future__ import annotations

import sqlite3

from trendspark_cli.base.errors import ConfigError, UnfinishedCopyError

MIGRATION_SET = "trendspark"
UNFINISHED_COPY = "unfinished copy"  # stands among the migrations until all rows are there
KNOWN_MIGRATIONS = (
    "m0001_posts",
    "m0002_collecting",
    "m0003_job_records",
    "m0004_trends",
    "m0005_outbox",
    "m0006_archive",
    "m0007_money",
    "m0008_stream",
    "m0009_profiles",
    "m0010_viral",
    "m0011_calibration",
    "m0012_schedules",
    "m0013_communities",
    "m0014_processes",
    "m0015_refusals",
    "m0016_authors",
    "m0017_links",
    "m0018_history",
    "m0019_counts_of_trends",
    "m0020_trend_history",
    "m0021_views",
    "m0022_search",
    "m0023_quotes",
    "m0024_term_runs",
    "m0025_routes",
    "m0028_interest",
    "m0029_volumes",
    "m0033_run_parts",
    "m0034_days_of_tombstones",
    "m0035_audit_by_source",
)


def applied_migrations(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the migrations in the database, oldest first; empty for a foreign file."""
    has_table = connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone()
    if has_table is None:
        return []
    rows = connection.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY rowid", (MIGRATION_SET,)
    )
    return [name for (name,) in rows]


def check_schema(connection: sqlite3.Connection, path: str) -> None:
    """Raise ConfigError when the schema is older or newer than this version's."""
    applied = applied_migrations(connection)
    unknown = [name for name in applied if name not in KNOWN_MIGRATIONS]
    if UNFINISHED_COPY in unknown:
        raise UnfinishedCopyError(f"database {path!r}")
    if unknown:
        raise ConfigError(
            f"database {path!r} has a newer schema ({unknown[-1]}) than this version knows ({KNOWN_MIGRATIONS[-1]})",
            hint="install the newer trendspark again, or restore a backup made before its `db upgrade`",
        )
    missing = [name for name in KNOWN_MIGRATIONS if name not in applied]
    if missing:
        if not applied:
            raise ConfigError(f"database {path!r} has no tables of ours yet", hint="run `trendspark db init`")
        raise ConfigError(
            f"database {path!r} has an older schema ({applied[-1]}) than this version needs ({KNOWN_MIGRATIONS[-1]})",
            hint="run `trendspark db upgrade`",
        )
