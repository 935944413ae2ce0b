"""kill -9 in the middle of a send: no alert is lost, at most the one in flight repeats, and it is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.delivery_trials import delivery_points, kill_delivery
from tests.tools.kills import spread, why_no_kills

KILLS = 6


@pytest.mark.skipif(why_no_kills() is not None, reason=why_no_kills() or "")
def test_a_delivery_killed_anywhere_loses_no_alert_and_repeats_at_most_the_one_in_flight(tmp_path: Path) -> None:
    points = [
        point for point in delivery_points(tmp_path) if point.call in ("sendto", "recvfrom", "fdatasync", "fsync")
    ]

    trials = kill_delivery(tmp_path, spread(points, KILLS, seed=1))

    assert [line for trial in trials for line in trial.broken] == []
    assert sum(trial.was_killed for trial in trials) > KILLS // 2
