"""Any year that a clock can show: no job ends as a bug, and nothing is lost or bought twice once it is right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ingest.conftest import ids_of, week_of_posts
from tests.ingest.operator import NOW, TOKEN, Operator
from tests.installation import x_settings
from tests.servers import XServer
from trendspark_cli.app import job_bodies

YEARS = {
    "an empty battery": datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC),
    "the end of 32 bits": datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    "the end of 32 bits without a sign": datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC),
    "the end of what Linux can show": datetime(2262, 4, 11, tzinfo=UTC),
}
BODIES: dict[str, Callable[[], job_bodies.Body]] = {
    "ingest": job_bodies.ingest_body,
    "rank": job_bodies.rank_body,
    "deliver": job_bodies.deliver_body,
    "archive": job_bodies.archive_body,
    "vacuum": job_bodies.vacuum_body,
}


@pytest.mark.parametrize("is_new", [True, False], ids=["on the first day", "in the midst"])
@pytest.mark.parametrize("year", YEARS.values(), ids=YEARS.keys())
def test_a_clock_of_another_age_breaks_and_loses_nothing(tmp_path: Path, year: datetime, is_new: bool) -> None:
    (tmp_path / "archive").mkdir()
    posts = week_of_posts(60)
    with XServer(posts, clock=lambda: NOW.timestamp(), bearer_token=TOKEN) as server:
        settings = x_settings(server.url, X_FIRST_RUN_LOOKBACK="7d", ARCHIVE_URL=f"file://{tmp_path}/archive")
        operator = Operator(tmp_path / "home", settings)
        if not is_new:
            operator.ingest()
        operator.now, server.date_off = year, (NOW - year).total_seconds()
        codes = {operator.run_body(job_id, body()).exit_code for job_id, body in BODIES.items()}
        operator.now, server.date_off = NOW, 0.0
        after = operator.ingest()

    assert codes <= {0, 65, 78}  # a source that contradicts the clock, an archive that waits for a word
    assert (after.exit_code, operator.stored_ids()) == (0, ids_of(posts))
    assert operator.values("SELECT count(*) FROM gaps WHERE state = 'lost'") == [0]
    assert server.billing.delivered_posts <= len(posts) + 1
