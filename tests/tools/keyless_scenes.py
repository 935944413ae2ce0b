"""Installations that read sources without keys, each about to run an `ingest` that will be killed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path

from tests.ingest.operator import NOW, Operator
from tests.servers import (
    FeedServer,
    HackerNewsServer,
    JetstreamServer,
    MastodonServer,
    delete_event,
    feed_entry,
    hackernews_story,
    mastodon_status,
    post_event,
)
from tests.servers.jetstream_server import tid
from tests.tools.crash_scenes import Scene, Stage, job_at
from trendspark_cli.base.clock import to_text
from trendspark_cli.store.rows.archives import Manifest

SENDS = ("fsync", "fdatasync", "rename", "renameat", "renameat2", "connect", "sendto")
KEPT = (
    "SELECT source, source_id, text, created_at FROM posts ORDER BY source, source_id",
    "SELECT source, newest_id FROM cursors WHERE source <> 'feeds' ORDER BY source",  # a feed's tells of the clock
    "SELECT source, count(*) FROM cursors GROUP BY source ORDER BY source",
    "SELECT source, source_id FROM tombstones ORDER BY source_id",
    "SELECT source, state, since_id, until_id FROM gaps WHERE state <> 'filled' ORDER BY source",
)
ARCHIVED_AT = NOW - timedelta(days=90)
FILE = Manifest(  # of that day
    "00000000-0000-0000-0000-000000000001",
    "posts",
    "bluesky",
    to_text(ARCHIVED_AT)[:10],
    "parquet",
    "file:///archive",
    "posts/v2/part",
    "done",
    to_text(NOW - timedelta(days=40)),
)
Serving = Callable[[ExitStack], Mapping[str, str]]  # starts servers and returns the settings that lead to them


def bluesky(stack: ExitStack) -> Mapping[str, str]:
    """Three pages of the stream, a deletion of what came with the first one, and some of what is in the archive."""
    times = [NOW - timedelta(seconds=40 + n) for n in range(2300)]
    events = [post_event(at, f"ferry {n}", did=f"did:plc:a{n}") for n, at in enumerate(times)]
    events.append(delete_event(NOW - timedelta(seconds=5), events[2100]))
    archived = [post_event(ARCHIVED_AT, f"ferry {n}", key=tid(ARCHIVED_AT, n)) for n in range(30)]
    events += [delete_event(NOW - timedelta(seconds=4), each) for each in archived]
    host = stack.enter_context(JetstreamServer(events, clock=NOW.timestamp))
    return {"BLUESKY_INGEST_ENABLED": "true", "BLUESKY_HOSTS": host.url, "KEYWORDS": "ferry"}


def hackernews(stack: ExitStack) -> Mapping[str, str]:
    """More stories than one question shows."""
    times = [NOW - timedelta(seconds=60 + 30 * n) for n in range(1100)]
    stories = [hackernews_story(at, f"ferry {n}") for n, at in enumerate(times)]
    server = stack.enter_context(HackerNewsServer(stories, clock=NOW.timestamp))
    return {"HACKERNEWS_INGEST_ENABLED": "true", "HACKERNEWS_API_BASE_URL": server.url}


def mastodon(stack: ExitStack) -> Mapping[str, str]:
    """Three pages of a tag."""
    times = [NOW - timedelta(minutes=1 + n) for n in range(90)]
    statuses = [mastodon_status(at, f"ferry {n}", tags=["ferry"]) for n, at in enumerate(times)]
    server = stack.enter_context(MastodonServer(statuses, clock=NOW.timestamp))
    return {"MASTODON_TIMELINES": f"{server.url}/tags/ferry"}


def feeds(stack: ExitStack) -> Mapping[str, str]:
    """A feed."""
    entries = [feed_entry(NOW - timedelta(minutes=1 + n), f"harbour {n}") for n in range(40)]
    server = stack.enter_context(FeedServer(entries, clock=NOW.timestamp))
    return {"FEEDS": f"{server.url}/rss.xml"}


SOURCES: Mapping[str, Serving] = {"bluesky": bluesky, "hackernews": hackernews, "mastodon": mastodon, "feeds": feeds}
INGEST, STREAM = ("ingest",), ("stream", "--max-runtime", "7s")


def keyless_scene(*names: str, job: tuple[str, ...] = INGEST) -> Scene:
    """`ingest` of these sources, for the first time; or another job."""

    @contextmanager
    def scene(place: Path) -> Iterator[Stage]:
        home = place / "home"
        shutil.rmtree(home, ignore_errors=True)
        with ExitStack() as stack:
            settings = {name: value for each in names for name, value in SOURCES[each](stack).items()}
            operator = Operator(home, settings)
            with closing(operator.store()) as store, store.transaction():
                store.archives.adopt(FILE)
            yield Stage(home, operator.environment, job_at(NOW, *job), KEPT, has_all_rows=False)

    return scene
