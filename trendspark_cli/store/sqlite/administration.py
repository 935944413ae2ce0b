"""What `db init`, `db upgrade`, `db backup` and `db stats` do to the file."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from trendspark_cli.base.durable_files import writing_by_name
from trendspark_cli.base.errors import ConfigError, OutputError, StoreError, os_words
from trendspark_cli.base.full_disks import no_room, why_no_room_beside
from trendspark_cli.store.host_folders import make_host_folders
from trendspark_cli.store.rows.upkeep import DatabaseStats
from trendspark_cli.store.sqlite.connection import (
    PRIVATE_FILE,
    Connection,
    create_private_file,
    require_database,
    store_error,
)
from trendspark_cli.store.sqlite.schema import KNOWN_MIGRATIONS, applied_migrations, check_schema
from trendspark_cli.store.tables.growth import growth_per_day

MOST_COUNTED = 2_000_000  # rows of a table, for `db stats`: a fifth of a second
BACKUP_PAGES_PER_STEP = 2000  # 8 MB between looks at the lock, so that writers wait for milliseconds only


def create_database(path: Path) -> bool:
    """Create the file, its folders and its schema; return False when a good one was there already."""
    make_host_folders(path.parent)
    try:
        create_private_file(path)
    except FileExistsError:
        if _is_complete(path):
            return False
    _set_up_new_file(path)
    upgrade_database(path)
    return True


def upgrade_database(path: Path) -> list[str]:
    """Bring the schema up to this version; return the names of the steps taken."""
    from sqlite_utils import Database

    from trendspark_cli.store.sqlite.later_migrations import migration

    require_database(path)
    connection = Connection(path)
    try:
        with connection.errors():
            before = applied_migrations(connection.raw)
            if any(name not in KNOWN_MIGRATIONS for name in before):
                check_schema(connection.raw, str(path))
            migration.apply(Database(connection.raw))
            return [name for name in applied_migrations(connection.raw) if name not in before]
    finally:
        connection.close()


def backup_database(path: Path, target: Path) -> int:
    """Copy the database while jobs go on; the copy appears complete or not at all. Return its bytes.

    Raises OutputError when *target* exists or cannot be written.
    """
    if os.path.lexists(target):
        raise OutputError(f"{str(target)!r} exists already", hint="name a new file, or remove the old backup first")
    require_database(path)
    try:
        with writing_by_name(target, PRIVATE_FILE) as partial:
            source = Connection(path)
            copy = sqlite3.connect(partial)
            try:
                with source.errors():
                    check_schema(source.raw, str(path))
                with errors_of_copy(path, target):
                    source.raw.backup(copy, pages=BACKUP_PAGES_PER_STEP, sleep=0.005)
                    copy.execute("PRAGMA journal_mode = DELETE")
            finally:
                copy.close()
                source.close()
    except OSError as error:
        if told := no_room(error):
            raise StoreError(
                f"backup {str(target)!r}: {told}", hint="free space there, or name another disk"
            ) from error
        raise OutputError(f"backup {str(target)!r} cannot be written: {os_words(error)}") from error
    return target.stat().st_size


@contextmanager
def errors_of_copy(path: Path, target: Path) -> Iterator[None]:
    """Turn what SQLite raises while it copies into ours: only the copy can be without room."""
    try:
        yield
    except sqlite3.Error as error:
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        is_full = primary == sqlite3.SQLITE_FULL
        if is_full or (primary == sqlite3.SQLITE_IOERR and why_no_room_beside(target)):
            told = why_no_room_beside(target) or "the disk is full"
            raise StoreError(
                f"backup {str(target)!r}: {told}", hint="free space there, or name another disk"
            ) from error
        raise store_error(error, path) from error


def database_stats(connection: Connection, now: datetime) -> DatabaseStats:
    """Return rows per table, bytes of the file, how fast it grows, and when its disk is full if nothing leaves."""
    from trendspark_cli.store.sqlite.post_search import SHELF_NAMES, PostSearch

    names = connection.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlite%' "
        "ORDER BY name"
    )
    own = [row["name"] for row in names if not row["name"].startswith(SHELF_NAMES)]
    rows = {name: _count_rows(connection, name) for name in own}
    many = [name for name, count in rows.items() if count == MOST_COUNTED]
    rows |= {name: _about(connection, name) for name in many}
    page_size = connection.value("PRAGMA page_size")
    size = connection.value("PRAGMA page_count") * page_size
    free = connection.value("PRAGMA freelist_count") * page_size
    room = shutil.disk_usage(connection.path.parent).free
    growth = growth_per_day(connection, (size - free) / max(1, rows["posts"]), now)
    return DatabaseStats(
        path=str(connection.path),
        bytes=size,
        free_bytes=free,
        growth_bytes_per_day=growth,
        disk_free_bytes=room,
        days_until_disk_full=round((room + free) / growth) if growth else None,
        wal_bytes=_size(connection.path.with_name(connection.path.name + "-wal")),
        search_index_bytes=PostSearch(connection).size_bytes(),
        schema=applied_migrations(connection.raw)[-1],
        sqlite_version=sqlite3.sqlite_version,
        engine=f"SQLite {sqlite3.sqlite_version}",
        rows=rows,
        rows_about=many,
    )


def _count_rows(connection: Connection, table: str) -> int:
    """Return how many rows a table has; counting ends at MOST_COUNTED."""
    quoted = '"' + table.replace('"', '""') + '"'  # a name from sqlite_master; a name cannot be bound
    return int(connection.value("SELECT count(*) FROM (SELECT 1 FROM " + quoted + " LIMIT ?)", (MOST_COUNTED,)))


def _about(connection: Connection, table: str) -> int:
    """Return about how many rows a large table has: of posts by their ids, of others what `vacuum` learned last."""
    if table == "posts":
        return int(connection.value("SELECT (SELECT max(id) FROM posts) - (SELECT min(id) FROM posts) + 1"))
    if connection.value("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'") is None:
        return MOST_COUNTED
    learned = connection.value("SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = ?", (table,))
    return max(MOST_COUNTED, learned or 0)


def _is_complete(path: Path) -> bool:
    """Tell whether the file needs nothing; False when it is empty or an earlier creation was cut short.

    Raises IntegrityError for what is no database, ConfigError for one that is not ours or newer than we are.
    """
    connection = Connection(path)
    try:
        with connection.errors():
            if not applied_migrations(connection.raw):
                if connection.value("SELECT count(*) FROM sqlite_master WHERE name NOT LIKE '_sqlite%'"):
                    raise ConfigError(
                        f"{str(path)!r} is a database of something else", hint="set DATABASE_URL to another file"
                    )
                return False
            if all(name in KNOWN_MIGRATIONS for name in applied_migrations(connection.raw)):
                return set(applied_migrations(connection.raw)) == set(KNOWN_MIGRATIONS)
            check_schema(connection.raw, str(path))
            return True
    finally:
        connection.close()


def _set_up_new_file(path: Path) -> None:
    """Set what can only be set before the first table, and WAL, which stays with the file."""
    try:
        raw = sqlite3.connect(path, timeout=15, isolation_level=None)
        try:
            raw.execute("PRAGMA auto_vacuum = INCREMENTAL")
            raw.execute("PRAGMA journal_mode = WAL")
        finally:
            raw.close()
    except sqlite3.Error as error:
        raise store_error(error, path) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
