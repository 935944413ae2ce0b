"""`trendspark logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.base.console import Output, printable
from trendspark_cli.base.errors import StoreError, UsageError
from trendspark_cli.base.given_times import time_or_age
from trendspark_cli.base.log_reading import LEVELS, LogEvent, Wanted, log_files, read_log
from trendspark_cli.cli.options import LARGEST_ID, JsonFlag, refuse, require_one_of, sub_app, this_installation
from trendspark_cli.kinds.jobs import JOBS

app = sub_app()


@app.command()
def logs(
    job: Annotated[str | None, typer.Option(help="Only events of this job.")] = None,
    run: Annotated[int | None, typer.Option(min=1, max=LARGEST_ID, help="Only events of this run.")] = None,
    tail: Annotated[int, typer.Option("--tail", "-n", min=1, max=LARGEST_ID, help="Events to show, the last.")] = 200,
    level: Annotated[str | None, typer.Option(help="Only from this level up: info, warning or error.")] = None,
    since: Annotated[str, typer.Option(help="Only since a time, or since so long, such as 2h.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Show the last events of the log, rotated files included, whatever form they were written in."""
    installed = this_installation("logs", is_json=as_json)
    log_file = installed.settings.log_file
    try:
        require_one_of("--job", job, JOBS)
        require_one_of("--level", level, LEVELS)
        wanted = Wanted(job, run, level, time_or_age("--since", since, installed.clock()))
        events = read_log(log_file, wanted, tail)
    except (UsageError, StoreError) as error:
        refuse(installed, "logs", error)
    if as_json:
        installed.output.data({"logs": [_fields(event) for event in events]})
        return
    for event in events:
        _show(event, installed.output)
    if not events and not log_files(log_file):
        refuse(
            installed,
            "logs",
            StoreError(f"there is no log at {str(log_file)!r}", hint="see LOG_FILE in `trendspark config show`"),
        )


def _fields(event: LogEvent) -> dict[str, object]:
    own = {"time": event.time, "level": event.level, "job": event.job, "run": event.run, "message": event.message}
    return {**event.more, **own}


def _show(event: LogEvent, output: Output) -> None:
    run = event.run if event.run is not None else "-"
    output.line(printable(f"{event.time} {event.level.upper()} {event.job} run={run} {event.message}"))
    for line in str(event.more.get("traceback", "")).splitlines():
        output.line("    " + printable(line))
