"""What `jobs list`, `health` and each run ask of months of runs costs no walk through all of them."""

from __future__ import annotations

import pytest

from trendspark_cli.store.sqlite.named_queries import queries
from trendspark_cli.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.only_sqlite  # of its plans

LOOKS = {
    "last_runs": "job_id=? AND status=?",
    "scheduled": "job_id=? AND scheduled_for>?",
    "spans": "started_at>?",
    "overlaps": "started_at>?",
}


@pytest.mark.parametrize(("name", "by"), LOOKS.items())
def test_runs_are_looked_up_by_the_narrowest_index(store: SqliteStore, name: str, by: str) -> None:
    sql = f"EXPLAIN QUERY PLAN {queries('job_records')[name]}"

    plan = [
        row["detail"]
        for row in store.connection.rows(sql, {"job_id": "ingest", "job_ids": '["ingest"]', "after": "2026-11-01"})
    ]

    assert any(by in step for step in plan), plan
    assert not [step for step in plan if step.startswith("SCAN job_runs")]
