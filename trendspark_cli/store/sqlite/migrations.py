"""The schema, as steps that are never edited after release. Run by `db init` and `db upgrade`.

Every table is STRICT. Times are text in the one stored form (clock.to_text). Names and meanings: docs/database.md.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from trendspark_cli.store.sqlite.schema import MIGRATION_SET

migration = Migrations(MIGRATION_SET)

COUNTERS = {"likes": int, "replies": int, "reposts": int, "quotes": int, "views": int}


@migration()
def m0001_posts(db: Database) -> None:
    """Posts and their counters over time. AUTOINCREMENT: an id is never used again, so "newer than id" is safe."""
    db.execute(
        """
        CREATE TABLE posts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            source TEXT NOT NULL, source_id TEXT NOT NULL, author TEXT, community TEXT,
            text TEXT NOT NULL, url TEXT, lang TEXT, created_at TEXT NOT NULL,
            likes INTEGER, replies INTEGER, reposts INTEGER, quotes INTEGER, views INTEGER,
            edits INTEGER NOT NULL DEFAULT 0, observed_at TEXT NOT NULL, collected_at TEXT NOT NULL,
            UNIQUE (source, source_id)
        ) STRICT
        """
    )
    db.table("posts").create_index(["created_at"])
    db.execute(
        """
        CREATE TABLE post_metrics (
            post_id INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE, observed_at TEXT NOT NULL,
            likes INTEGER, replies INTEGER, reposts INTEGER, quotes INTEGER, views INTEGER,
            PRIMARY KEY (post_id, observed_at)
        ) STRICT, WITHOUT ROWID
        """
    )
    # History begins with the first change: most posts are seen once and need no second row.
    db.execute(
        """
        CREATE TRIGGER post_counters_history
        AFTER UPDATE OF likes, replies, reposts, quotes, views ON posts
        WHEN (OLD.likes, OLD.replies, OLD.reposts, OLD.quotes, OLD.views)
            IS NOT (NEW.likes, NEW.replies, NEW.reposts, NEW.quotes, NEW.views)
        BEGIN
            INSERT OR IGNORE INTO post_metrics
            VALUES (OLD.id, OLD.observed_at, OLD.likes, OLD.replies, OLD.reposts, OLD.quotes, OLD.views);
            INSERT OR IGNORE INTO post_metrics
            VALUES (NEW.id, NEW.observed_at, NEW.likes, NEW.replies, NEW.reposts, NEW.quotes, NEW.views);
        END
        """
    )


@migration()
def m0002_collecting(db: Database) -> None:
    """What was read, what was not, and what it cost."""
    db.table("cursors").create(
        {"profile": str, "source": str, "query": str, "newest_id": str, "updated_at": str},
        pk=("profile", "source", "query"),
        not_null={"newest_id", "updated_at"},
        strict=True,
    )
    db.table("gaps").create(
        {
            "id": int,
            "profile": str,
            "source": str,
            "query": str,
            "since_id": str,
            "until_id": str,
            "reason": str,
            "estimated_reads": int,
            "state": str,
            "run_id": int,
            "created_at": str,
            "closed_at": str,
        },
        pk="id",
        not_null={"profile", "source", "query", "reason", "state", "created_at"},
        defaults={"state": "open", "estimated_reads": 0},
        strict=True,
    )
    db.table("gaps").create_index(["state"])
    db.table("ingest_audit").create(
        {
            "id": int,
            "cycle_id": int,
            "profile": str,
            "source": str,
            "query": str,
            "endpoint": str,
            "fetched": int,
            "new": int,
            "updated": int,
            "rejected": str,
            "oldest": str,
            "newest": str,
            "cost": float,
            "reads": int,
            "request_id": str,
            "error": str,
            "created_at": str,
        },
        pk="id",
        not_null={"cycle_id", "source", "created_at"},
        defaults={"fetched": 0, "new": 0, "updated": 0, "rejected": "{}", "cost": 0.0, "reads": 0},
        strict=True,
    )
    db.table("ingest_audit").create_index(["created_at"])
    db.table("spend").create(
        {"day": str, "service": str, "profile": str, "kind": str, "used": int, "calls": int, "usd": float},
        pk=("day", "service", "profile", "kind"),
        defaults={"used": 0, "calls": 0, "usd": 0.0},
        strict=True,
    )
    db.table("spend_reservations").create(
        {
            "id": int,
            "day": str,
            "service": str,
            "profile": str,
            "kind": str,
            "units": int,
            "run_id": int,
            "created_at": str,
        },
        pk="id",
        not_null={"day", "service", "units"},
        strict=True,
    )
    db.table("api_calls").create(
        {
            "minute": str,
            "service": str,
            "endpoint": str,
            "code_class": str,
            "calls": int,
            "seconds": float,
            "last_status": int,
        },
        pk=("minute", "service", "endpoint", "code_class"),
        defaults={"calls": 0, "seconds": 0.0},
        strict=True,
    )


@migration()
def m0003_job_records(db: Database) -> None:
    """Every run, what is remembered of each job, and counters that outlive processes."""
    db.execute(
        """
        CREATE TABLE job_runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            job_id TEXT NOT NULL, status TEXT NOT NULL, started_at TEXT NOT NULL, heartbeat_at TEXT,
            finished_at TEXT, duration REAL, scheduled_for TEXT, lateness REAL, pid INTEGER NOT NULL,
            host TEXT NOT NULL, exit_code INTEGER, error TEXT, counts TEXT NOT NULL DEFAULT '{}',
            version TEXT NOT NULL
        ) STRICT
        """
    )
    db.table("job_runs").create_index(["job_id", "status"])
    db.table("job_states").create(
        {
            "job_id": str,
            "paused": int,
            "since": str,
            "by": str,
            "reason": str,
            "failures": int,
            "failing_since": str,
            "alert_key": str,
        },
        pk="job_id",
        defaults={"paused": 0, "failures": 0},
        strict=True,
    )
    db.table("metric_totals").create(
        {"name": str, "labels": str, "value": float}, pk=("name", "labels"), not_null={"value"}, strict=True
    )
    db.table("notices").create({"key": str, "noted_at": str}, pk="key", strict=True)


@migration()
def m0004_trends(db: Database) -> None:
    """Trends over their life, and what the ranker remembers. `alert_key` is the dedupe key of a trend's alert."""
    db.table("trends").create(
        {
            "id": int,
            "kind": str,
            "label": str,
            "terms": str,
            "state": str,
            "score": float,
            "observed": float,
            "expected": float,
            "window_seconds": int,
            "authors": int,
            "sources": str,
            "first_seen": str,
            "last_seen": str,
            "opened_at": str,
            "last_strong_at": str,
            "peak": str,
            "closed_at": str,
            "examples": str,
            "evidence": str,
            "threshold": float,
            "alert_key": str,
        },
        pk="id",
        not_null={"kind", "label", "terms", "state", "score", "observed", "expected", "first_seen", "last_seen"},
        defaults={"kind": "topic", "state": "open", "evidence": "[]", "examples": "[]"},
        strict=True,
    )
    db.table("trends").create_index(["state", "last_seen"])
    db.table("trends").create_index(["alert_key"], unique=True)
    db.execute(
        """
        CREATE TABLE trend_posts (
            trend_id INTEGER NOT NULL REFERENCES trends(id) ON DELETE CASCADE,
            post_id INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE,
            PRIMARY KEY (trend_id, post_id)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.table("trend_posts").create_index(["post_id"])
    db.table("ranking_terms").create(
        {"key": int, "count": int, "chi": int, "last_tick": int, "last_tick_posts": int, "hours": bytes},
        pk="key",
        strict=True,
    )
    db.table("ranking_sources").create({"source": str, "state": str}, pk="source", strict=True)
    db.table("ranking_progress").create(
        {
            "id": int,
            "seen_post_id": int,
            "folded_created_at": str,
            "folded_post_id": int,
            "ranked_tick": int,
            "swept_tick": int,
            "ranked_posts": int,
        },
        pk="id",
        defaults={
            "seen_post_id": 0,
            "folded_created_at": "",
            "folded_post_id": 0,
            "ranked_tick": 0,
            "swept_tick": 0,
            "ranked_posts": 0,
        },
        strict=True,
    )
    db.table("ranking_progress").insert({"id": 1})


@migration()
def m0005_outbox(db: Database) -> None:
    """Alerts waiting to be sent. `dedupe_key` makes queueing the same alert twice harmless."""
    db.table("notifications").create(
        {
            "id": int,
            "dedupe_key": str,
            "channel": str,
            "category": str,
            "body": str,
            "status": str,
            "attempts": int,
            "next_attempt_at": str,
            "lease": str,
            "message_id": str,
            "error": str,
            "created_at": str,
            "sent_at": str,
        },
        pk="id",
        not_null={"dedupe_key", "channel", "category", "body", "status", "created_at"},
        defaults={"status": "pending", "attempts": 0},
        strict=True,
    )
    db.table("notifications").create_index(["dedupe_key"], unique=True)
    db.table("notifications").create_index(["status", "next_attempt_at"])
    db.table("channel_states").create(
        {"channel": str, "paused_until": str, "migrated_chat_id": str, "last_error": str}, pk="channel", strict=True
    )
