"""kill -9 while sources without keys are read: the next run brings what is missing, nothing twice, nothing deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.test_killed_runs import broken, needs_strace
from tests.tools.crash_trials import kill_at_calls, undisturbed
from tests.tools.keyless_scenes import SENDS, keyless_scene

KILLS = 4


@needs_strace
@pytest.mark.parametrize("names", [("bluesky",), ("hackernews", "mastodon", "feeds")], ids="+".join)
def test_an_ingest_killed_at_a_write_or_a_send_loses_no_post_and_the_next_run_completes_it(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    scene = keyless_scene(*names)
    reference = undisturbed(scene, tmp_path, SENDS)

    trials = kill_at_calls(scene, tmp_path, reference, KILLS, seed=3)

    assert broken(trials) == []
