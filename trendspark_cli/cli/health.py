"""`trendspark health`."""

from __future__ import annotations

import typer

from trendspark_cli.cli.options import GLOBALS, JsonFlag, sub_app
from trendspark_cli.screens.health import show_health

app = sub_app()


@app.command()
def health(as_json: JsonFlag = False) -> None:
    """Check that the parts work; exit 0 when they do, 1 when one does not. Asks nothing that costs."""
    flags = {"is_quiet": GLOBALS.is_quiet, "is_verbose": GLOBALS.is_verbose}
    raise typer.Exit(show_health(is_json=as_json, env_file=GLOBALS.env_file, **flags))
