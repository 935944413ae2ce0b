"""Open the database file safely, group writes, and say in our own words what SQLite could not do."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from trendspark_cli.base.durable_files import create_file, make_folder
from trendspark_cli.base.errors import (
    ConfigError,
    IntegrityError,
    RefusedRowError,
    StoreBusyError,
    StoreError,
    TrendSparkError,
)
from trendspark_cli.base.full_disks import why_no_room_beside
from trendspark_cli.store.sqlite.named_queries import queries
from trendspark_cli.store.sqlite.schema import check_schema
from trendspark_cli.store.sqlite.write_gate import WriteGate
from trendspark_cli.store.tables.connection import Parameters, Record, SqlRow

BUSY_TIMEOUT_SECONDS = 15  # longer than any transaction of ours by far; see docs/explanation/store.md
LARGE_WAL_BYTES = 4 * 2**20  # what SQLite's own automatic checkpoint waits for
HUGE_WAL_BYTES = 8 * 2**20  # worth a short wait for other writers, so that it is never much larger
PAUSE_OF_MANY_SECONDS = 0.01  # at least, between transactions that are written in a row
LONGEST_PAUSE_SECONDS = 0.05  # of one who writes again and again: others who wait look in ever longer steps
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700

# None is None, from C: where nothing says so, sqlite3 asks each one how it wants to be stored, a third of an insert.
_nothing: dict[None, None] = {}
sqlite3.register_adapter(type(None), _nothing.get)


def store_error(error: sqlite3.Error, path: Path) -> TrendSparkError:
    """Return the error of ours that says what *error* means for the operator."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    where = f"database {str(path)!r}"
    if code is None and str(error).startswith("Error binding parameter"):  # a value of no type SQLite knows
        return RefusedRowError(f"{where} refuses a row: {error}", hint="see the log for the traceback")
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusyError(
            f"{where} stayed locked for {BUSY_TIMEOUT_SECONDS} s",
            hint="another program holds a write transaction open; the next run tries again",
        )
    if primary in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return IntegrityError(
            f"{where} is no sound SQLite database ({error})",
            hint="keep the file, restore the last `trendspark db backup`, and check the disk",
        )
    if primary == sqlite3.SQLITE_FULL:
        return StoreError(f"{where}: the disk is full", hint="free space on that disk; nothing was lost")
    if primary == sqlite3.SQLITE_IOERR and (told := why_no_room_beside(path.with_name(f"{path.name}-wal"))):
        return StoreError(f"{where}: {told}", hint="free space there; nothing was lost")
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreError(f"{where} cannot be written ({error})", hint="check its owner, mode and mount")
    if primary in (sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG):
        return RefusedRowError(f"{where} refuses a row: {error}", hint="see the log for the traceback")
    return StoreError(f"{where}: {error}", hint="see the log for the traceback")


class Connection:
    """One SQLite connection with our pragmas; statements are bound, transactions are BEGIN IMMEDIATE.

    `in_transaction` lets a signal handler wait; `after_commit` is called when it need not wait any more.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.in_transaction = False
        self.after_commit: Callable[[], None] = lambda: None
        self.undone = 0
        self._gate = WriteGate(path)
        self._free_until = 0.0  # by the monotonic clock
        self._wal = f"{path}-wal"
        try:
            self.raw = sqlite3.connect(
                f"file:{_quoted(path)}?{_mode(path, read_only=read_only)}",
                uri=True,
                timeout=BUSY_TIMEOUT_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            self.raw.execute("PRAGMA foreign_keys = ON")
            self.raw.execute("PRAGMA cache_size = -8192")  # KiB: what a thousand posts in no order of ids change
            self.raw.execute("PRAGMA synchronous = FULL")
            self.raw.execute("PRAGMA wal_autocheckpoint = 0")  # see write_gate.py
            self.raw.execute("PRAGMA journal_size_limit = 1048576")  # a WAL that was folded in shrinks to this
            self.raw.execute("PRAGMA trusted_schema = OFF")
            if read_only:
                self.raw.execute("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            raise store_error(error, path) from error

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn SQLite's errors into ours."""
        try:
            yield
        except sqlite3.Error as error:
            raise store_error(error, self.path) from error
        except (OverflowError, UnicodeEncodeError) as error:  # a number or a text that SQLite has no form for
            raise RefusedRowError(f"database {str(self.path)!r} refuses a row: {error}") from error

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Undo what the block did when it raises, and nothing before it; use inside a transaction."""
        self.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self.undone += 1
            with suppress(sqlite3.Error):  # a transaction that is gone has no savepoint
                self.raw.execute("ROLLBACK TO attempt")
                self.raw.execute("RELEASE attempt")
            raise
        self.execute("RELEASE attempt")

    @contextmanager
    def transaction(self, *, is_one_of_many: bool = False) -> Iterator[None]:
        """Group writes: all of them or none. A block inside a block joins the outer one.

        Before the next one the database is free for as long as the work in this one took; of many in a row, for as long
        as it was held, the wait for the disk included.
        """
        if self.in_transaction:
            yield
            return
        self._let_others_write()
        # Set before BEGIN and unset after COMMIT: a signal must not come between a statement and our knowing of it.
        self.in_transaction = True
        try:
            with self._gate.writing(BUSY_TIMEOUT_SECONDS):
                try:
                    with self.errors():
                        self.raw.execute("BEGIN IMMEDIATE")
                    began = time.monotonic()
                    yield
                    worked = time.monotonic() - began
                    with self.errors():
                        self.raw.execute("COMMIT")
                    ended = time.monotonic()
                    pause = max(ended - began, PAUSE_OF_MANY_SECONDS) if is_one_of_many else worked
                    self._free_until = ended + min(pause, LONGEST_PAUSE_SECONDS)
                except BaseException:
                    self.undone += 1
                    with suppress(sqlite3.Error):  # what went wrong in the block is the error to tell
                        if self.raw.in_transaction:
                            self.raw.execute("ROLLBACK")
                    raise
            self._fold_in_large_wal()
        finally:
            self.in_transaction = False
        self.after_commit()

    def write(self, work: Callable[[], Record], *, is_one_of_many: bool = False) -> Record:
        """Return what *work* returns, in a transaction; who has the whole database is in nobody's way."""
        with self.transaction(is_one_of_many=is_one_of_many):
            return work()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Have all statements of the block see the database as it is now."""
        with self.errors():
            is_open = self.raw.in_transaction
        if is_open:
            yield
            return
        self.execute("BEGIN")
        try:
            yield
        finally:
            with suppress(sqlite3.Error):  # nothing was written
                self.raw.execute("COMMIT")

    @contextmanager
    def without_cascades(self) -> Iterator[None]:
        """Have nothing deleted with the rows it refers to while the block lasts: who deletes them does it all."""
        self.execute("PRAGMA foreign_keys = OFF")  # does nothing inside a transaction
        try:
            yield
        finally:
            with suppress(sqlite3.Error):  # a connection that broke deletes nothing more
                self.raw.execute("PRAGMA foreign_keys = ON")

    def queries(self, file_name: str) -> Mapping[str, str]:
        """Return the statements of `<file_name>.sql` by name, in SQLite's words."""
        return queries(file_name)

    def hold(self, lock: str, *, together: bool = False) -> None:
        """Do nothing: who writes has the whole database."""

    @contextmanager
    def alone(self, lock: str) -> Iterator[None]:
        """Do nothing: what a statement sees is all there is."""
        yield

    def _let_others_write(self) -> None:
        """Leave the database free for a while: whoever takes it again at once starves all others.

        SQLite knows no queue: who waits looks now and then, and must find it free by chance.
        """
        left = self._free_until - time.monotonic()
        if left > 0.001:
            time.sleep(min(left, LONGEST_PAUSE_SECONDS))

    def writing(self) -> AbstractContextManager[None]:
        """Keep checkpoints away while a statement writes outside `transaction`."""
        return self._gate.writing(BUSY_TIMEOUT_SECONDS)

    def checkpoint(self, wait_seconds: float) -> bool:
        """Move the whole WAL into the database and empty it; return False when readers or writers kept us from it."""
        until = time.monotonic() + wait_seconds
        with self._gate.alone(wait_seconds) as taken, self.errors():
            if not taken:
                return False
            self.raw.execute("PRAGMA busy_timeout = 0")  # SQLite's own wait could not be ended
            try:
                while busy := self.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    if time.monotonic() >= until:
                        break
                    time.sleep(0.05)
            finally:
                self.raw.execute("PRAGMA busy_timeout = 15000")  # BUSY_TIMEOUT_SECONDS
            return not busy

    def _fold_in_large_wal(self) -> None:
        """Do what SQLite's automatic checkpoint does, with nobody writing meanwhile; not now is good enough."""
        try:
            size = os.stat(self._wal).st_size
        except OSError:
            return
        if size >= LARGE_WAL_BYTES:
            with self._gate.alone(1.0 if size >= HUGE_WAL_BYTES else 0.0) as taken:
                if taken:
                    with suppress(sqlite3.Error):  # the work is committed; the next commit tries again
                        self.raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                        if size >= HUGE_WAL_BYTES:
                            self._restart_wal()

    def _restart_wal(self) -> None:
        """Let the next write begin the WAL anew: one who writes beside a checkpoint keeps it growing for ever."""
        self.raw.execute("PRAGMA busy_timeout = 50")
        try:
            self.raw.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        finally:
            self.raw.execute("PRAGMA busy_timeout = 15000")

    def execute(self, sql: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        """Run one statement with bound values."""
        with self.errors():
            return self.raw.execute(sql, parameters)

    def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one INSERT with bound values and return the id of its row."""
        row_id = self.execute(sql, parameters).lastrowid
        if row_id is None:
            raise StoreError("the database gave a new row no id")
        return row_id

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run one statement for each row; return how many rows of the table it inserted or changed."""
        with self.errors():
            return self.raw.executemany(sql, rows).rowcount

    def rows(self, sql: str, parameters: Parameters = ()) -> list[SqlRow]:
        """Return all rows as dicts by column name."""
        with self.errors():
            cursor = self.raw.execute(sql, parameters)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def records(self, make: Callable[..., Record], sql: str, parameters: Parameters = ()) -> list[Record]:
        """Return all rows as records: *make* gets each value under the name of its column."""
        return [make(**row) for row in self.rows(sql, parameters)]

    def made(self, make: Callable[[Sequence[Any]], Record], sql: str, parameters: Parameters = ()) -> list[Record]:
        """Return all rows as records: *make* gets each row with its values in the order of the columns."""
        with self.errors():
            return list(map(make, self.raw.execute(sql, parameters)))

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """Return the first column of the first row, or None."""
        with self.errors():
            row = self.raw.execute(sql, parameters).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        """Close; the last connection to close also empties the WAL."""
        self.raw.close()
        self._gate.close()


def open_checked(path: Path, *, read_only: bool = False) -> Connection:
    """Return a connection to an existing database of this version's schema.

    Raises ConfigError (missing, older, newer), IntegrityError (no database), StoreError.
    """
    require_database(path)
    connection = Connection(path, read_only=read_only)
    try:
        with connection.errors():
            check_schema(connection.raw, str(path))
    except BaseException:
        connection.close()
        raise
    return connection


def require_database(path: Path) -> None:
    """Raise ConfigError when there is no file: a disk that is not mounted must not give birth to an empty database.

    Raises StoreError when this user may not even look.
    """
    try:
        is_there = path.exists()
    except PermissionError as error:
        raise StoreError(
            f"database {str(path)!r} is out of this user's reach",
            hint="run as the user of the crontab, who owns it: sudo -u USER -H trendspark ...",
        ) from error
    if not is_there:
        raise ConfigError(
            f"there is no database at {str(path)!r}",
            hint="run `trendspark db init`, or mount the disk it lives on",
        )
    journal = path.with_name(f"{path.name}-journal")
    if journal.is_fifo():  # SQLite would wait for its other end
        raise StoreError(f"{str(journal)!r} is a pipe, expected a journal of the database or nothing", hint="remove it")


def create_private_folder(path: Path) -> None:
    """Create a folder that only its owner can enter; an existing one keeps its mode."""
    make_folder(path, PRIVATE_FOLDER)


def create_private_file(path: Path) -> None:
    """Create an empty file that only its owner can read; raise FileExistsError when it is there."""
    os.close(create_file(path, PRIVATE_FILE))


def _mode(path: Path, *, read_only: bool) -> str:
    """Return how SQLite shall open the file.

    A WAL that is left would be folded in on close by one who may write. Without one, a reader needs files beside the
    database, which a snapshot on a read-only disk cannot get: nobody can change it there either.
    """
    if not read_only:
        return "mode=rw"
    if path.with_name(path.name + "-wal").exists():
        return "mode=ro"
    return "mode=rw" if os.access(path.parent, os.W_OK) else "mode=ro&immutable=1"


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path))
