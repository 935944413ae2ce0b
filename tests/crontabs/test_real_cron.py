"""Cron's own daemon over a clock change: ten minutes in five seconds. `scripts/prove cron` does it at length."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.tools.cron_machine import why_no_cron
from tests.tools.cron_trials import CHANGES, STARTED_WITHIN, watch_daemon


def test_cron_starts_lines_over_a_clock_change_when_we_say_they_are_due(tmp_path: Path) -> None:
    if (why := why_no_cron()) is not None:
        pytest.skip(why)
    zone, change = CHANGES[0]

    end = change + timedelta(minutes=1) + STARTED_WITHIN
    found = watch_daemon(tmp_path / "cron", zone, change - timedelta(minutes=2), end)

    assert found.wrong == []
    assert found.starts >= 5  # a line with a star, and what the hour that is left out held
