"""A database that makes us wait: posts that come meanwhile stay within what was set aside for them."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.stream.listening import now, posts, x_stream
from tests.tools.processes import wait_for
from trendspark_cli.base.clock import to_text

PACE_SECONDS, AT_ONCE = 0.02, 2
PUBLISHED = 400


@pytest.mark.every_store
def test_a_stream_hangs_up_before_more_comes_than_it_has_set_aside(tmp_path: Path) -> None:
    with (
        x_stream(tmp_path / "home", X_MAX_READS_PER_DAY="300") as x,
        x.listening(),
        closing(x.operator.store()) as other,
    ):
        [before] = x.operator.rows("SELECT sum(units) AS units FROM spend_reservations")
        with other.transaction():
            other.spend.spent_now("x", to_text(now())[:10])  # whoever pays waits for us
            for first in range(0, PUBLISHED, AT_ONCE):
                if not x.server.is_connected:
                    break
                x.server.publish(posts(AT_ONCE, first=first, before=timedelta(seconds=1)))
                time.sleep(PACE_SECONDS)
            billed = x.server.search.billing.billed_posts
        wait_for("it has paid and listens again", lambda: x.server.is_connected, seconds=20, pause=0.02)
        [paid] = x.operator.rows("SELECT coalesce(sum(used), 0) AS used FROM spend")

    assert 0 < billed <= before["units"]
    assert paid["used"] == billed
