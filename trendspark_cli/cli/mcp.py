"""`trendspark mcp`."""

from __future__ import annotations

from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.cli.options import refuse, sub_app, this_installation

app = sub_app()


@app.command()
def mcp() -> None:
    """Answer what a language model asks, by the Model Context Protocol on stdin and stdout; changes nothing.

    A program that speaks it starts this command. Its tools: trends, history, explain, search, why and health.
    """
    from trendspark_cli.screens.assistant_server import serve

    installed = this_installation("mcp")
    try:
        installed.database.require()
        serve(installed)
    except TrendSparkError as error:
        refuse(installed, "mcp", error)
