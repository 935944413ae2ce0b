"""`trendspark deliver`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.run import run
from trendspark_cli.cli.options import JsonFlag, QuietFlag, VerboseFlag, sub_app, this_installation

app = sub_app()


@app.command()
def deliver(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many alerts are due; send nothing.")] = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Send the alerts that wait, as fast as the channel allows."""
    from trendspark_cli.app.job_bodies import deliver_body

    installed = this_installation("deliver", is_json=as_json, quiet=quiet, verbose=verbose)
    raise typer.Exit(run(installed, "deliver", deliver_body(), is_dry=dry_run))
