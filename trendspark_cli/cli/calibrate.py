"""`trendspark calibrate`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from trendspark_cli.app.adapters.archives import archive_url
from trendspark_cli.app.adapters.engines import Cutting, EngineFlags, cutting_of
from trendspark_cli.app.with_store import OpenArchive, read_only, with_archive, work
from trendspark_cli.base.clock import parse_duration
from trendspark_cli.base.console import printable, row_progress
from trendspark_cli.base.errors import TrendSparkError, UsageError
from trendspark_cli.cli.options import (
    EngineOption,
    JsonFlag,
    MasterOption,
    SchedulerOption,
    SlicesOption,
    WorkersOption,
    refuse,
    sub_app,
    this_installation,
)
from trendspark_cli.store.protocol import Store

app = sub_app()
LARGEST_SEED = 2**31 - 1
MOST_WHOLE_DAYS, MOST_DAYS = 90, 3660
TIME_LIMIT = "10m"


@app.command()
def calibrate(
    days: Annotated[
        int, typer.Option(min=7, max=MOST_DAYS, help="Newest days of posts to calibrate on; beyond 90 in slices.")
    ] = 14,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Where the shuffling starts.")] = 1,
    shuffles: Annotated[
        int | None, typer.Option(min=1, max=50, help="How often to shuffle; by default as often as the rate needs.")
    ] = None,
    time_limit: Annotated[
        str, typer.Option(help="End with what there is after so long; by default 10m, and never in slices.")
    ] = "",
    archive: Annotated[
        bool,
        typer.Option(
            "--archive", help="Read the archive at ARCHIVE_URL too, where older posts are; in slices, it alone."
        ),
    ] = False,
    archive_at: Annotated[
        str, typer.Option("--archive-url", help="Read the archive at this place too: s3://BUCKET or file:///FOLDER.")
    ] = "",
    slices: SlicesOption = "",
    workers: WorkersOption = None,
    engine: EngineOption = None,
    scheduler: SchedulerOption = "",
    master: MasterOption = "",
    store_it: Annotated[bool, typer.Option("--store", help="Store the threshold, for `rank` to go by.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing, whatever else is asked for.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Find the threshold that gives ALERT_FALSE_ALARMS_PER_DAY on your own posts, shuffled within the hour of day.

    Shows the threshold before and after, and what each would have opened; only --store keeps the new one.
    With --slices, years are shuffled and ranked on all cores; the answer goes by the slices, not by who ranks them.
    """
    from trendspark_cli.archiving.parts import Progress
    from trendspark_cli.archiving.reading import ArchivedPosts
    from trendspark_cli.backtests.calibrating import Calibrated, Wish
    from trendspark_cli.backtests.calibrating import calibrate as calibrate_on
    from trendspark_cli.backtests.past_posts import Past, past_of_archive, past_of_database
    from trendspark_cli.screens.calibrations import show_calibrated
    from trendspark_cli.screens.sliced_calibrations import SlicedCalibration
    from trendspark_cli.trends.rank_rules import experience

    installed = this_installation("calibrate", is_json=as_json)
    settings, output, clock = installed.settings, installed.output, installed.clock
    dry_run = dry_run or not store_it
    is_archive = archive or bool(archive_at)
    try:
        cutting = cutting_of(EngineFlags(slices, workers, engine, scheduler, master), is_archive=is_archive)
        if cutting is not None and time_limit:
            raise UsageError("--time-limit: a calibration in slices ends when it is done; expected one of both")
        if cutting is None and days > MOST_WHOLE_DAYS:
            raise UsageError(f"--days {days}: expected --slices too, or at most {MOST_WHOLE_DAYS}")
    except TrendSparkError as error:
        refuse(installed, "calibrate", error)

    def wish() -> Wish:
        try:
            return Wish(days, seed, shuffles, parse_duration(time_limit or TIME_LIMIT))
        except ValueError as error:
            raise UsageError(f"--time-limit: {error}") from error

    def find(store: Store, past: Past, progress: Progress) -> Calibrated:
        return calibrate_on(past, settings, experience(store), wish(), clock, progress)

    def in_slices(store: Store, cutting: Cutting) -> SlicedCalibration:
        return SlicedCalibration(store, settings, wish(), cutting, output, clock())

    def keep(store: Store, done: Calibrated) -> None:
        if not dry_run:
            store.write(lambda: store.calibrations.save(done.calibration))
        show_calibrated(done, output, is_dry=dry_run)

    def on_database(store: Store) -> None:
        settings.require()
        if cutting is not None:
            keep(store, in_slices(store, cutting).of_database())
            return
        with row_progress(output) as progress:
            done = find(store, past_of_database(store, clock()), progress)
        keep(store, done)

    def on_archive(opened: OpenArchive) -> None:
        settings.require()
        store, spool = opened.store, opened.spool
        posts = ArchivedPosts(store, opened.destination(archive_url(settings, archive_at, "--archive-url")), spool)
        for one in posts.unreadable:
            print(printable(f"passed over: {one.problem}"), file=sys.stderr)
        if cutting is not None:
            keep(store, in_slices(store, cutting).of_archive(posts, opened))
            return
        with row_progress(output) as progress, past_of_archive(posts, store, spool, days, clock(), progress) as past:
            done = find(store, past, progress)
        keep(store, done)

    if is_archive:
        raise typer.Exit(with_archive(installed, "calibrate", on_archive, is_dry=dry_run))
    raise typer.Exit((read_only if dry_run else work)(installed, "calibrate", on_database))
