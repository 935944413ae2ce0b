"""`trendspark archive`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.run import run
from trendspark_cli.base.clock import parse_duration
from trendspark_cli.base.console import row_progress, show_rows
from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.models import RunResult
from trendspark_cli.cli.options import (
    JsonFlag,
    QuietFlag,
    VerboseFlag,
    refuse,
    require_one_of,
    sub_app,
    this_installation,
)
from trendspark_cli.store.rows.archived import TABLES

app = sub_app()


@app.command()
def archive(
    table: Annotated[
        list[str] | None, typer.Option(help=f"Only this table: {', '.join(TABLES)}; may be repeated.")
    ] = None,
    older_than: Annotated[
        str, typer.Option(help="Age from which rows leave, such as 45d; the RETENTION_DAYS_* settings when left out.")
    ] = "",
    part_format: Annotated[str, typer.Option("--format", help="parquet or csv; ARCHIVE_FORMAT when left out.")] = "",
    to: Annotated[str, typer.Option(help="Where to: s3://BUCKET or file:///FOLDER; ARCHIVE_URL when left out.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Go on though a guard says no.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which rows would go where; change nothing.")] = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Move rows past retention to the archive: written, read back, compared, and only then deleted here."""
    from trendspark_cli.app.job_bodies import archive_body

    installed = this_installation("archive", is_json=as_json, quiet=quiet, verbose=verbose)
    try:
        for name in table or ():
            require_one_of("--table", name, TABLES)
        if part_format not in ("", "parquet", "csv"):
            raise UsageError(f"--format {part_format!r}: expected parquet or csv")
        try:
            age = parse_duration(older_than) if older_than else None
        except ValueError as error:
            raise UsageError(f"--older-than: {error}") from error
    except UsageError as error:
        refuse(installed, "archive", error)

    def show(result: RunResult) -> None:
        show_rows(result, installed.output, "parts")

    with row_progress(installed.output, is_wanted=not dry_run) as progress:
        body = archive_body(
            tables=table or (), older_than=age, part_format=part_format, to=to, is_forced=force, progress=progress
        )
        code = run(installed, "archive", body, is_dry=dry_run, show=show)
    raise typer.Exit(code)
