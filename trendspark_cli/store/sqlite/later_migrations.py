"""Steps of the schema after release 0.1; released ones are never edited. `migrations.py` has those before."""

from __future__ import annotations

from sqlite_utils import Database

from trendspark_cli.store.sqlite.migrations import NOTE_CHANGE, migration
from trendspark_cli.store.sqlite.views import VIEWS

__all__ = ["migration"]

MOST_NAMED = 500_000  # posts: a few seconds of an upgrade


@migration()
def m0014_processes(db: Database) -> None:
    """Which process each run at work is: its pid may be another one's after it died."""
    db.execute(
        """
        CREATE TABLE run_processes (
            run_id INTEGER PRIMARY KEY REFERENCES job_runs(id) ON DELETE CASCADE, process TEXT NOT NULL
        ) STRICT
        """
    )


@migration()
def m0015_refusals(db: Database) -> None:
    """What a channel said of itself, so that its queue is kept meanwhile; and which alerts run into bugs, how often."""
    db.execute("ALTER TABLE channel_states ADD COLUMN refusal INTEGER")
    db.execute(
        """
        CREATE TABLE alert_crashes (
            alert_id INTEGER PRIMARY KEY REFERENCES notifications(id) ON DELETE CASCADE,
            crashes INTEGER NOT NULL, crashed_at TEXT NOT NULL
        ) STRICT
        """
    )


@migration()
def m0016_authors(db: Database) -> None:
    """Accounts by their permanent id, with the last name seen; and posts whose author is known by name alone.

    Names that were stored as authors until now are among these, so that they become ids when their ids are seen: those
    of the last posts, which the ranking still counts. Of millions, the upgrade would hold the database for minutes.
    """
    db.execute(
        """
        CREATE TABLE authors (
            source TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, seen_at TEXT NOT NULL,
            PRIMARY KEY (source, id)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute("CREATE INDEX idx_authors_name ON authors (source, lower(name))")
    db.execute(
        """
        CREATE TABLE named_posts (
            source TEXT NOT NULL, name TEXT NOT NULL, post_id INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE,
            PRIMARY KEY (source, name, post_id)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute("CREATE INDEX idx_named_posts_post_id ON named_posts (post_id)")
    db.execute(
        """
        INSERT INTO named_posts SELECT source, lower(author), id FROM posts
        WHERE id > (SELECT max(id) FROM posts) - ?
          AND (source = 'x' AND author GLOB '*[^0-9]*' OR source = 'reddit' AND author NOT GLOB 't2_*')
        """,
        (MOST_NAMED,),
    )


@migration()
def m0017_links(db: Database) -> None:
    """Where posts lead. Posts that were stored before have the links of their texts alone, which are ranked as ever."""
    db.execute(
        """
        CREATE TABLE post_links (
            post_id INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE, url TEXT NOT NULL,
            PRIMARY KEY (post_id, url)
        ) STRICT, WITHOUT ROWID
        """
    )
    archive = {"name": "post_links_archive", "event": "INSERT ON post_links", "table": "posts", "row_id": "NEW.post_id"}
    db.execute(NOTE_CHANGE.format(**archive))


@migration()
def m0018_history(db: Database) -> None:
    """Of which version of terms the history is, and since when it is built anew; what there is is of an earlier one."""
    db.execute("ALTER TABLE ranking_progress ADD COLUMN history_version INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE ranking_progress ADD COLUMN rebuilt_since TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE ranking_progress ADD COLUMN counted_post_id INTEGER NOT NULL DEFAULT 0")
    db.execute("UPDATE ranking_progress SET counted_post_id = seen_post_id")


@migration()
def m0019_counts_of_trends(db: Database) -> None:
    """What people are told of a trend: its posts now, at the peak and in all, who wrote them, when it was found."""
    for column in ("posts_now", "posts_peak", "posts_total", "people"):
        db.execute(f"ALTER TABLE trends ADD COLUMN {column} INTEGER NOT NULL DEFAULT 1")
    db.execute("ALTER TABLE trends ADD COLUMN peak_at TEXT")
    db.execute("ALTER TABLE trends ADD COLUMN detected_at TEXT")
    db.execute(
        """
        UPDATE trends SET peak_at = coalesce(peak, opened_at), detected_at = opened_at, people = coalesce(authors, 1),
            posts_peak = max(1, coalesce((SELECT sum(value) FROM json_each(coalesce(trends.sources, '{}'))), 1))
        """
    )
    db.execute(
        """
        UPDATE trends SET
            posts_now = CASE state WHEN 'open' THEN posts_peak ELSE 0 END,
            posts_total = max(posts_peak, (SELECT count(*) FROM trend_posts WHERE trend_id = trends.id))
        """
    )


@migration()
def m0020_trend_history(db: Database) -> None:
    """The curve of each trend and its examples, which stay when the posts are archived; none of earlier trends.

    An example follows an edit of its post while that is live.
    """
    db.execute(
        """
        CREATE TABLE trend_counts (
            trend_id INTEGER NOT NULL REFERENCES trends(id) ON DELETE CASCADE, tick TEXT NOT NULL,
            source TEXT NOT NULL, posts INTEGER NOT NULL, people INTEGER NOT NULL, expected REAL,
            PRIMARY KEY (trend_id, tick, source)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute(
        """
        CREATE TABLE trend_examples (
            trend_id INTEGER NOT NULL REFERENCES trends(id) ON DELETE CASCADE, place INTEGER NOT NULL,
            post_id INTEGER NOT NULL, source TEXT NOT NULL, source_id TEXT NOT NULL, author TEXT, name TEXT,
            text TEXT NOT NULL, url TEXT, PRIMARY KEY (trend_id, place)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute("CREATE INDEX idx_trend_examples_post_id ON trend_examples (post_id)")
    db.execute("CREATE INDEX idx_trend_examples_source_id ON trend_examples (source, source_id)")
    db.execute(
        """
        CREATE TRIGGER trend_examples_edited AFTER UPDATE OF text ON posts WHEN old.text IS NOT new.text
        BEGIN UPDATE trend_examples SET text = new.text WHERE post_id = new.id; END
        """
    )


@migration()
def m0021_views(db: Database) -> None:
    """What people ask with SQL, in words they know."""
    for name, select in VIEWS.items():
        db.create_view(name, select)


@migration()
def m0022_search(db: Database) -> None:
    """How far posts are indexed for `posts search`, and which of them changed since; `rank` makes the index itself."""
    db.execute(
        """
        CREATE TABLE search_shelves (
            first_id INTEGER PRIMARY KEY, filled_id INTEGER NOT NULL, entries INTEGER NOT NULL, looked_at TEXT NOT NULL
        ) STRICT
        """
    )
    db.execute("CREATE TABLE search_waiting (post_id INTEGER PRIMARY KEY) STRICT")
    db.execute(
        """
        CREATE TRIGGER search_edited AFTER UPDATE OF text ON posts WHEN old.text IS NOT new.text BEGIN
            INSERT INTO search_waiting SELECT new.id
            WHERE EXISTS (SELECT 1 FROM search_shelves WHERE first_id <= new.id AND filled_id >= new.id)
                AND NOT EXISTS (SELECT 1 FROM search_waiting WHERE post_id = new.id);
        END
        """
    )


@migration()
def m0023_quotes(db: Database) -> None:
    """Which posts alerts and briefs of a trend may quote, so that they can be forgotten when no example is left."""
    db.execute(
        """
        CREATE TABLE trend_quotes (
            source TEXT NOT NULL, source_id TEXT NOT NULL, author TEXT,
            trend_id INTEGER NOT NULL REFERENCES trends(id) ON DELETE CASCADE,
            PRIMARY KEY (source, source_id, trend_id)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute("CREATE INDEX idx_trend_quotes_trend_id ON trend_quotes (trend_id)")
    db.execute("CREATE INDEX idx_trend_quotes_author ON trend_quotes (source, author)")
    db.execute("INSERT OR IGNORE INTO trend_quotes SELECT source, source_id, author, trend_id FROM trend_examples")


@migration()
def m0024_term_runs(db: Database) -> None:
    """The history of terms as sorted runs instead of a row for each; `rank` turns the rows there are into the first.

    A part is up to 16,384 terms of a run, as bytes; a run that is not in `ranking_runs` does not count.
    """
    db.execute("CREATE TABLE ranking_runs (id INTEGER PRIMARY KEY, terms INTEGER NOT NULL) STRICT")
    db.execute(
        """
        CREATE TABLE ranking_run_parts (
            id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, terms INTEGER NOT NULL, first_key INTEGER NOT NULL,
            last_key INTEGER NOT NULL, keys BLOB NOT NULL, states BLOB NOT NULL
        ) STRICT
        """
    )
    # All that is asked of a part before its bytes are read.
    db.execute("CREATE INDEX idx_ranking_run_parts ON ranking_run_parts (run_id, first_key, last_key, terms)")


@migration()
def m0025_routes(db: Database) -> None:
    """The channels of each profile; those that are there name none, so all are told. How far buttons were read."""
    db.execute("ALTER TABLE profiles ADD COLUMN channels TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE channel_states ADD COLUMN updates_read TEXT")


@migration()
def m0028_interest(db: Database) -> None:
    """What an operator cares about: vectors as bytes, names of profiles, communities of marks, what moved each trend.

    Marks that are there have their words alone, by which they count as ever.
    """
    db.execute(
        """
        CREATE TABLE interest_vectors (
            name TEXT PRIMARY KEY, learned_at TEXT NOT NULL, posts INTEGER NOT NULL, vectors BLOB NOT NULL
        ) STRICT
        """
    )
    db.execute("ALTER TABLE trend_marks ADD COLUMN communities TEXT NOT NULL DEFAULT '{}'")
    db.execute("ALTER TABLE trends ADD COLUMN interest REAL NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE profiles ADD COLUMN interest TEXT NOT NULL DEFAULT '[]'")


@migration()
def m0029_volumes(db: Database) -> None:
    """How many posts there are of what is watched, and of which times all are known; counted from this upgrade on."""
    db.execute(
        """
        CREATE TABLE volume_reads (
            profile TEXT NOT NULL, source TEXT NOT NULL, query TEXT NOT NULL, whole_since TEXT NOT NULL,
            read_until TEXT NOT NULL, counts TEXT, PRIMARY KEY (profile, source, query)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute(
        """
        CREATE TABLE volume_series (
            key TEXT PRIMARY KEY, state TEXT NOT NULL, updated_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute(
        "CREATE TABLE volume_progress (id INTEGER PRIMARY KEY CHECK (id = 1), seen_post_id INTEGER NOT NULL) STRICT"
    )
    db.execute("INSERT INTO volume_progress SELECT 1, coalesce(max(id), 0) FROM posts")


@migration()
def m0033_run_parts(db: Database) -> None:
    """What a run does of a job that several can be at, each with other parts."""
    db.execute(
        """
        CREATE TABLE run_parts (
            run_id INTEGER NOT NULL REFERENCES job_runs(id) ON DELETE CASCADE, part TEXT NOT NULL,
            PRIMARY KEY (run_id, part)
        ) STRICT, WITHOUT ROWID
        """
    )


@migration()
def m0034_days_of_tombstones(db: Database) -> None:
    """Of which days' files a tombstone is about, so that it can leave, and which object of the archive tells of it.

    Which posts are in files, of sources that tell of deletions: a deletion of another post leaves nothing.
    """
    for column in ("first_day TEXT", "last_day TEXT", "in_files INTEGER NOT NULL DEFAULT 1", "batch TEXT"):
        db.execute(f"ALTER TABLE tombstones ADD COLUMN {column}")
    db.execute(
        "CREATE INDEX idx_archive_manifests_source ON archive_manifests (source, day) WHERE written_off_at IS NULL"
    )
    db.execute("ALTER TABLE archive_manifests ADD COLUMN is_listed INTEGER NOT NULL DEFAULT 0")
    db.execute("CREATE TABLE archived_posts (key INTEGER PRIMARY KEY, day TEXT NOT NULL) STRICT")


@migration()
def m0035_audit_by_source(db: Database) -> None:
    """`health` asks for the last pages of each source: one that was never read must not cost all of the table."""
    db.execute("CREATE INDEX idx_ingest_audit_source ON ingest_audit (source)")
