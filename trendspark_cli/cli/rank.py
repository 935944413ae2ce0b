"""`trendspark rank`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.run import run
from trendspark_cli.cli.options import JsonFlag, QuietFlag, VerboseFlag, sub_app, this_installation

app = sub_app()


@app.command()
def rank(
    top: Annotated[int, typer.Option(min=1, help="How many trends to print.")] = 20,
    explain: Annotated[bool, typer.Option("--explain", help="Print why each trend is one.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Score and print; write nothing.")] = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Find topics that burst since the last run; open, update and close trends."""
    from trendspark_cli.app.job_bodies import rank_body
    from trendspark_cli.screens.trends import show_ranked

    installed = this_installation("rank", is_json=as_json, quiet=quiet, verbose=verbose)
    code = run(
        installed,
        "rank",
        rank_body(top=top),
        is_dry=dry_run,
        show=lambda result: show_ranked(result, installed.output, explain=explain, is_dry=dry_run),
    )
    raise typer.Exit(code)
