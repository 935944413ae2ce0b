"""Roll-ups, which grow for ever if nobody drops the old ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from trendspark_cli.base.clock import to_text
from trendspark_cli.store.tables.connection import Connection

ROLL_UPS = ("api_calls", "notices", "gaps", "trends", "model_answers", "billed_posts")


class RollUps:
    """The part of store.protocol.upkeep.Upkeep that is the same everywhere."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("upkeep")

    def drop_old(self, before: Mapping[str, datetime]) -> dict[str, int]:
        """Delete rows of roll-ups older than a time each, 1,000 to a transaction; return how many of which table."""
        dropped = {}
        for table in ROLL_UPS:
            count, drop = 0, partial(self._db.execute, self._sql[f"drop_{table}"], (to_text(before[table]),))
            while True:
                gone = self._db.write(drop).rowcount
                count += gone
                if gone == 0:
                    break
            dropped[table] = count
        return dropped
