"""The named SQL of this store, and how its statements are written for psycopg."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from trendspark_cli.store.named_queries import statements
from trendspark_cli.store.tables.connection import Parameters

SHARED = Path(__file__).parent.parent / "queries"
OWN = Path(__file__).parent / "queries"
# Comments and texts stay as they are; a value is named, numbered or counted.
_TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|::|:(\w+)|\?(\d*)|%")


def queries(file_name: str) -> dict[str, str]:
    """Return the statements of `<file_name>.sql` by name; one of PostgreSQL's own comes first."""
    return statements(SHARED / f"{file_name}.sql", OWN / f"{file_name}.sql")


class Statement(NamedTuple):
    """A statement as psycopg takes it; its values come by name when they are numbered."""

    text: str
    is_numbered: bool
    takes_all_rows: bool  # at once, as one list of lists in JSON

    def values(self, parameters: Parameters) -> Parameters:
        """Return values in the form the statement names them."""
        if self.is_numbered and not isinstance(parameters, Mapping):
            return {f"v{number}": value for number, value in enumerate(parameters, 1)}
        return parameters

    def many(self, rows: Sequence[Sequence[Any]]) -> Sequence[Parameters]:
        """Return the values of many rows in that form."""
        return [self.values(row) for row in rows] if self.is_numbered else rows


@cache
def translated(sql: str) -> Statement:
    """Return a statement with `:name`, `?` and `?1` as psycopg writes them: `%(name)s`, `%s`, `%(v1)s`."""
    is_numbered = False

    def written(token: re.Match[str]) -> str:
        nonlocal is_numbered
        found = token[0]
        if token[1] is not None:
            return f"%({token[1]})s"
        if token[2]:
            is_numbered = True
            return f"%(v{token[2]})s"
        if found == "?":
            return "%s"
        return "" if found.startswith("--") else found.replace("%", "%%")

    text = _TOKEN.sub(written, sql).strip().rstrip(";")
    return Statement(text, is_numbered, "CAST(%(rows)s AS jsonb)" in text)
