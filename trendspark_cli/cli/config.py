"""`trendspark config show|check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from trendspark_cli.app.with_store import try_read
from trendspark_cli.cli.options import JsonFlag, sub_app, this_installation
from trendspark_cli.kinds.sources import SOURCES

if TYPE_CHECKING:
    from trendspark_cli.app.installation import Installation
    from trendspark_cli.base.models import Profile

app = sub_app("Settings and where they come from.")


@app.command()
def show(as_json: JsonFlag = False) -> None:
    """Show every setting with its value and origin, secrets masked, and the threshold of trends that follows."""
    from trendspark_cli.screens.config_report import settings_table, threshold_told

    installed = this_installation("config", is_json=as_json)
    rows = settings_table(installed.settings)
    threshold = try_read(installed, lambda store: threshold_told(installed.settings, store))
    if as_json:
        installed.output.data({"settings": rows, "threshold": threshold})
        return
    installed.output.table(("setting", "value", "origin"), [(r["name"], r["value"], r["origin"]) for r in rows])
    if threshold is not None:
        installed.output.line(f"a trend opens at a score of {threshold['score']:g}: {threshold['reason']}")


@app.command()
def check(as_json: JsonFlag = False) -> None:
    """Check settings; show the X query that will be sent, its length and what the first run may cost."""
    from trendspark_cli.app.adapters.x import X

    installed = this_installation("config", is_json=as_json)
    stored, found = findings_of(installed)
    used = [name for name, kind in SOURCES.items() if kind.is_configured(installed.settings)]
    if not used:
        needs = " or ".join(kind.needs_words for kind in SOURCES.values())
        found["problems"].append(f"no source is configured: set {needs}, or read files with `ingest --from`")
        found["ok"] = False
    if as_json:
        installed.output.data(found)
    else:
        for problem in found["problems"]:
            installed.output.prose(f"problem: {problem}")
        for name in found["unknown"]:
            nearest = f"; did you mean {name['nearest']}?" if name["nearest"] else ""
            installed.output.line(f"unknown setting: {name['name']}{nearest}")
        for told in found["passed_over"]:
            installed.output.line(told)
        if found["unquoted"]:
            names = ", ".join(found["unquoted"])
            installed.output.line(f"quotes: those around the values of {names} in the environment were taken off")
        is_of_x = X.name in used or (not used and bool(found["x_queries"]))  # whoever has no token yet
        for query in found["x_queries"] if is_of_x else ():
            whose = f" of profile {query['profile']}" if stored else ""
            size = f"{query['length']} of {query['limit']} characters"
            installed.output.line(f"X query{whose} ({size}): {query['query']}")
        for profile in found["profiles"] if stored and is_of_x else ():
            most = f"{profile['first_run_reads_at_most']} posts (${profile['first_run_usd_at_most']:.2f})"
            installed.output.line(f"profile {profile['name']}: its first run reads at most {most}")
        if is_of_x:
            installed.output.prose(found["first_run"])
        if used:
            installed.output.line(f"sources: {', '.join(used)}")
        if found["ok"]:
            installed.output.line("settings are good")
    raise typer.Exit(0 if found["ok"] else 78)


def findings_of(installed: Installation) -> tuple[list[Profile], dict[str, Any]]:
    """Return the profiles of the database, and what is to be said of the settings."""
    from trendspark_cli.app.adapters.spending import spending_ceilings
    from trendspark_cli.app.adapters.x import X
    from trendspark_cli.screens.config_report import config_findings

    stored = try_read(installed, lambda store: store.profiles.all()) or []
    return stored, config_findings(installed.settings, spending_ceilings(installed.settings)[X.name], stored)
