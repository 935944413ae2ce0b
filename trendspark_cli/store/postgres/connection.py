"""Open a connection to PostgreSQL, group writes, and hold locks: one connection, no pool, no reconnecting."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from zlib import crc32

from trendspark_cli.base.database_urls import database_place
from trendspark_cli.base.errors import ConfigError, RefusedRowError, StoreError
from trendspark_cli.base.extras import missing_extra
from trendspark_cli.store.postgres.address import connection_options
from trendspark_cli.store.postgres.statements import queries, translated
from trendspark_cli.store.tables.connection import Parameters, Record, SqlRow

try:
    import psycopg
    from psycopg.pq import TransactionStatus
    from psycopg.types.string import StrDumperUnknown
except ImportError as error:
    raise missing_extra("DATABASE_URL=postgresql://", "postgres") from error

from trendspark_cli.store.postgres.errors import LATER, SEE_LOG, ConflictError, store_error, with_code

SCHEMA = "trendspark"
LOCKS = 1_416_785_508  # a name space of advisory locks: "Trnd"
CONFLICTS = 3  # tries in all
CONFLICT_PAUSE_SECONDS = 0.05  # the other one goes first, or both would meet again
CANCEL_SECONDS = 5.0
# Locks wait as long as SQLite's; no transaction of ours is idle, as nothing slow happens inside.
SESSION = f"""
    SET search_path = {SCHEMA}; SET TimeZone = 'UTC'; SET lock_timeout = '15s'; SET statement_timeout = '60s';
    SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'warning'; SET jit = off;
    SET default_transaction_isolation = 'read committed'; SET bytea_output = 'hex'; SET extra_float_digits = 1;
"""

log = logging.getLogger(__name__)

_NUL_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")

_HOLD, _HOLD_TOGETHER = "SELECT pg_advisory_xact_lock(?, ?)", "SELECT pg_advisory_xact_lock_shared(?, ?)"


class Connection:
    """One connection with our settings; statements are bound, transactions read what is committed.

    `in_transaction` lets a signal handler wait; `after_commit` is called when it need not wait any more.
    `before_commit` is called with the last statements of a transaction: what many write comes late, so that they wait
    for each other as shortly as can be.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        options = connection_options(url)
        self.url = url
        self.where = f"database {database_place(url)!r}"
        self.in_transaction = False
        self.after_commit: Callable[[], None] = lambda: None
        self.before_commit: list[Callable[[], None]] = []
        self.undone = 0
        self._held: set[tuple[str, bool]] = set()
        self._left: list[str] = []  # locks to give back when a transaction that failed has ended
        with self.errors():
            try:
                self.raw = psycopg.connect(**options, autocommit=True, prepare_threshold=None)
            except psycopg.OperationalError as error:
                raise with_code(error, options) from error
        try:
            self.raw.adapters.register_loader("numeric", _NumberLoader)
            self.raw.adapters.register_dumper(str, _TextDumper)
            with self.errors():
                self.raw.execute(SESSION + ("SET default_transaction_read_only = on;" if read_only else ""))
        except BaseException:
            self.raw.close()
            raise

    def queries(self, file_name: str) -> Mapping[str, str]:
        """Return the statements of `<file_name>.sql` by name, in PostgreSQL's words."""
        return queries(file_name)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn psycopg's errors into ours."""
        try:
            yield
        except (psycopg.Error, OverflowError, UnicodeEncodeError) as error:
            raise store_error(error, self.where) from error

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Undo what the block did when it raises, and nothing before it; use inside a transaction."""
        held = set(self._held)
        self._command("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self.undone += 1
            self._held = held  # locks that came later are gone with it
            with suppress(psycopg.Error):  # a transaction that is gone has no savepoint
                self.raw.execute("ROLLBACK TO attempt")
                self.raw.execute("RELEASE attempt")
            raise
        self._command("RELEASE attempt")

    @contextmanager
    def transaction(self, *, is_one_of_many: bool = False) -> Iterator[None]:
        """Group writes: all of them or none. A block inside a block joins the outer one."""
        if self.in_transaction:
            yield
            return
        # Set before BEGIN and unset after COMMIT: a signal must not come between a statement and our knowing of it.
        self.in_transaction = True
        try:
            try:
                self._command("BEGIN")
                yield
                for write in self.before_commit:
                    write()
                self._commit()
            except BaseException:
                self.undone += 1
                with suppress(psycopg.Error):  # what went wrong in the block is the error to tell
                    if self.raw.info.transaction_status != TransactionStatus.IDLE:
                        self.raw.execute("ROLLBACK")
                raise
        finally:
            self.in_transaction = False
            self.before_commit = []
            self._held.clear()
            while self._left:
                self._give_back(self._left.pop())
        self.after_commit()

    def _commit(self) -> None:
        """Commit; what PostgreSQL would silently roll back, since a statement failed, is an error."""
        if self.raw.info.transaction_status == TransactionStatus.INERROR:
            raise StoreError(f"{self.where}: a statement failed, so the transaction cannot be kept", hint=LATER)
        self._command("COMMIT")

    def write(self, work: Callable[[], Record], *, is_one_of_many: bool = False) -> Record:
        """Return what *work* returns, in a transaction; the whole of it again when another one undid it."""
        for _ in range(0 if self.in_transaction else CONFLICTS - 1):
            with suppress(ConflictError), self.transaction():
                return work()
            log.info("another transaction came in between: once more")
            time.sleep(CONFLICT_PAUSE_SECONDS)
        with self.transaction():
            return work()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Have all statements of the block see the database as it is now."""
        if self.raw.info.transaction_status != TransactionStatus.IDLE:
            yield
            return
        self._command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            with suppress(psycopg.Error):  # nothing was written
                self.raw.execute("ROLLBACK")

    def hold(self, lock: str, *, together: bool = False) -> None:
        """Keep others who hold that lock out until the transaction ends; *together*: those who hold it alone."""
        if not self.in_transaction or not {(lock, together), (lock, False)}.isdisjoint(self._held):
            return
        self.execute(_HOLD_TOGETHER if together else _HOLD, lock_key(lock))
        self._held.add((lock, together))

    @contextmanager
    def alone(self, lock: str) -> Iterator[None]:
        """Keep others who hold that lock out while the block reads, even inside a transaction that goes on."""
        self.execute("SELECT pg_advisory_lock(?, ?)", lock_key(lock))
        try:
            yield
        finally:
            if self.raw.info.transaction_status == TransactionStatus.INERROR:
                self._left.append(lock)
            else:
                self._give_back(lock)

    def _give_back(self, lock: str) -> None:
        with suppress(psycopg.Error):  # a connection that broke holds nothing
            self.raw.execute("SELECT pg_advisory_unlock(%s, %s)", lock_key(lock))

    def execute(self, sql: str, parameters: Parameters = ()) -> psycopg.Cursor[Any]:
        """Run one statement with bound values."""
        statement = translated(sql)
        with self.errors(), self._whole():
            return self.raw.execute(statement.text, statement.values(parameters))

    def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one INSERT with bound values and return the id of its row."""
        statement = translated(sql)
        with self.errors(), self._whole():
            row = self.raw.execute(f"{statement.text} RETURNING id", statement.values(parameters)).fetchone()
        if row is None:
            raise StoreError("the database gave a new row no id")
        return int(row[0])

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run one statement for each row; return how many rows of the table it inserted or changed."""
        statement = translated(sql)
        if not rows:
            return 0
        if statement.takes_all_rows:
            with self.errors():
                return max(0, self.execute(sql, {"rows": self._as_json(rows)}).rowcount)
        with self.errors(), self._whole(), self.raw.cursor() as cursor:
            cursor.executemany(statement.text, statement.many(rows))
            return max(0, cursor.rowcount)

    def _as_json(self, rows: Sequence[Sequence[Any]]) -> str:
        """Return rows for a statement that takes all of them; what JSON would turn into another value is refused."""
        from trendspark_cli.store.postgres.json_rows import as_json

        try:
            return as_json(rows)
        except ValueError as error:
            raise RefusedRowError(f"{self.where} refuses a row: {error}", hint=SEE_LOG) from error

    def rows(self, sql: str, parameters: Parameters = ()) -> list[SqlRow]:
        """Return all rows as dicts by column name."""
        cursor = self.execute(sql, parameters)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def records(self, make: Callable[..., Record], sql: str, parameters: Parameters = ()) -> list[Record]:
        """Return all rows as records: *make* gets each value under the name of its column."""
        return [make(**row) for row in self.rows(sql, parameters)]

    def made(self, make: Callable[[Sequence[Any]], Record], sql: str, parameters: Parameters = ()) -> list[Record]:
        """Return all rows as records: *make* gets each row with its values in the order of the columns."""
        return list(map(make, self.execute(sql, parameters)))

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """Return the first column of the first row, or None."""
        row = self.execute(sql, parameters).fetchone()
        return None if row is None else row[0]

    def run_script(self, script: str) -> None:
        """Run many statements without values."""
        self._command(script)

    def close(self) -> None:
        """Close it; locks that are still held are free."""
        self.raw.close()

    def _command(self, sql: str) -> None:
        with self.errors(), self._whole():
            self.raw.execute(sql)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """End a statement that a signal interrupted, so that the connection can be used for what is left to say."""
        try:
            yield
        except psycopg.Error:
            raise
        except BaseException:
            if self.raw.info.transaction_status == TransactionStatus.ACTIVE:
                with suppress(psycopg.Error):
                    self.raw.cancel_safe(timeout=CANCEL_SECONDS)
                    while self.raw.pgconn.get_result() is not None:
                        pass
            raise


def refuse_other_encodings(connection: Connection) -> None:
    """Raise ConfigError when the database does not keep every text there is."""
    encoding = connection.value("SHOW server_encoding")
    if encoding != "UTF8":
        raise ConfigError(
            f"{connection.where} is encoded in {encoding}, expected UTF8",
            hint="make another one: createdb --encoding UTF8 --template template0 NAME",
        )


def lock_key(lock: str) -> tuple[int, int]:
    """Return the two numbers of a named lock; the second is signed."""
    number = crc32(lock.encode())
    return LOCKS, number - (number >> 31 << 32)


class _NumberLoader(psycopg.adapt.Loader):
    """Sums of whole numbers are whole numbers, means are floats: as everywhere else in our store."""

    def load(self, data: psycopg.abc.Buffer) -> int | float:
        text = bytes(data)
        return float(text) if b"." in text or text in (b"NaN", b"Infinity", b"-Infinity") else int(text)


class _TextDumper(StrDumperUnknown):
    """Texts without NUL, which PostgreSQL has no form for, in JSON either; U+FFFD stands there."""

    def dump(self, obj: str) -> psycopg.abc.Buffer | None:
        if "\x00" in obj:
            obj = obj.replace("\x00", "\ufffd")
        if "\\u0000" in obj:
            obj = _NUL_IN_JSON.sub(r"\1\\ufffd", obj)
        return super().dump(obj)
