"""What a server allows and a file does not, or the other way round, and would be found out late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.builders import NOW, post
from tests.servers.postgres import Databases
from tests.store.test_trouble import MANIFEST
from trendspark_cli.base.errors import ConfigError, StoreError
from trendspark_cli.store.open_store import database_at
from trendspark_cli.store.postgres.administration import create_database
from trendspark_cli.store.postgres.connection import lock_key
from trendspark_cli.store.postgres.store import PostgresStore, open_postgres
from trendspark_cli.store.tables.connection import POSTS

pytestmark = pytest.mark.postgres

COLUMNS = """
SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'trendspark'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND
"""


@pytest.fixture
def server(postgres_url: str) -> Iterator[PostgresStore]:
    """A store in a database of its own."""
    with closing(open_postgres(postgres_url, channels=("telegram",), operations=("telegram",))) as store:
        yield store


@pytest.fixture
def onlooker(postgres_url: str) -> Iterator[psycopg.Connection]:
    """Another session in that database."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    "wrong",
    [
        "a.attcollation NOT IN (0, (SELECT oid FROM pg_collation WHERE collname = 'C'))",
        "a.atttypid IN ('smallint'::regtype, 'integer'::regtype, 'boolean'::regtype, 'varchar'::regtype)",
        "a.attidentity = 'a'",
    ],
    ids=["sorted by a language", "too small a number", "an id that nobody may give"],
)
def test_no_column_is_of_a_kind_that_bites_later(onlooker: psycopg.Connection, wrong: str) -> None:
    assert onlooker.execute(COLUMNS + wrong).fetchall() == []


def test_a_database_that_does_not_keep_every_text_is_refused(postgres: tuple[Databases, str]) -> None:
    databases, _ = postgres
    name = f"latin_{uuid4().hex}"
    with psycopg.connect(databases.url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        with pytest.raises(ConfigError, match="is encoded in LATIN1, expected UTF8"):
            create_database(databases.at(name))
    finally:
        databases.drop(name)


def test_nothing_is_kept_of_a_transaction_in_which_a_statement_failed(server: PostgresStore) -> None:
    def work() -> None:
        server.posts.save([post("1")], NOW)
        with suppress(StoreError):
            server.connection.execute("SELECT 1 / 0")

    with pytest.raises(StoreError, match="cannot be kept"):
        server.write(work)

    assert server.posts.count() == 0


def test_who_stops_in_the_middle_of_rows_leaves_no_transaction_open(
    server: PostgresStore, onlooker: psycopg.Connection
) -> None:
    ids = list(range(1, 2001))
    server.write(lambda: server.archives.plan(MANIFEST._replace(rows=len(ids)), ids))

    batches = server.archives.batches(MANIFEST.id)
    first = next(batches)

    sql = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    assert onlooker.execute(sql).fetchall() == [("idle",)]
    assert [len(first), *map(len, batches)] == [1000, 1000]


def test_a_lock_that_was_taken_in_a_transaction_that_failed_is_given_back(
    server: PostgresStore, onlooker: psycopg.Connection
) -> None:
    def work() -> None:
        with server.connection.alone(POSTS):
            server.connection.execute("SELECT 1 / 0")

    with pytest.raises(StoreError):
        server.write(work)

    assert onlooker.execute("SELECT pg_try_advisory_lock(%s, %s)", lock_key(POSTS)).fetchone() == (True,)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("lock_timeout", "15s"),
        ("statement_timeout", "1min"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("transaction_isolation", "read committed"),
        ("tcp_keepalives_idle", "20"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
        ("tcp_user_timeout", "60000"),
    ],
)
def test_a_job_that_stands_still_or_is_cut_off_is_ended_by_the_server_in_a_minute(
    tmp_path: Path, postgres_url: str, setting: str, value: str
) -> None:
    with database_at(postgres_url, tmp_path).locked(("rank",), NOW) as store:
        assert isinstance(store, PostgresStore)
        told = store.connection.value(f"SHOW {setting}")

    assert told == value
