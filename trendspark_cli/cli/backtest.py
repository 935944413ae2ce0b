"""`trendspark backtest`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from trendspark_cli.app.adapters.archives import archive_url
from trendspark_cli.app.adapters.engines import EngineFlags, cutting_of
from trendspark_cli.app.with_store import OpenArchive, read_only, with_archive
from trendspark_cli.base.console import printable
from trendspark_cli.base.errors import TrendSparkError, UsageError
from trendspark_cli.base.setting_values import INTEREST_NAMES
from trendspark_cli.cli.options import (
    EngineOption,
    JsonFlag,
    MasterOption,
    SchedulerOption,
    SlicesOption,
    WorkersOption,
    refuse,
    require_one_of,
    sub_app,
    this_installation,
)
from trendspark_cli.store.protocol import Store

if TYPE_CHECKING:
    from trendspark_cli.backtests.simulating import PastExport

app = sub_app()


def _export(folder: Path | None, form: str) -> PastExport | None:
    """Return what is to be written, None when nothing is."""
    from trendspark_cli.backtests.simulating import PastExport
    from trendspark_cli.screens.trend_export import Format

    try:
        require_one_of("--format", form, get_args(Format))
    except UsageError as error:
        refuse(this_installation("backtest"), "backtest", error)
    return None if folder is None else PastExport(folder, cast(Format, form))


@app.command()
def backtest(
    file: Annotated[
        str,
        typer.Argument(help="A file of posts; - for stdin, which is NDJSON sorted by time. Without it: the database."),
    ] = "",
    tick: Annotated[int, typer.Option(min=900, max=900, help="Seconds of a tick; only 900.")] = 900,
    since: Annotated[str, typer.Option(help="Count alerts from this day or time (UTC) on, such as 2026-11-01.")] = "",
    until: Annotated[str, typer.Option(help="Read posts before this day or time (UTC).")] = "",
    archive: Annotated[bool, typer.Option("--archive", help="Read the archive at ARCHIVE_URL.")] = False,
    archive_at: Annotated[
        str, typer.Option("--archive-url", help="Read the archive at this place: s3://BUCKET or file:///FOLDER.")
    ] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Rank with NAME=VALUE (threshold or a setting of ranking); may be repeated."),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option("--compare", help="Rank with these NAME=VALUE too, and show the difference; may be repeated."),
    ] = None,
    interest: Annotated[
        str, typer.Option(help="Order what is sure by these words and r/communities, as INTEREST does in `rank`.")
    ] = "",
    slices: SlicesOption = "",
    workers: WorkersOption = None,
    engine: EngineOption = None,
    scheduler: SchedulerOption = "",
    master: MasterOption = "",
    export: Annotated[
        Path | None,
        typer.Option(
            help="Write `trends`, `trend_counts` and a page, `report.html`, of what would fire into this folder."
        ),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="Of the tables that --export writes: `csv` or `parquet`.")
    ] = "csv",
    summary: Annotated[bool, typer.Option("--summary", help="Sum up a file, without a line for each tick.")] = False,
    viral: Annotated[bool, typer.Option("--viral", help="Lines are looks at posts' counters: forecast each.")] = False,
    counts: Annotated[bool, typer.Option("--counts", help="Lines are counts of five minutes: find bursts.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Rank past posts tick by tick, without look-ahead, and say what would have fired. Nothing is stored.

    Topics, single posts whose stored counters say that they were about to go far (not of a file), and the volume of
    keywords.
    A file gives a line of JSON for each tick, unless a summary is asked for. So does what is piped in, with no option.
    With --slices, a long time is ranked on all cores; the answer goes by the slices, not by who ranks them.
    With --viral or --counts, each line of the file (or stdin) gives one, before the next one is read.
    """
    flags = EngineFlags(slices, workers, engine, scheduler, master)
    if viral or counts:
        from trendspark_cli.backtests import observation_lines
        from trendspark_cli.screens.backtests import print_lines

        others = (since, until, archive, archive_at, settings, compare, summary, as_json, interest, export)
        if (viral and counts) or flags != EngineFlags() or any(others):
            refuse(
                this_installation("backtest"),
                "backtest",
                UsageError("--viral or --counts: expected alone, with a file or without"),
            )
        lines = observation_lines.viral_lines if viral else observation_lines.count_lines
        raise typer.Exit(print_lines(lines(file or "-")))
    from trendspark_cli.archiving.reading import ArchivedPosts
    from trendspark_cli.backtests.post_lines import tick_lines
    from trendspark_cli.backtests.simulating import Question
    from trendspark_cli.base.input_files import is_piped_in
    from trendspark_cli.screens.backtests import file_lines, print_lines, sum_up_archive, sum_up_database, sum_up_file
    from trendspark_cli.screens.sliced_backtests import (
        sum_up_sliced_archive,
        sum_up_sliced_database,
        sum_up_sliced_file,
    )
    from trendspark_cli.trends.rank_rules import INTEREST, experience

    is_archive = archive or bool(archive_at)
    asked = Question(since, until, tuple(settings or ()), tuple(compare or ()), _export(export, form))
    is_sum = is_archive or summary or as_json or asked != Question() or flags != EngineFlags()
    try:
        names = INTEREST_NAMES.read(interest)
    except (ValueError, RecursionError):
        wrong = UsageError(f"--interest {interest!r}: expected {INTEREST_NAMES.expected}")
        refuse(this_installation("backtest", is_json=as_json), "backtest", wrong)
    if (file or is_piped_in()) and not is_sum:
        raise typer.Exit(print_lines(tick_lines("-", names) if file in ("", "-") else file_lines(file, names)))
    asked = replace(asked, settings=(*asked.settings, *([f"{INTEREST}={interest}"] if interest else [])))
    installed = this_installation("backtest", is_json=as_json)
    output, now = installed.output, installed.clock()
    if file and is_archive:
        refuse(installed, "backtest", UsageError("give a file or an archive, not both"))
    try:
        cutting = cutting_of(flags, is_archive=is_archive)
    except TrendSparkError as error:
        refuse(installed, "backtest", error)
    if file and cutting is not None:
        raise typer.Exit(sum_up_sliced_file(file, asked, cutting, installed.settings, output))
    if file:
        raise typer.Exit(sum_up_file(file, asked, installed.settings, output))

    def on_archive(opened: OpenArchive) -> None:
        place = opened.destination(archive_url(installed.settings, archive_at, "--archive-url"))
        posts = ArchivedPosts(opened.store, place, opened.spool)
        for one in posts.unreadable:
            print(printable(f"passed over: {one.problem}"), file=sys.stderr)
        plan = asked.plan(installed.settings, experience(opened.store))
        if cutting is not None:
            sum_up_sliced_archive(posts, opened, plan, cutting, installed.settings, output)
        else:
            sum_up_archive(posts, plan, output, now)

    def on_database(store: Store) -> None:
        if cutting is not None:
            sum_up_sliced_database(store, asked, cutting, installed.settings, output, now)
        else:
            sum_up_database(store, asked, installed.settings, output, now)

    if is_archive:
        raise typer.Exit(with_archive(installed, "backtest", on_archive))
    raise typer.Exit(read_only(installed, "backtest", on_database))
