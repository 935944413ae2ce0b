"""kill -9 while Mastodon and a feed are read: the next run brings what is missing, and nothing twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from tests.crash.test_killed_runs import broken, needs_strace
from tests.ingest.operator import NOW, Operator
from tests.servers import FeedServer, MastodonServer, feed_entry, mastodon_status
from tests.tools.crash_scenes import Stage, job_at
from tests.tools.crash_trials import kill_at_calls, undisturbed

KILLS = 4
KEPT = (
    "SELECT source, source_id, text, created_at FROM posts ORDER BY source_id",
    "SELECT newest_id FROM cursors WHERE source = 'mastodon'",
    "SELECT count(*) FROM cursors",
    "SELECT state, since_id, until_id FROM gaps",
)


@needs_strace
def test_an_ingest_killed_at_a_write_loses_no_post_and_the_next_run_completes_it(tmp_path: Path) -> None:
    times = [NOW - timedelta(minutes=1 + n) for n in range(90)]
    statuses = [mastodon_status(at, f"ferry {n}", tags=["ferry"]) for n, at in enumerate(times)]
    entries = [feed_entry(at, f"harbour {n}") for n, at in enumerate(times[:40])]

    @contextmanager
    def scene(place: Path) -> Iterator[Stage]:
        home = place / "home"
        shutil.rmtree(home, ignore_errors=True)
        clock = NOW.timestamp
        with MastodonServer(statuses, clock=clock) as toots, FeedServer(entries, clock=clock) as feed:
            settings = {"MASTODON_TIMELINES": f"{toots.url}/tags/ferry", "FEEDS": f"{feed.url}/rss.xml"}
            operator = Operator(home, settings)
            yield Stage(home, operator.environment, job_at(NOW, "ingest"), KEPT, has_all_rows=False)

    reference = undisturbed(scene, tmp_path)

    trials = kill_at_calls(scene, tmp_path, reference, KILLS, seed=3)

    assert broken(trials) == []
