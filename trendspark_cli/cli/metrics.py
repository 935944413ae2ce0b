"""`trendspark metrics`."""

from __future__ import annotations

import typer

from trendspark_cli.app.with_store import read_only
from trendspark_cli.cli.options import JsonFlag, sub_app, this_installation
from trendspark_cli.kinds.jobs import JOBS
from trendspark_cli.store.protocol import Store

app = sub_app()


@app.command()
def metrics(as_json: JsonFlag = False) -> None:
    """Write every .prom file again from the database."""
    installed = this_installation("metrics", is_json=as_json)

    def action(store: Store) -> None:
        files = installed.metric_files().write(store, JOBS, installed.clock())
        if installed.output.is_json:
            installed.output.data({"files": [str(path) for path in files]})
        else:
            for path in files:
                installed.output.line(str(path))

    raise typer.Exit(read_only(installed, "metrics", action))
