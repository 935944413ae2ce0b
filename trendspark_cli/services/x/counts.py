"""Hourly counts of an X query: one cheap request over seven days, and no posts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

import requests

from trendspark_cli.base.clock import from_text
from trendspark_cli.base.errors import BadAnswerError
from trendspark_cli.collecting.source import Counted
from trendspark_cli.collecting.volume import Slice
from trendspark_cli.services.x.posts import snowflake_at
from trendspark_cli.services.x.query import x_queries_together


class XCounter:
    """Implements sources.protocol.Counter; *ask* makes the call and turns its errors into ours."""

    endpoint = "counts_recent"

    def __init__(self, ask: Callable[[str], requests.Response]) -> None:
        self._ask = ask

    def count(self, query: str) -> Counted:
        """Return the posts of each hour of the last seven days, oldest first."""
        response = self._ask(query)
        return Counted(read_counts(response.content), response.headers.get("x-transaction-id"))

    def together(self, queries: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
        """Return as few queries as X's length allows, each with those it stands for."""
        return x_queries_together(queries)

    def place_at(self, moment: datetime) -> str:
        """Return an id that every post of this moment or later is above."""
        return snowflake_at(moment)


def read_counts(content: bytes) -> tuple[Slice, ...]:
    """Return the slices of an answer: none when it has only its sum and that is nothing.

    Raises BadAnswerError when it holds neither.
    """
    try:
        answer = json.loads(content)
        if "data" not in answer and int(answer["meta"]["total_tweet_count"]) == 0:
            return ()
        return tuple(
            Slice(from_text(row["start"]), from_text(row["end"]), max(0, int(row["tweet_count"])))
            for row in answer["data"]
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        hint = "check X_API_BASE_URL"
        raise BadAnswerError("x", "the answer is no list of counts", hint=hint, may_be_billed=True) from error
