"""`trendspark report`."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from trendspark_cli.app.run import run
from trendspark_cli.base.clock import parse_duration
from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.models import RunResult
from trendspark_cli.cli.options import (
    JsonFlag,
    QuietFlag,
    VerboseFlag,
    refuse,
    require_profiles,
    sub_app,
    this_installation,
)

app = sub_app()


@app.command()
def report(
    since: Annotated[
        str, typer.Option(help="How far back it goes, such as 24h or 30d; REPORT_SINCE when left out.")
    ] = "",
    profile: Annotated[str, typer.Option(help="Only trends about what this profile looks for.")] = "",
    output: Annotated[str, typer.Option(help="Folder to write to; REPORT_URL when left out.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how large it would be; write nothing.")] = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Write what is trending as a page to look at and as feeds to follow; see docs/how-to/report.md."""
    from trendspark_cli.screens.report import report_body

    installed = this_installation("report", is_json=as_json, quiet=quiet, verbose=verbose)
    try:
        span = parse_duration(since) if since else None
        if span is not None and span.total_seconds() < 60:
            raise ValueError(f"{since!r} is less than a minute")
        require_profiles(installed, [profile] if profile else None)
    except ValueError as error:
        refuse(installed, "report", UsageError(f"--since: {error}"))
    except UsageError as error:
        refuse(installed, "report", error)

    def show(result: RunResult) -> None:
        made = cast(dict[str, object], result.extra.get("report", {}))
        if installed.output.is_terminal and made and not result.exit_code:
            installed.output.line(f"{made['url']}/index.html")

    body = report_body(since=span, profile=profile, output=output)
    raise typer.Exit(run(installed, "report", body, is_dry=dry_run, show=show))
