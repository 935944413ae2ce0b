"""Everything that buys at the same time: one ceiling holds for all, and what it leaves unread is not lost."""

from __future__ import annotations

from pathlib import Path

from tests.tools.money_trials import spend_together


def test_three_profiles_a_stream_and_gaps_fill_keep_one_ceiling_and_lose_nothing(tmp_path: Path) -> None:
    found = spend_together(tmp_path, ceiling=1000, backlog=1500, live=60, per_second=100, burst=2)

    assert 800 < found.at_ceiling <= 1000
    assert found.ours_at_ceiling <= found.at_ceiling
    assert found.streamed > 0
    assert found.open_gaps > 0
    assert found.published > 1000
    assert found.is_kept, found
