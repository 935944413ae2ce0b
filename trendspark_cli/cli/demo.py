"""`trendspark demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from trendspark_cli.cli.options import GLOBALS, JsonFlag, sub_app

app = sub_app()


@app.command()
def demo(
    folder: Annotated[
        Path, typer.Option("--dir", help="Where the demo lives; an earlier demo there is replaced.")
    ] = Path("trendspark-demo"),
    live: Annotated[bool, typer.Option("--live", help="Listen to Bluesky instead; no key is needed.")] = False,
    seconds: Annotated[int, typer.Option(min=5, max=3600, help="How long to listen, with --live.")] = 60,
    as_json: JsonFlag = False,
) -> None:
    """Run the whole pipeline on a bundled sample: no key, no network, a folder of its own."""
    home = folder.absolute()
    prefix = f"TRENDSPARK_HOME={home} " if os.environ.get("TRENDSPARK_HOME") else ""  # it would beat the env file
    if live:
        from trendspark_cli.demo.live import run_live

        raise typer.Exit(
            run_live(
                home,
                seconds=seconds,
                given=os.environ,
                is_json=as_json,
                is_verbose=GLOBALS.is_verbose,
                prefix=prefix,
            )
        )
    from trendspark_cli.demo.run import run_demo

    raise typer.Exit(run_demo(home, is_json=as_json, is_verbose=GLOBALS.is_verbose, prefix=prefix))
