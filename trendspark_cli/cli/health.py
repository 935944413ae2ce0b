"""`trendspark health`."""

from __future__ import annotations

import typer

from trendspark_cli.cli.options import JsonFlag, sub_app, this_installation

app = sub_app()


@app.command()
def health(as_json: JsonFlag = False) -> None:
    """Check that the parts work; exit 0 when they do, 1 when one does not. Asks nothing that costs."""
    from trendspark_cli.screens.health import show_health

    raise typer.Exit(show_health(this_installation("health", is_json=as_json), is_json=as_json))
