"""What a worker does with one slice of the past: it opens what it reads, and returns what would have fired."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from trendspark_cli.app.adapters.archives import archive_destinations
from trendspark_cli.archiving.parts import Unseen
from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.backtests.past_counters import Watched, archived_posts_and_observations, stored_observations
from trendspark_cli.backtests.past_post_file import past_post_file
from trendspark_cli.backtests.past_posts import PastPosts, StoredPosts, archived_posts, stored_posts
from trendspark_cli.backtests.post_stream import posts_of_part
from trendspark_cli.backtests.simulating import Outcome, simulate
from trendspark_cli.backtests.sliced_calibrating import Shuffled, shuffle_slice
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

Value = TypeVar("Value")


class SliceDone(NamedTuple, Generic[Value]):
    """What came of a slice, and the calls of services it took."""

    value: Value
    calls: Sequence[ApiCall] = ()


@dataclass(frozen=True)
class DatabaseSlice:
    """A slice of the posts of a database on this machine. `has_singles`: single posts are ranked too."""

    part: Slice
    rules: tuple[LifecycleRules, ...]
    profiles: tuple[Profile, ...]
    settings: Settings
    has_singles: bool = True
    has_lives: bool = False


@dataclass(frozen=True)
class FileSlice:
    """A slice of posts that stand between two places of a file."""

    part: Slice
    rules: tuple[LifecycleRules, ...]
    profiles: tuple[Profile, ...]
    path: Path
    start: int
    end: int
    has_lives: bool = False


@dataclass(frozen=True)
class ArchiveSlice:
    """A slice of an archive: its files, and what was to be forgotten.

    Without `settings` a worker goes by its own, with credentials of its own; without `folder` files are fetched into a
    temporary one. `has_singles`: single posts are ranked too.
    """

    part: Slice
    rules: tuple[LifecycleRules, ...]
    profiles: tuple[Profile, ...]
    url: str
    manifests: tuple[Manifest, ...]
    buried: tuple[Tombstone, ...]
    settings: Settings | None = None
    folder: Path | None = None
    has_singles: bool = True
    has_lives: bool = False


@dataclass(frozen=True)
class ShuffledSlice:
    """A slice whose posts are to be shuffled so many times, from a seed on."""

    of: DatabaseSlice | ArchiveSlice
    seed: int
    shuffles: int


def rank_database_slice(task: DatabaseSlice) -> SliceDone[Outcome]:
    """Rank the posts of a slice, read while jobs may write."""
    store = open_store(task.settings, read_only=True)
    try:
        first, until = task.part.read_from, task.part.until
        watched = stored_observations(store, first, until) if task.has_singles else None
        return SliceDone(_ranked(stored_posts(store, first, until), task, watched))
    finally:
        store.close()


def rank_file_slice(task: FileSlice) -> SliceDone[Outcome]:
    """Rank the posts of a slice of a file."""
    return SliceDone(_ranked(posts_of_part(task.path, task.start, task.end), task, None))


def rank_archive_slice(task: ArchiveSlice) -> SliceDone[Outcome]:
    """Rank the posts of a slice of an archive; only the files of its days are read."""
    calls: list[ApiCall] = []
    with _opened(task, calls) as (archive, _):
        first, until = task.part.read_from, task.part.until
        watched: Watched | None = None
        if task.has_singles:
            posts, watched = archived_posts_and_observations(archive, first, until)
        else:
            posts = archived_posts(archive, first, until)
        return SliceDone(_ranked(posts, task, watched), calls)


def shuffle_posts_of_slice(task: ShuffledSlice) -> SliceDone[Shuffled]:
    """Return the false alarms of a slice's posts at shuffled times."""
    calls: list[ApiCall] = []
    with _past_posts(task.of, calls) as posts:
        return SliceDone(shuffle_slice(posts, task.of.part, task.seed, task.shuffles), calls)


@contextmanager
def _past_posts(task: DatabaseSlice | ArchiveSlice, calls: list[ApiCall]) -> Iterator[PastPosts]:
    """Yield the posts of a slice, to be read in any order."""
    if isinstance(task, ArchiveSlice):
        with _opened(task, calls) as (archive, spool):
            posts = archived_posts(archive, task.part.read_from, task.part.until)
            with past_post_file(posts, spool, Unseen()) as kept:
                yield kept
        return
    store = open_store(task.settings, read_only=True)
    try:
        yield StoredPosts(store)
    finally:
        store.close()


@contextmanager
def _opened(task: ArchiveSlice, calls: list[ApiCall]) -> Iterator[tuple[ArchivedPosts, Spool]]:
    """Yield a slice's posts of an archive, and a folder for its files."""
    place = archive_destinations(task.settings or load_settings(), calls.append)(task.url)
    with _own_folder(task.folder) as spool:
        yield ArchivedPosts.of_parts(place, spool, task.manifests, task.buried), spool


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
    looked_for = LookedFor(task.profiles, Matcher)
    return simulate(
        posts,
        task.rules,
        part.since,
        Unseen(),
        watched,
        _epoch(part.since),
        looked_for=looked_for,
        has_lives=task.has_lives,
    )


def _epoch(moment: datetime | None) -> int:
    return 0 if moment is None else int(moment.timestamp())
