"""kill -9 in the middle of a send: no alert is lost, at most the one in flight repeats, and it is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.delivery_trials import delivery_points, kill_delivery
from tests.tools.kills import spread, why_no_kills

KILLS = {
    "telegram": 6,
    "webhook": 2,
    "mail": 2,
    "apprise": 2,
    "pictures": 3,
}  # `scripts/prove delivery` kills at each call, of every kind


@pytest.mark.skipif(why_no_kills() is not None, reason=why_no_kills() or "")
@pytest.mark.parametrize("kind", KILLS)
def test_a_delivery_killed_anywhere_loses_no_alert_and_repeats_at_most_the_one_in_flight(
    tmp_path: Path, kind: str
) -> None:
    points = [
        point for point in delivery_points(tmp_path, kind) if point.call in ("sendto", "recvfrom", "fdatasync", "fsync")
    ]

    trials = kill_delivery(tmp_path, spread(points, KILLS[kind], seed=1), kind)

    assert [line for trial in trials for line in trial.broken] == []
    assert sum(trial.was_killed for trial in trials) >= KILLS[kind] // 2
