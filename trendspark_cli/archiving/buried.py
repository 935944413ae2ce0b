"""Which posts of an archive tombstones hide, as the database says it of its own ones."""

from __future__ import annotations

from collections.abc import Iterable

from trendspark_cli.store.rows.archives import FIRST_DAY, LAST_DAY, Tombstone


class Buried:
    """What some tombstones are about."""

    def __init__(self, tombstones: Iterable[Tombstone]) -> None:
        self._posts: set[tuple[str, str]] = set()
        self._authors: dict[tuple[str, str], list[tuple[str, str]]] = {}  # the first and last days
        for stone in tombstones:
            if stone.source_id is not None:
                self._posts.add((stone.source, stone.source_id))
            if stone.author is not None:
                days = (stone.first_day or FIRST_DAY, stone.last_day or LAST_DAY)
                self._authors.setdefault((stone.source, stone.author), []).append(days)

    def hide(self, source: str, source_id: str, author: str | None, created_at: str) -> bool:
        """Tell whether a post must not be seen."""
        if (source, source_id) in self._posts:
            return True
        spans = self._authors.get((source, author), ()) if author is not None else ()
        return any(first <= created_at[:10] <= last for first, last in spans)
