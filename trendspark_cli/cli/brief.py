"""`trendspark brief`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.job_bodies import DEFAULT_IDEAS
from trendspark_cli.app.run import run
from trendspark_cli.cli.options import JsonFlag, QuietFlag, VerboseFlag, sub_app, this_installation

app = sub_app()


@app.command()
def brief(
    ideas: Annotated[
        int, typer.Option(min=0, max=10, help="Most ideas for NICHE in the daily message; 0 is none.")
    ] = DEFAULT_IDEAS,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what a model would be asked and cost; change nothing.")
    ] = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Say what each open trend is about, with ideas for your field; one message a day."""
    from trendspark_cli.app.job_bodies import brief_body
    from trendspark_cli.briefs.brief_texts import show_brief

    installed = this_installation("brief", is_json=as_json, quiet=quiet, verbose=verbose)
    code = run(
        installed,
        "brief",
        brief_body(ideas=ideas),
        is_dry=dry_run,
        show=lambda result: show_brief(result, installed.output),
    )
    raise typer.Exit(code)
