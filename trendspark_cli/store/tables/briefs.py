"""What a language model wrote: its answers by what it was asked, and the last one of each trend."""

from __future__ import annotations

import json
from datetime import datetime

from trendspark_cli.base.clock import to_text
from trendspark_cli.store.rows.trends import ModelAnswer, TrendBrief
from trendspark_cli.store.tables.connection import Connection
from trendspark_cli.store.tables.trend_history import TrendHistory


class Briefs:
    """The tables trend_briefs and model_answers."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("trends")

    def of_trend(self, trend_id: int) -> TrendBrief | None:
        """Return what was last written of a trend, or None when no model was asked yet."""
        rows = self._db.rows("SELECT * FROM trend_briefs WHERE trend_id = ?", (trend_id,))
        return TrendBrief(**{**rows[0], "post_ids": tuple(json.loads(rows[0]["post_ids"]))}) if rows else None

    def save(self, brief: TrendBrief) -> None:
        """Store what was written of a trend; call inside a transaction."""
        self._db.execute(self._sql["save_brief"], {**brief._asdict(), "post_ids": json.dumps(brief.post_ids)})
        TrendHistory(self._db).note_quotes(brief.trend_id, brief.post_ids)

    def answer(self, key: str) -> ModelAnswer | None:
        """Return what a model answered when it was asked the same before, or None."""
        rows = self._db.rows("SELECT outcome, answer FROM model_answers WHERE key = ?", (key,))
        return ModelAnswer(rows[0]["outcome"], json.loads(rows[0]["answer"])) if rows else None

    def keep_answer(self, key: str, kind: str, model: str, answer: ModelAnswer, now: datetime) -> None:
        """Remember an answer; call inside the transaction that settles what it cost."""
        value = json.dumps(answer.value, ensure_ascii=False)
        self._db.execute(self._sql["keep_answer"], (key, kind, model, answer.outcome, value, to_text(now)))
