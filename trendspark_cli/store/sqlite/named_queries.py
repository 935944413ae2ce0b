"""The named SQL of this store, `store/queries/*.sql`."""

from __future__ import annotations

from pathlib import Path

from trendspark_cli.store.named_queries import statements

_FOLDER = Path(__file__).parent.parent / "queries"


def queries(file_name: str) -> dict[str, str]:
    """Return the statements of `store/queries/<file_name>.sql` by name."""
    return statements(_FOLDER / f"{file_name}.sql")
