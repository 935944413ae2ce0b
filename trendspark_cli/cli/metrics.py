"""`trendspark metrics`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.with_store import read_only
from trendspark_cli.cli.options import JsonFlag, sub_app, this_installation
from trendspark_cli.kinds.jobs import JOBS
from trendspark_cli.store.protocol import Store

app = sub_app()


def shipped_places() -> dict[str, str]:
    """Return where the files for Prometheus and Grafana are that came with this installation; none that are not."""
    import sysconfig
    from pathlib import Path

    schemes = {sysconfig.get_path("data"), sysconfig.get_path("data", sysconfig.get_preferred_scheme("user"))}
    folders = [Path(scheme, "share/trendspark/textfile_collector") for scheme in schemes if scheme]
    folders.append(Path(__file__).resolve().parents[2] / "textfile_collector")  # of a copy of the project
    folder = next((folder for folder in folders if (folder / "alerts.yml").is_file()), None)
    if folder is None:
        return {}
    names = {"rules": "alerts.yml", "dashboards": "grafana/dashboards", "scrape": "prometheus-scrape.yml"}
    return {what: str(folder / name) for what, name in names.items()}


@app.command()
def metrics(
    where: Annotated[
        bool, typer.Option("--where", help="Only say where metrics, alert rules, dashboards and scrape files lie.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write every .prom file again from the database."""
    installed = this_installation("metrics", is_json=as_json)
    if where:
        places = {"metrics": str(installed.settings.textfile_dir), **shipped_places()}
        if as_json:
            installed.output.data(places)
        else:
            installed.output.table(("what", "where"), list(places.items()))
        return

    def action(store: Store) -> None:
        files = installed.metric_files().write(store, JOBS, installed.clock())
        if installed.output.is_json:
            installed.output.data({"files": [str(path) for path in files]})
        else:
            for path in files:
                installed.output.line(str(path))

    raise typer.Exit(read_only(installed, "metrics", action))
