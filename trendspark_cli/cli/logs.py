"""`trendspark logs`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from trendspark_cli.cli.options import LARGEST_ID, JsonFlag, here, refuse, sub_app
from trendspark_cli.clock import from_text, parse_duration
from trendspark_cli.console import Output, printable
from trendspark_cli.errors import StoreError, UsageError
from trendspark_cli.log_reading import LEVELS, LogEvent, Wanted, log_files, read_log
from trendspark_cli.settings import JOB_IDS

app = sub_app()


@app.command()
def logs(
    job: Annotated[str | None, typer.Option(help="Only events of this job.")] = None,
    run: Annotated[int | None, typer.Option(min=1, max=LARGEST_ID, help="Only events of this run.")] = None,
    tail: Annotated[int, typer.Option("--tail", "-n", min=1, max=LARGEST_ID, help="Events to show, the last.")] = 200,
    level: Annotated[str | None, typer.Option(help="Only from this level up: info, warning or error.")] = None,
    since: Annotated[str | None, typer.Option(help="Only since a time, or since so long, such as 2h.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the last events of the log, rotated files included, whatever form they were written in."""
    installed = here("logs", is_json=as_json)
    log_file = installed.settings.log_file
    try:
        wanted = Wanted(
            _known(job, JOB_IDS, "--job"), run, _known(level, LEVELS, "--level"), _since(since, installed.clock())
        )
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


def _known(value: str | None, known: tuple[str, ...], option: str) -> str | None:
    if value is not None and value not in known:
        raise UsageError(f"{option} {value!r} is unknown; expected one of {', '.join(known)}")
    return value


def _since(text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        return from_text(text)
    except ValueError:
        raise UsageError(
            f"--since {text!r}: expected a time such as 2026-11-01T12:00Z, or a duration such as 2h"
        ) from None


def _fields(event: LogEvent) -> dict[str, object]:
    own = {"time": event.time, "level": event.level, "job": event.job, "run": event.run, "message": event.message}
    return {**event.more, **own}


def _show(event: LogEvent, output: Output) -> None:
    run = event.run if event.run is not None else "-"
    output.line(printable(f"{event.time} {event.level.upper()} {event.job} run={run} {event.message}"))
    for line in str(event.more.get("traceback", "")).splitlines():
        output.line("    " + printable(line))
