"""`trendspark config show|check`."""

from __future__ import annotations

import typer

from trendspark_cli.cli.options import JsonFlag, here, sub_app

app = sub_app("Settings and where they come from.")


@app.command()
def show(as_json: JsonFlag = False) -> None:
    """Show every setting with its value and origin; secrets are masked."""
    from trendspark_cli.config_report import settings_table

    installed = here("config", is_json=as_json)
    rows = settings_table(installed.settings)
    if as_json:
        installed.output.data({"settings": rows})
    else:
        installed.output.table(("setting", "value", "origin"), [(r["name"], r["value"], r["origin"]) for r in rows])


@app.command()
def check(as_json: JsonFlag = False) -> None:
    """Check settings; show the X query that will be sent, its length and what the first run may cost."""
    from trendspark_cli.config_report import config_findings

    installed = here("config", is_json=as_json)
    found = config_findings(installed.settings)
    if as_json:
        installed.output.data(found)
    else:
        for problem in found["problems"]:
            installed.output.line(f"problem: {problem}")
        for name in found["unknown"]:
            nearest = f"; did you mean {name['nearest']}?" if name["nearest"] else ""
            installed.output.line(f"unknown setting: {name['name']}{nearest}")
        for query in found["x_queries"]:
            installed.output.line(f"X query ({query['length']} of {query['limit']} characters): {query['query']}")
        installed.output.line(found["first_run"])
        if found["ok"]:
            installed.output.line("settings are good")
    raise typer.Exit(0 if found["ok"] else 78)
