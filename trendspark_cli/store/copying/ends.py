"""What a copy asks of both databases: the tables there are, their rows in the order of their keys, a place for rows.

An end that is written to carries a mark until its copy is whole: no command opens it before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.tables.connection import Connection

ROWS_OF_A_BATCH = 2000
# Each database has an index of words of its own; `rank` fills it from the posts.
NOT_COPIED = ("search_", "post_search_", "post_words")
SEEDS = ("forecast_progress", "ranking_progress", "volume_progress")  # have their only row from the beginning
Row = tuple[object, ...]


class Shape(NamedTuple):
    """A table: its columns, those of its key, and the tables that its rows refer to."""

    columns: tuple[str, ...]
    key: tuple[str, ...]
    parents: frozenset[str]


class CopyEnd(Protocol):
    """One database, while rows leave it or come to it."""

    @property
    def connection(self) -> Connection:
        """Return the connection, whose locks of jobs last as long as it does."""

    def shapes(self) -> dict[str, Shape]:
        """Return the tables that are copied, by name; columns in the order of their names."""

    def last_ids(self) -> Mapping[str, int]:
        """Return the largest id that was ever given, of each table that gives none twice."""

    def begin(self, source: str) -> None:
        """Mark an empty database as the target of a copy from *source*, and keep its triggers from firing."""

    def source(self) -> str | None:
        """Return where the rows of an unfinished copy come from; None without one."""

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Store rows; call inside a transaction."""

    def empty(self, tables: Sequence[str]) -> None:
        """Delete all rows of these tables, which come in the order parents have."""

    def finish(self, last_ids: Mapping[str, int]) -> None:
        """Give no id again, let the triggers fire, and take the mark away."""


def quoted(name: str) -> str:
    """Return the name of a table or column, which comes from a catalog and cannot be bound."""
    return '"' + name.replace('"', '""') + '"'


def listed(names: Sequence[str], sign: str = "") -> str:
    """Return names, or as many signs in their place."""
    return ", ".join(sign or quoted(name) for name in names)


def batches(
    end: CopyEnd, table: str, shape: Shape, after: Row | None = None, size: int = ROWS_OF_A_BATCH
) -> Iterator[list[Row]]:
    """Yield the rows of a table in the order of its key, from the row after that key on, *size* at a time."""
    places = [shape.columns.index(name) for name in shape.key]
    key = listed(shape.key)
    select = "SELECT " + listed(shape.columns) + " FROM " + quoted(table)
    ordered = " ORDER BY " + key + f" LIMIT {size:d}"
    onward = select + " WHERE (" + key + ") > (" + listed(shape.key, "?") + ")" + ordered
    while True:
        found = (
            end.connection.made(tuple, onward, after)
            if after is not None
            else end.connection.made(tuple, select + ordered)
        )
        if not found:
            return
        yield found
        after = tuple(found[-1][place] for place in places)


def last_key(end: CopyEnd, table: str, shape: Shape) -> Row | None:
    """Return the largest key of a table; None when it is empty."""
    order = ", ".join(quoted(name) + " DESC" for name in shape.key)
    found = end.connection.made(
        tuple, "SELECT " + listed(shape.key) + " FROM " + quoted(table) + " ORDER BY " + order + " LIMIT 1"
    )
    return found[0] if found else None


def in_order(shapes: Mapping[str, Shape]) -> list[str]:
    """Return the tables with parents before their children."""
    order: list[str] = []
    while len(order) < len(shapes):
        ready = sorted(
            name for name, shape in shapes.items() if name not in order and shape.parents - {name} <= {*order}
        )
        if not ready:
            raise IntegrityError("tables of the database refer to each other in a circle")
        order += ready
    return order
