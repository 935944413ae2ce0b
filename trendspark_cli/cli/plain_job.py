"""The command of a job without flags of its own: `trendspark NAME`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.run import run
from trendspark_cli.cli.options import JsonFlag, QuietFlag, VerboseFlag, sub_app, this_installation

app = sub_app()


@app.command()
def plain_job(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")] = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Run this job now, as cron would."""
    from trendspark_cli.app.job_bodies import bodies_of

    job_id = str(context.info_name)
    installed = this_installation(job_id, is_json=as_json, quiet=quiet, verbose=verbose)
    raise typer.Exit(run(installed, job_id, bodies_of(job_id)[job_id], is_dry=dry_run))
