"""Named SQL in files: each statement is introduced by `-- name: NAME` and a line that says what it is for.

Where a statement lists the columns of an archived table, the file has `{columns}` (or `{alias.columns}`) and, for as
many values, `{values}`: `filled` puts in the one list there is of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_ANSWER = "SELECT '{key}' AS key, answer.* FROM (\n{statement}\n) AS answer"
_COLUMNS = re.compile(r"\{(?:(\w+)\.)?columns\}")


@cache
def statements(*files: Path) -> dict[str, str]:
    """Return the statements of these files by name; of two with the same name, that of the later file.

    A file that is not there has none.
    """
    found: dict[str, str] = {}
    for file in files:
        if file.exists():
            parts = _NAME.split(file.read_text(encoding="utf-8"))[1:]
            found |= dict(zip(parts[::2], parts[1::2], strict=True))
    return found


def filled(statement: str, columns: Sequence[str]) -> str:
    """Return a statement with the names of these columns, and a `?` for the value of each, in their places."""
    named = _COLUMNS.sub(
        lambda place: ", ".join(f"{place[1]}.{name}" if place[1] else name for name in columns), statement
    )
    return named.replace("{values}", ", ".join("?" for _ in columns))


def together(statements: Mapping[str, str], parameter: str) -> str:
    """Return one statement with the rows of all of these, each after its key: a server is asked once.

    What `:parameter` is in each of them is `:KEY` there.
    """
    return "\nUNION ALL\n".join(
        _ANSWER.format(key=key, statement=statement.rstrip(";\n").replace(f":{parameter}", f":{key}"))
        for key, statement in statements.items()
    )
