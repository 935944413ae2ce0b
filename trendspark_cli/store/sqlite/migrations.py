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
    # History begins with the first change: most posts are seen once and need no second row. NOT EXISTS, since a
    # trigger's OR IGNORE gives way to the conflict clause of the statement that fires it.
    db.execute(
        """
        CREATE TRIGGER post_counters_history
        AFTER UPDATE OF likes, replies, reposts, quotes, views ON posts
        WHEN (OLD.likes, OLD.replies, OLD.reposts, OLD.quotes, OLD.views)
            IS NOT (NEW.likes, NEW.replies, NEW.reposts, NEW.quotes, NEW.views)
        BEGIN
            INSERT INTO post_metrics
            SELECT OLD.id, OLD.observed_at, OLD.likes, OLD.replies, OLD.reposts, OLD.quotes, OLD.views
            WHERE NOT EXISTS (SELECT 1 FROM post_metrics WHERE post_id = OLD.id AND observed_at = OLD.observed_at);
            INSERT INTO post_metrics
            SELECT NEW.id, NEW.observed_at, NEW.likes, NEW.replies, NEW.reposts, NEW.quotes, NEW.views
            WHERE NOT EXISTS (SELECT 1 FROM post_metrics WHERE post_id = NEW.id AND observed_at = NEW.observed_at);
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
            "alerted_observed": float,
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
    # Posts of the longest window as numbers, read from their texts once; see ranking/segments.py.
    db.table("ranking_segments").create(
        {
            "id": int,
            "newest": int,
            "source_names": str,
            "post_ids": bytes,
            "created": bytes,
            "authors": bytes,
            "words": bytes,
            "sources": bytes,
            "codes": bytes,
        },
        pk="id",
        not_null={"newest", "source_names", "post_ids", "created", "authors", "words", "sources", "codes"},
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
        },
        pk="id",
        defaults={
            "seen_post_id": 0,
            "folded_created_at": "",
            "folded_post_id": 0,
            "ranked_tick": 0,
            "swept_tick": 0,
        },
        strict=True,
    )
    db.table("ranking_progress").insert({"id": 1})


@migration()
def m0005_outbox(db: Database) -> None:
    """Alerts waiting to be sent. `dedupe_key` makes queueing the same alert twice harmless.

    `action` is `send` or `edit`; `reply_to` is the dedupe_key of the message it answers or edits; `strength` orders
    alerts when a day has too many; `parts_sent` lets a long message go on where a crash stopped it.
    """
    db.execute(
        """
        CREATE TABLE notifications (
            id INTEGER PRIMARY KEY AUTOINCREMENT, dedupe_key TEXT NOT NULL UNIQUE, channel TEXT NOT NULL,
            category TEXT NOT NULL, action TEXT NOT NULL DEFAULT 'send', reply_to TEXT, trend_id INTEGER,
            title TEXT NOT NULL, body TEXT NOT NULL, strength REAL NOT NULL DEFAULT 0,
            status TEXT NOT NULL DEFAULT 'pending', attempts INTEGER NOT NULL DEFAULT 0,
            next_attempt_at TEXT, lease TEXT, parts_sent INTEGER NOT NULL DEFAULT 0, message_id TEXT, error TEXT,
            created_at TEXT NOT NULL, sent_at TEXT
        ) STRICT
        """
    )
    db.table("notifications").create_index(["status", "next_attempt_at"])
    db.table("channel_states").create(
        {
            "channel": str,
            "paused_until": str,
            "failures": int,
            "migrated_chat_id": str,
            "last_error": str,
            "recent_sends": str,
        },
        pk="channel",
        defaults={"failures": 0, "recent_sends": "[]"},
        strict=True,
    )
    db.table("incidents").create(
        {"key": str, "opened_at": str, "failures": int, "last_seen_at": str, "alerted_at": str},
        pk="key",
        not_null={"opened_at"},
        defaults={"failures": 0},
        strict=True,
    )


@migration()
def m0006_archive(db: Database) -> None:
    """Archive files and the rows they hold, posts that must not come back, audit ids that are never used again.

    `is_active` marks manifests whose rows are live: the triggers note which of these rows change after their export,
    so that only unchanged ones are deleted.
    """
    db.execute(
        """
        CREATE TABLE archive_manifests (
            id TEXT PRIMARY KEY, table_name TEXT NOT NULL, source TEXT, day TEXT NOT NULL, format TEXT NOT NULL,
            url TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, rows INTEGER NOT NULL DEFAULT 0,
            bytes INTEGER NOT NULL DEFAULT 0, sha256 TEXT, min_time TEXT, max_time TEXT,
            deleted_rows INTEGER NOT NULL DEFAULT 0, kept_rows INTEGER NOT NULL DEFAULT 0, run_id INTEGER,
            created_at TEXT NOT NULL, done_at TEXT, restored_until TEXT, missing_since TEXT,
            written_off_at TEXT, written_off_why TEXT,
            is_active INTEGER NOT NULL DEFAULT 1, first_row_id INTEGER, last_row_id INTEGER
        ) STRICT
        """
    )
    db.execute("CREATE INDEX idx_archive_manifests_active ON archive_manifests (table_name) WHERE is_active = 1")
    db.execute("CREATE INDEX idx_archive_manifests_day ON archive_manifests (table_name, day)")
    db.execute(
        """
        CREATE TABLE archive_rows (
            manifest_id TEXT NOT NULL REFERENCES archive_manifests(id) ON DELETE CASCADE,
            batch INTEGER NOT NULL, row_ids TEXT NOT NULL, PRIMARY KEY (manifest_id, batch)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute(
        """
        CREATE TABLE archive_changes (
            manifest_id TEXT NOT NULL REFERENCES archive_manifests(id) ON DELETE CASCADE,
            row_id INTEGER NOT NULL, PRIMARY KEY (manifest_id, row_id)
        ) STRICT, WITHOUT ROWID
        """
    )
    _number_audit_rows_for_ever(db)
    for name, event, table, row_id in (
        ("posts_archive", "UPDATE ON posts", "posts", "OLD.id"),
        ("post_metrics_archive", "INSERT ON post_metrics", "posts", "NEW.post_id"),
        ("ingest_audit_archive", "UPDATE ON ingest_audit", "ingest_audit", "OLD.id"),
        ("notifications_archive", "UPDATE ON notifications", "notifications", "OLD.id"),
        ("job_runs_archive", "UPDATE ON job_runs", "job_runs", "OLD.id"),
    ):
        db.execute(NOTE_CHANGE.format(name=name, event=event, table=table, row_id=row_id))
    db.table("job_runs").create_index(["started_at"])
    db.table("notifications").create_index(["created_at"])
    db.execute(
        """
        CREATE TABLE tombstones (
            id TEXT PRIMARY KEY, source TEXT NOT NULL, source_id TEXT, author TEXT, created_at TEXT NOT NULL,
            is_pushed INTEGER NOT NULL DEFAULT 0, UNIQUE (source, source_id), UNIQUE (source, author)
        ) STRICT
        """
    )


NOTE_CHANGE = """
CREATE TRIGGER {name} AFTER {event}
WHEN EXISTS (SELECT 1 FROM archive_manifests WHERE is_active = 1 AND table_name = '{table}'
             AND {row_id} BETWEEN first_row_id AND last_row_id)
BEGIN
    INSERT INTO archive_changes SELECT id, {row_id} FROM archive_manifests m
    WHERE is_active = 1 AND table_name = '{table}' AND {row_id} BETWEEN first_row_id AND last_row_id
      AND NOT EXISTS (SELECT 1 FROM archive_changes WHERE manifest_id = m.id AND row_id = {row_id});
END
"""


def _number_audit_rows_for_ever(db: Database) -> None:
    """Make ids of audit rows AUTOINCREMENT: one that is in an archive must not be given to another row."""
    db.execute(
        """
        CREATE TABLE numbered_audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            cycle_id INTEGER NOT NULL, profile TEXT, source TEXT NOT NULL, query TEXT, endpoint TEXT,
            fetched INTEGER DEFAULT 0, new INTEGER DEFAULT 0, updated INTEGER DEFAULT 0, rejected TEXT DEFAULT '{}',
            oldest TEXT, newest TEXT, cost REAL DEFAULT 0.0, reads INTEGER DEFAULT 0, request_id TEXT, error TEXT,
            created_at TEXT NOT NULL
        ) STRICT
        """
    )
    db.execute("INSERT INTO numbered_audit SELECT * FROM ingest_audit")
    db.execute("DROP TABLE ingest_audit")
    db.execute("ALTER TABLE numbered_audit RENAME TO ingest_audit")
    db.table("ingest_audit").create_index(["created_at"])


@migration()
def m0007_money(db: Database) -> None:
    """What a call under way may cost at most, in USD too: some ceilings are in USD, and units differ in price.

    Answers of a language model by what it was asked, so that nothing is paid twice, and what it wrote of each trend.
    """
    db.execute("ALTER TABLE spend_reservations ADD COLUMN usd REAL NOT NULL DEFAULT 0.0")
    db.table("model_answers").create(
        {"key": str, "kind": str, "model": str, "outcome": str, "answer": str, "made_at": str},
        pk="key",
        not_null={"kind", "model", "outcome", "answer", "made_at"},
        strict=True,
    )
    db.table("model_answers").create_index(["made_at"])
    db.execute(
        """
        CREATE TABLE trend_briefs (
            trend_id INTEGER PRIMARY KEY REFERENCES trends(id) ON DELETE CASCADE, label TEXT NOT NULL,
            summary TEXT NOT NULL, post_ids TEXT NOT NULL, model TEXT NOT NULL, observed REAL NOT NULL,
            made_at TEXT NOT NULL
        ) STRICT
        """
    )


@migration()
def m0008_stream(db: Database) -> None:
    """Rules the stream should have; the service's own list is compared with them."""
    db.table("stream_rules").create(
        {"id": int, "value": str, "created_at": str}, pk="id", not_null={"value", "created_at"}, strict=True
    )
    db.table("stream_rules").create_index(["value"], unique=True)


@migration()
def m0009_profiles(db: Database) -> None:
    """Topics by name, in place of those of the settings; and which posts were billed, since X bills each once a day.

    Lists are JSON text. An empty value is "as the settings say", an empty share is none.
    """
    db.execute(
        """
        CREATE TABLE profiles (
            name TEXT PRIMARY KEY, keywords TEXT NOT NULL, exclude_keywords TEXT NOT NULL DEFAULT '[]',
            watchlist TEXT NOT NULL DEFAULT '[]', niche TEXT NOT NULL DEFAULT '', languages TEXT NOT NULL DEFAULT '[]',
            share REAL, is_enabled INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute(
        """
        CREATE TABLE billed_posts (
            id INTEGER PRIMARY KEY, day TEXT NOT NULL, service TEXT NOT NULL, source_ids TEXT NOT NULL
        ) STRICT
        """
    )


@migration()
def m0010_viral(db: Database) -> None:
    """How far single posts go: sums of what settled ones teach, the usual of authors and communities by key, the last
    forecast of each post, and whose counters changed since `rank` last looked.
    """
    db.execute(
        """
        CREATE TABLE forecast_sources (
            source TEXT PRIMARY KEY, settled REAL NOT NULL, total REAL NOT NULL, sums BLOB NOT NULL,
            days REAL NOT NULL, peaks BLOB NOT NULL
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute(
        """
        CREATE TABLE forecast_usual (
            key INTEGER PRIMARY KEY, posts REAL NOT NULL, total REAL NOT NULL, last_day INTEGER NOT NULL
        ) STRICT
        """
    )
    db.execute(
        """
        CREATE TABLE post_forecasts (
            post_id INTEGER PRIMARY KEY REFERENCES posts(id) ON DELETE CASCADE, forecast REAL NOT NULL,
            usual REAL NOT NULL, enough REAL NOT NULL, looked_at TEXT NOT NULL
        ) STRICT
        """
    )
    db.execute(
        """
        CREATE TABLE forecast_progress (
            id INTEGER PRIMARY KEY, seen_post_id INTEGER NOT NULL, left_created_at TEXT NOT NULL,
            left_post_id INTEGER NOT NULL, swept_day INTEGER NOT NULL
        ) STRICT
        """
    )
    db.execute("INSERT INTO forecast_progress SELECT 1, coalesce(max(id), 0), '', 0, 0 FROM posts")
    db.execute("CREATE TABLE forecast_news (id INTEGER PRIMARY KEY AUTOINCREMENT, post_id INTEGER NOT NULL) STRICT")
    db.execute(
        """
        CREATE TRIGGER post_metrics_forecast AFTER INSERT ON post_metrics
        BEGIN INSERT INTO forecast_news (post_id) VALUES (NEW.post_id); END
        """
    )


@migration()
def m0011_calibration(db: Database) -> None:
    """Thresholds made of an operator's own posts, and what people said of trends. A mark outlives its trend."""
    db.table("calibrations").create(
        {
            "id": int,
            "made_at": str,
            "since": str,
            "until": str,
            "posts": int,
            "shuffles": int,
            "seed": int,
            "days": float,
            "episodes": int,
            "alarms": str,
            "wanted_per_day": float,
            "threshold": float,
        },
        pk="id",
        not_null={"made_at", "since", "until", "posts", "shuffles", "seed", "days", "episodes", "alarms"}
        | {"wanted_per_day", "threshold"},
        strict=True,
    )
    db.execute(
        """
        CREATE TABLE trend_marks (
            id INTEGER PRIMARY KEY, trend_id INTEGER UNIQUE REFERENCES trends(id) ON DELETE SET NULL,
            mark TEXT NOT NULL, note TEXT, terms TEXT NOT NULL, score REAL NOT NULL, opened_at TEXT NOT NULL,
            marked_at TEXT NOT NULL, marked_by TEXT NOT NULL
        ) STRICT
        """
    )
    db.table("trend_marks").create_index(["marked_at"])


@migration()
def m0012_schedules(db: Database) -> None:
    """When each job is due, and since when: a run can only be missed by times that were in force."""
    db.execute("ALTER TABLE job_states ADD COLUMN schedule TEXT")
    db.execute("ALTER TABLE job_states ADD COLUMN schedule_since TEXT")
    db.table("job_runs").create_index(["job_id", "scheduled_for"])


@migration()
def m0013_communities(db: Database) -> None:
    """Which community each post of the window came from; posts that were read before have none."""
    db.execute("ALTER TABLE ranking_segments ADD COLUMN communities BLOB")
