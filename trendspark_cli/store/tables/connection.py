"""What the tables ask of a database: run a named statement with bound values, group writes, hold a lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

Parameters = (
    Sequence[Any] | Mapping[str, Any]
)  # by place or by name; those of no type of the database are refused by it
SqlRow = dict[str, Any]  # by column name; becomes a record before it leaves the store
Record = TypeVar("Record")

POSTS = "posts"  # held together by whoever stores posts, alone by who asks up to where their ids are final
RECORDS = "records"  # of what is read and then written: incidents, notices, states of channels and jobs, shares
SPENDING = "spend:"  # and the name of a service
# Who takes several takes them in this order: posts, spend, records.


class Rows(Protocol):
    """What a statement answered."""

    @property
    def rowcount(self) -> int:
        """Return how many rows were written."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """One connection to one database. Every method raises errors of ours."""

    in_transaction: bool
    after_commit: Callable[[], None]
    undone: int  # how often something was undone: what was read within it may be there no more

    def queries(self, file_name: str) -> Mapping[str, str]:
        """Return the statements of `<file_name>.sql` by name, in the words of this database."""

    def errors(self) -> AbstractContextManager[None]:
        """Turn the errors of the database's library into ours."""

    def attempt(self) -> AbstractContextManager[None]:
        """Undo what the block did when it raises, and nothing before it; use inside a transaction."""

    def transaction(self, *, is_one_of_many: bool = False) -> AbstractContextManager[None]:
        """Group writes: all of them or none. A block inside a block joins the outer one."""

    def write(self, work: Callable[[], Record], *, is_one_of_many: bool = False) -> Record:
        """Return what *work* returns, in a transaction; see `store.protocol.Store.write`."""

    def reading(self) -> AbstractContextManager[None]:
        """Have all statements of the block see the database as it is now."""

    def hold(self, lock: str, *, together: bool = False) -> None:
        """Keep others who hold that lock out until the transaction ends; *together*: those who hold it alone.

        Outside a transaction nothing is held.
        """

    def alone(self, lock: str) -> AbstractContextManager[None]:
        """Keep others who hold that lock out while the block reads."""

    def execute(self, sql: str, parameters: Parameters = ()) -> Rows:
        """Run one statement with bound values."""

    def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one INSERT with bound values and return the id of its row."""

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run one statement for each row; return how many rows of the table it inserted or changed."""

    def rows(self, sql: str, parameters: Parameters = ()) -> list[SqlRow]:
        """Return all rows as dicts by column name."""

    def records(self, make: Callable[..., Record], sql: str, parameters: Parameters = ()) -> list[Record]:
        """Return all rows as records: *make* gets each value under the name of its column."""

    def made(self, make: Callable[[Sequence[Any]], Record], sql: str, parameters: Parameters = ()) -> list[Record]:
        """Return all rows as records: *make* gets each row with its values in the order of the columns."""

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """Return the first column of the first row, or None."""

    def close(self) -> None:
        """Close it."""
