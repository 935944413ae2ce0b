"""`trendspark vacuum`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.run import run
from trendspark_cli.cli.options import JsonFlag, QuietFlag, VerboseFlag, sub_app, this_installation

app = sub_app()


@app.command()
def vacuum(
    full: Annotated[
        bool, typer.Option("--full", help="Write the whole file anew; needs 2.2 times its size of free disk.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what could be given back; change nothing.")] = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Check the database, drop old roll-ups, give free pages back to the disk, and empty the WAL."""
    from trendspark_cli.app.job_bodies import vacuum_body

    installed = this_installation("vacuum", is_json=as_json, quiet=quiet, verbose=verbose)
    raise typer.Exit(run(installed, "vacuum", vacuum_body(full=full), is_dry=dry_run))
