"""`trendspark calibrate`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from trendspark_cli.app.adapters.archives import archive_url
from trendspark_cli.app.with_store import OpenArchive, read_only, with_archive, work
from trendspark_cli.base.clock import parse_duration
from trendspark_cli.base.console import printable, row_progress
from trendspark_cli.base.errors import UsageError
from trendspark_cli.cli.options import JsonFlag, sub_app, this_installation
from trendspark_cli.store.protocol import Store

app = sub_app()
LARGEST_SEED = 2**31 - 1


@app.command()
def calibrate(
    days: Annotated[int, typer.Option(min=7, max=90, help="Newest days of posts to calibrate on.")] = 14,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Where the shuffling starts.")] = 1,
    shuffles: Annotated[
        int | None, typer.Option(min=1, max=50, help="How often to shuffle; by default as often as the rate needs.")
    ] = None,
    time_limit: Annotated[str, typer.Option(help="End with what there is after so long, such as 10m.")] = "10m",
    archive: Annotated[
        bool, typer.Option("--archive", help="Read the archive at ARCHIVE_URL too, where older posts are.")
    ] = False,
    archive_at: Annotated[
        str, typer.Option("--archive-url", help="Read the archive at this place too: s3://BUCKET or file:///FOLDER.")
    ] = "",
    store_it: Annotated[bool, typer.Option("--store", help="Store the threshold, for `rank` to go by.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing, whatever else is asked for.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Find the threshold that gives ALERT_FALSE_ALARMS_PER_DAY on your own posts, shuffled within the hour of day.

    Shows the threshold before and after, and what each would have opened; only --store keeps the new one.
    """
    from trendspark_cli.archiving.parts import Progress
    from trendspark_cli.archiving.reading import ArchivedPosts
    from trendspark_cli.backtests.calibrating import Calibrated, Wish
    from trendspark_cli.backtests.calibrating import calibrate as calibrate_on
    from trendspark_cli.backtests.past_posts import Past, past_of_archive, past_of_database
    from trendspark_cli.screens.calibrations import show_calibrated
    from trendspark_cli.trends.rank_rules import experience

    installed = this_installation("calibrate", is_json=as_json)
    settings, output, clock = installed.settings, installed.output, installed.clock
    dry_run = dry_run or not store_it

    def wish() -> Wish:
        try:
            return Wish(days, seed, shuffles, parse_duration(time_limit))
        except ValueError as error:
            raise UsageError(f"--time-limit: {error}") from error

    def find(store: Store, past: Past, progress: Progress) -> Calibrated:
        return calibrate_on(past, settings, experience(store), wish(), clock, progress)

    def keep(store: Store, done: Calibrated) -> None:
        if not dry_run:
            with store.transaction():
                store.calibrations.save(done.calibration)
        show_calibrated(done, output, is_dry=dry_run)

    def on_database(store: Store) -> None:
        settings.require()
        with row_progress(output) as progress:
            done = find(store, past_of_database(store, clock()), progress)
        keep(store, done)

    def on_archive(opened: OpenArchive) -> None:
        settings.require()
        store, spool = opened.store, opened.spool
        posts = ArchivedPosts(store, opened.destination(archive_url(settings, archive_at, "--archive-url")), spool)
        for one in posts.unreadable:
            print(printable(f"passed over: {one.problem}"), file=sys.stderr)
        with row_progress(output) as progress, past_of_archive(posts, store, spool, days, clock(), progress) as past:
            done = find(store, past, progress)
        keep(store, done)

    if archive or archive_at:
        raise typer.Exit(with_archive(installed, "calibrate", on_archive, is_dry=dry_run))
    raise typer.Exit((read_only if dry_run else work)(installed, "calibrate", on_database))
