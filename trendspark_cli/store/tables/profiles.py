"""Profiles: topics by name, in place of those of the settings."""

from __future__ import annotations

import json
from dataclasses import asdict

from trendspark_cli.base.models import Profile
from trendspark_cli.store.tables.connection import Connection, SqlRow

LISTS = ("keywords", "exclude_keywords", "watchlist", "languages", "channels", "interest")  # JSON text in the table


class Profiles:
    """The table profiles."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def all(self) -> list[Profile]:
        """Return every profile, enabled or not, by name."""
        return [_profile(row) for row in self._db.rows("SELECT * FROM profiles ORDER BY name")]

    def get(self, name: str) -> Profile | None:
        """Return the profile of this name, or None."""
        rows = self._db.rows("SELECT * FROM profiles WHERE name = ?", (name,))
        return _profile(rows[0]) if rows else None

    def save(self, profile: Profile) -> None:
        """Store a profile; of one that is there, the time of its creation stays. Call inside a transaction."""
        values = asdict(profile)
        lists = {name: json.dumps(values[name], ensure_ascii=False) for name in LISTS}
        row = {**values, **lists, "is_enabled": int(profile.is_enabled)}
        self._db.execute(self._db.queries("profiles")["save_profile"], row)

    def remove(self, name: str) -> bool:
        """Remove a profile; return False when there is none of this name. Call inside a transaction."""
        return self._db.execute("DELETE FROM profiles WHERE name = ?", (name,)).rowcount == 1


def _profile(row: SqlRow) -> Profile:
    lists = {name: tuple(json.loads(row[name])) for name in LISTS}
    return Profile(**{**row, **lists, "is_enabled": bool(row["is_enabled"])})
