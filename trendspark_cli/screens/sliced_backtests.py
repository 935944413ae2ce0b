"""`backtest --slices` as it is printed: slices are ranked by workers, and told as one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from trendspark_cli.app.adapters.engines import Cutting
from trendspark_cli.app.slice_work import (
    ArchiveSlice,
    DatabaseSlice,
    FileSlice,
    SliceDone,
    rank_archive_slice,
    rank_database_slice,
    rank_file_slice,
)
from trendspark_cli.app.with_store import OpenArchive
from trendspark_cli.archiving.parts import Unseen
from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.backtests.joining import join
from trendspark_cli.backtests.past_posts import NO_LIMIT
from trendspark_cli.backtests.post_lines import past_posts
from trendspark_cli.backtests.post_stream import PostStream
from trendspark_cli.backtests.simulating import Outcome, Question, SimulationPlan, simulate
from trendspark_cli.backtests.slices import cut
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.clock import from_epoch, from_text, to_text
from trendspark_cli.base.console import Output, row_progress
from trendspark_cli.base.errors import OutputError, TrendSparkError, os_words
from trendspark_cli.base.settings import Settings
from trendspark_cli.screens.backtests import with_names
from trendspark_cli.screens.past_export import tell_outcome
from trendspark_cli.services.post_files.reading import PostFile
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.archives import Manifest
from trendspark_cli.trends.rank_rules import Experience, experience

SECOND = timedelta(seconds=1)
Task = TypeVar("Task")
Value = TypeVar("Value")


def sum_up_sliced_database(
    store: Store, asked: Question, cutting: Cutting, settings: Settings, output: Output, now: datetime
) -> None:
    """Print what would have fired of the posts of the database, each worker reading its days."""
    plan = asked.plan(settings, experience(store))
    tasks = database_slices(store, plan, plan.until or now, cutting.length, settings)
    outcome, _ = ranked(rank_database_slice, tasks, plan, cutting, output)
    tell_outcome(with_names(outcome, store), plan, output)


def database_slices(
    store: Store, plan: SimulationPlan, end: datetime, length: timedelta, settings: Settings
) -> list[DatabaseSlice]:
    """Return the slices of the posts of a database."""
    oldest = store.posts.leaving((to_text(plan.read_from), 0), int(end.timestamp()), NO_LIMIT, 1)

    def has_posts(since: datetime, until: datetime) -> bool:
        return store.posts.count_between(int(since.timestamp()), int(until.timestamp())) > 0

    parts = cut(plan, from_epoch(oldest[0].created_at), end, length, has_posts) if oldest else []
    has_lives = plan.export is not None
    return [DatabaseSlice(part, plan.rules, plan.profiles, settings, has_lives=has_lives) for part in parts]


def sum_up_sliced_archive(
    archive: ArchivedPosts,
    opened: OpenArchive,
    plan: SimulationPlan,
    cutting: Cutting,
    settings: Settings,
    output: Output,
) -> None:
    """Print what would have fired of archived posts; marks and tombstones travel with each slice to its worker."""
    tasks = tasks_for(
        cutting, archive_slices(archive, plan, plan.until or opened.now, cutting.length), opened, settings
    )
    outcome, calls = ranked(rank_archive_slice, tasks, plan, cutting, output)
    for call in calls:
        opened.record(call)
    tell_outcome(outcome, plan, output)


def tasks_for(
    cutting: Cutting, slices: Sequence[ArchiveSlice], opened: OpenArchive, settings: Settings
) -> Sequence[ArchiveSlice]:
    """Return slices as workers get them: our settings and our folder for those of this machine alone."""
    if cutting.is_elsewhere:
        return slices
    return [replace(task, settings=settings, folder=opened.spool.folder) for task in slices]


def archive_slices(
    archive: ArchivedPosts, plan: SimulationPlan, end: datetime, length: timedelta
) -> list[ArchiveSlice]:
    """Return the slices of an archive, each with the files of its days and of those before it."""

    def files(since: datetime, until: datetime) -> tuple[Manifest, ...]:
        return tuple(archive.files_of(to_text(since), to_text(until)))

    of_question = files(plan.read_from, end)
    if not of_question:
        return []
    first = max(plan.read_from, from_text(min(str(file.min_time) for file in of_question)))
    parts = cut(plan, first, end, length, lambda since, until: bool(files(since, until)))
    buried = tuple(archive.buried)
    return [
        ArchiveSlice(
            part,
            plan.rules,
            plan.profiles,
            archive.url,
            files(part.read_from, part.until),
            buried,
            has_lives=plan.export is not None,
        )
        for part in parts
    ]


def sum_up_sliced_file(path: str, asked: Question, cutting: Cutting, settings: Settings, output: Output) -> int:
    """Print which topics of the posts of a file would have fired, and return the exit code.

    The file is read once, and its posts are put aside in the order of time; of that, each worker reads its part.
    """
    try:
        plan = asked.plan(settings, Experience(), are_posts_forecast=False)
        file = PostFile(path)
        with _temporary_folder() as folder:
            stream = PostStream(Path(folder) / "posts")
            stream.write(past_posts((post for page in file.pages() for post in page.posts), path))
            outcome, _ = ranked(rank_file_slice, _file_tasks(stream, plan, cutting), plan, cutting, output)
        tell_outcome(outcome, plan, output)
        file.check()
    except TrendSparkError as error:
        output.failure(error, where="backtest", exit_code=error.exit_code)
        return error.exit_code
    return 0


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="trendspark-")
    except OSError as error:
        what = f"no temporary folder in {tempfile.gettempdir()!r}: {os_words(error)}"
        raise OutputError(what, hint="set TMPDIR to a folder with room for the posts") from error


def _file_tasks(stream: PostStream, plan: SimulationPlan, cutting: Cutting) -> list[FileSlice]:
    end = from_epoch(stream.last) + SECOND
    end = min(end, plan.until) if plan.until else end

    def has_posts(since: datetime, until: datetime) -> bool:
        start, stop = stream.part(since, until)
        return start < stop

    parts = cut(plan, from_epoch(stream.first), end, cutting.length, has_posts) if stream.last else []
    return [
        FileSlice(
            part,
            plan.rules,
            plan.profiles,
            stream.path,
            *stream.part(part.read_from, part.until),
            has_lives=plan.export is not None,
        )
        for part in parts
    ]


def ranked(
    function: Callable[[Task], SliceDone[Outcome]],
    tasks: Sequence[Task],
    plan: SimulationPlan,
    cutting: Cutting,
    output: Output,
) -> tuple[Outcome, Sequence[ApiCall]]:
    """Have workers rank slices, and return the joined outcome and the calls of services it took."""
    outcomes, calls = mapped(cutting, function, tasks, output, "slices")
    return join(outcomes or [simulate((), plan.rules, plan.since, Unseen())]), calls


def mapped(
    cutting: Cutting, function: Callable[[Task], SliceDone[Value]], tasks: Sequence[Task], output: Output, name: str
) -> tuple[Sequence[Value], Sequence[ApiCall]]:
    """Have workers do tasks beside a bar with a name, and return what came of them and the calls it took."""
    with row_progress(output) as progress:
        progress.begin(name, len(tasks))
        done = cutting.workers.map(function, tasks, lambda number: progress.advance(name, 1))
    return [one.value for one in done], [call for one in done for call in one.calls]
