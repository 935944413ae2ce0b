"""No statement reads a whole table that grows with posts, whatever the planner knows of it, unless it says why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.store.test_plans import by_vacuum, full, nothing
from trendspark_cli.store.named_queries import filled
from trendspark_cli.store.rows.archived import TABLES
from trendspark_cli.store.sqlite.administration import create_database
from trendspark_cli.store.sqlite.named_queries import OWN, SHARED, queries
from trendspark_cli.store.sqlite.store import SqliteStore, open_sqlite

pytestmark = pytest.mark.only_sqlite  # of its plans

# Tables with a row for each post, for each account, or for each page of posts.
LARGE = ("posts", "post_metrics", "post_links", "trend_posts", "authors", "named_posts", "archive_changes", "api_calls")
WHOLE = {  # statements that read all of one, and why that is right
    "waiting_posts": "counts up to a limit",
    "has_posts": "an account of a source whose ids tell no author, outside of transactions",
}
STATES = (nothing, by_vacuum, full)


class Unbound(dict[str, None]):
    """A value for whatever name a statement asks for."""

    def __missing__(self, name: str) -> None:
        return None


@pytest.fixture(scope="module", params=STATES, ids=lambda known: known.__name__)
def filled_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """A store with rows, and with what the planner knows of them."""
    path: Path = tmp_path_factory.mktemp("plans") / "plans.db"
    create_database(path)
    store = open_sqlite(path)
    statistics: Callable[[SqliteStore], None] = request.param
    statistics(store)
    yield store
    store.close()


def statements() -> Iterator[tuple[str, str]]:
    """Yield each named statement of SQLite's; those about a shelf of the index have no table of their own yet."""
    columns = {name: table.own_names for name, table in TABLES.items()}
    for file in sorted({path.stem for path in (*SHARED.glob("*.sql"), *OWN.glob("*.sql"))}):
        for name, sql in queries(file).items():
            table = next((table for table in columns if name.endswith(table)), "posts")
            if "{shelf}" not in sql:
                yield name, filled(sql, columns[table])


def plan_of(store: SqliteStore, sql: str) -> list[str]:
    """Return the steps of a statement, whatever is bound."""
    bare = re.sub(r"'[^']*'|--[^\n]*", "", sql)
    places = re.findall(r"\?(\d*)", bare)
    count = max([len([place for place in places if not place]), *(int(place) for place in places if place)], default=0)
    bound = [None] * count if places else Unbound()
    return [row["detail"] for row in store.connection.rows(f"EXPLAIN QUERY PLAN {sql}", bound)]


def whole_tables(plan: list[str], sql: str) -> list[str]:
    """Return the large tables that a plan reads from end to end, by their name in the statement."""
    read = {match[1] for step in plan if (match := re.match(r"SCAN (\w+)", step))}
    names = {table: table for table in LARGE}
    names |= {match[2]: match[1] for match in re.finditer(rf"\b({'|'.join(LARGE)}) (?:AS )?(\w+)\b", sql)}
    return sorted({names[name] for name in read if name in names})


def test_a_statement_reads_what_it_asks_for_and_not_a_whole_table(filled_store: SqliteStore) -> None:
    found = {name: tables for name, sql in statements() if (tables := whole_tables(plan_of(filled_store, sql), sql))}

    assert {name: tables for name, tables in found.items() if name not in WHOLE} == {}


def test_this_test_sees_a_statement_that_reads_all(filled_store: SqliteStore) -> None:
    for sql in ("SELECT * FROM posts WHERE author = ?", "SELECT * FROM posts p, json_each(:ids) WHERE p.text = value"):
        assert whole_tables(plan_of(filled_store, sql), sql) == ["posts"]
