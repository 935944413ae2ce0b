"""What a worker does with one slice of the past: it opens what it reads, and returns what would have fired."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trendspark_cli.app.adapters.archives import archive_destinations
from trendspark_cli.archiving.parts import Unseen
from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.backtests.past_counters import Watched, archived_posts_and_observations, stored_observations
from trendspark_cli.backtests.past_posts import stored_posts
from trendspark_cli.backtests.post_stream import posts_of_part
from trendspark_cli.backtests.simulating import Outcome, simulate
from trendspark_cli.backtests.slices import Slice
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import InputError, os_words
from trendspark_cli.base.models import Profile
from trendspark_cli.base.settings import Settings, load_settings
from trendspark_cli.collecting.matching import Matcher
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.past.replay import ReplayPost
from trendspark_cli.store.open_store import open_store
from trendspark_cli.store.rows.archives import Manifest, Tombstone
from trendspark_cli.trends.watched_volumes import LookedFor


@dataclass(frozen=True)
class SliceDone:
    """What came of a slice, and the calls of services it took."""

    outcome: Outcome
    calls: Sequence[ApiCall] = ()


@dataclass(frozen=True)
class DatabaseSlice:
    """A slice of the posts of a database on this machine."""

    part: Slice
    rules: tuple[LifecycleRules, ...]
    profiles: tuple[Profile, ...]
    settings: Settings


@dataclass(frozen=True)
class FileSlice:
    """A slice of posts that stand between two places of a file."""

    part: Slice
    rules: tuple[LifecycleRules, ...]
    profiles: tuple[Profile, ...]
    path: Path
    start: int
    end: int


@dataclass(frozen=True)
class ArchiveSlice:
    """A slice of an archive: its files, and what was to be forgotten.

    Without `settings` a worker goes by its own, with credentials of its own; without `folder` files are fetched into a
    temporary one.
    """

    part: Slice
    rules: tuple[LifecycleRules, ...]
    profiles: tuple[Profile, ...]
    url: str
    manifests: tuple[Manifest, ...]
    buried: tuple[Tombstone, ...]
    settings: Settings | None = None
    folder: Path | None = None


def rank_database_slice(task: DatabaseSlice) -> SliceDone:
    """Rank the posts of a slice, read while jobs may write."""
    store = open_store(task.settings, read_only=True)
    try:
        first, until = task.part.read_from, task.part.until
        watched = stored_observations(store, first, until)
        return SliceDone(_ranked(stored_posts(store, first, until), task, watched))
    finally:
        store.close()


def rank_file_slice(task: FileSlice) -> SliceDone:
    """Rank the posts of a slice of a file."""
    return SliceDone(_ranked(posts_of_part(task.path, task.start, task.end), task, None))


def rank_archive_slice(task: ArchiveSlice) -> SliceDone:
    """Rank the posts of a slice of an archive; only the files of its days are read."""
    calls: list[ApiCall] = []
    settings = task.settings or load_settings()
    place = archive_destinations(settings, calls.append)(task.url)
    with _own_folder(task.folder) as spool:
        archive = ArchivedPosts.of_parts(place, spool, task.manifests, task.buried)
        posts, watched = archived_posts_and_observations(archive, task.part.read_from, task.part.until)
        return SliceDone(_ranked(posts, task, watched), calls)


@contextmanager
def _own_folder(folder: Path | None) -> Iterator[Spool]:
    if folder is not None:
        with Spool(folder).own_folder() as spool:
            yield spool
        return
    try:
        made = tempfile.TemporaryDirectory(prefix="trendspark-")
    except OSError as error:
        what = f"{socket.gethostname()}: no temporary folder: {os_words(error)}"
        raise InputError(what, hint="set TMPDIR there") from error
    with made as name:
        yield Spool(Path(name))


def _ranked(
    posts: Iterable[ReplayPost], task: DatabaseSlice | FileSlice | ArchiveSlice, watched: Watched | None
) -> Outcome:
    part = task.part
    return simulate(
        posts, task.rules, part.since, Unseen(), watched, _epoch(part.since), LookedFor(task.profiles, Matcher)
    )


def _epoch(moment: datetime | None) -> int:
    return 0 if moment is None else int(moment.timestamp())
