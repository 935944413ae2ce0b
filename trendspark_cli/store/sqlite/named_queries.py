"""The named SQL of this store: what every database can answer, and what SQLite alone can, or can do better."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from trendspark_cli.store.named_queries import statements

SHARED = Path(__file__).parent.parent / "queries"
OWN = Path(__file__).parent / "queries"


@cache
def queries(file_name: str) -> dict[str, str]:
    """Return the statements of `<file_name>.sql` by name; one of SQLite's own replaces the shared one of its name."""
    return statements(SHARED / f"{file_name}.sql", OWN / f"{file_name}.sql")
