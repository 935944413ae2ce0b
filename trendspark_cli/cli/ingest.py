"""`trendspark ingest`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.run import run
from trendspark_cli.base.console import show_rows
from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.models import RunResult
from trendspark_cli.cli.completing import profile_names, source_names
from trendspark_cli.cli.options import (
    JsonFlag,
    QuietFlag,
    VerboseFlag,
    refuse,
    require_one_of,
    require_profiles,
    sub_app,
    this_installation,
)
from trendspark_cli.kinds.sources import SOURCES

app = sub_app()


@app.command()
def ingest(
    source: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Read only this source, {' or '.join(SOURCES)}; may be repeated.", autocompletion=source_names
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option("--from", help="Read only this file of posts, - for stdin. docs/how-to/files.md shows all forms."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most posts to read from each source.")] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(help="Read only the topics of this profile; may be repeated.", autocompletion=profile_names),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be read and cost; change nothing.")
    ] = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Fetch new posts from every configured source, or from a file."""
    from trendspark_cli.app.job_bodies import ingest_body
    from trendspark_cli.app.job_parts import file_parts, ingest_parts

    installed = this_installation("ingest", is_json=as_json, quiet=quiet, verbose=verbose)
    try:
        for name in source or ():
            require_one_of("--source", name, SOURCES)
        require_profiles(installed, profile)
    except UsageError as error:
        refuse(installed, "ingest", error)

    def show(result: RunResult) -> None:
        show_rows(result, installed.output, "estimates")

    body = ingest_body(sources=source or [], file=file, limit=limit, profiles=profile or [])
    named = profile or []
    parts = ingest_parts(installed.settings, source or [], named) if file is None else file_parts(named)
    raise typer.Exit(run(installed, "ingest", body, is_dry=dry_run, parts=parts, show=show))
