"""Counters that many raise: at the end of a transaction, in one statement and one order."""

from __future__ import annotations

from collections.abc import Sequence

from trendspark_cli.base.metric_kinds import Increase, Reading
from trendspark_cli.store.postgres.connection import Connection
from trendspark_cli.store.tables import job_records
from trendspark_cli.store.tables.job_records import label_text


class MetricTotals(job_records.MetricTotals):
    """Implements store.protocol.runs.MetricTotals: who raises a counter holds its row for as short as can be."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._connection = connection
        self._raised: dict[tuple[str, str], float] = {}

    def add(self, increases: Sequence[Increase]) -> None:
        """Raise each series by its amount; inside a transaction, when it commits."""
        if self._raise not in self._connection.before_commit:
            self._raised = {}
            if self._connection.in_transaction:
                self._connection.before_commit.append(self._raise)
        for increase in increases:
            series = increase.name, label_text(increase.labels)
            self._raised[series] = self._raised.get(series, 0.0) + increase.value
        if not self._connection.in_transaction:
            self._raise()

    def set(self, readings: Sequence[Reading]) -> None:
        """Set each series to its value."""
        super().set(sorted(readings, key=lambda reading: (reading.name, label_text(reading.labels))))

    def all(self) -> dict[str, list[tuple[dict[str, str], float]]]:
        """Return every total by metric name, with what this transaction raises."""
        self._raise()
        return super().all()

    def values_of(self, metric: str, label: str) -> frozenset[str]:
        """Return the values a label of a metric has had."""
        self._raise()
        return super().values_of(metric, label)

    def _raise(self) -> None:
        rows = [(name, labels, amount) for (name, labels), amount in sorted(self._raised.items())]
        self._raised = {}
        self._db.executemany(self._sql["add_total"], rows)
