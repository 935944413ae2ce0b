"""kill -9 while Bluesky is read: the next run brings what is missing, and what was deleted stays away."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from tests.crash.test_killed_runs import broken, needs_strace
from tests.ingest.operator import NOW, Operator
from tests.servers import JetstreamServer, delete_event, post_event
from tests.tools.crash_scenes import Stage, job_at
from tests.tools.crash_trials import kill_at_calls, undisturbed

KILLS = 4
KEPT = (
    "SELECT source_id, text, created_at FROM posts ORDER BY source_id",
    "SELECT newest_id FROM cursors",
    "SELECT source, source_id FROM tombstones ORDER BY source_id",
    "SELECT state, since_id, until_id FROM gaps",
)


@needs_strace
def test_an_ingest_from_bluesky_killed_at_a_write_loses_no_post_and_the_next_run_completes_it(tmp_path: Path) -> None:
    times = [NOW - timedelta(seconds=40 + n) for n in range(2300)]
    events = [post_event(at, f"ferry {n}", did=f"did:plc:a{n}") for n, at in enumerate(times)]
    events.append(delete_event(NOW - timedelta(seconds=5), events[2100]))

    @contextmanager
    def scene(place: Path) -> Iterator[Stage]:
        home = place / "home"
        shutil.rmtree(home, ignore_errors=True)
        with JetstreamServer(events, clock=NOW.timestamp) as host:
            settings = {"BLUESKY_INGEST_ENABLED": "true", "BLUESKY_HOSTS": host.url, "KEYWORDS": "ferry"}
            operator = Operator(home, settings)
            yield Stage(home, operator.environment, job_at(NOW, "ingest"), KEPT, has_all_rows=False)

    reference = undisturbed(scene, tmp_path)

    trials = kill_at_calls(scene, tmp_path, reference, KILLS, seed=3)

    assert broken(trials) == []
