"""`trendspark budget`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trendspark_cli.app.adapters import spending_ceilings
from trendspark_cli.app.with_store import ask_x_usage, read_only, work
from trendspark_cli.base.console import Output
from trendspark_cli.cli.options import JsonFlag, here, sub_app
from trendspark_cli.store.protocol import Store

app = sub_app()


@app.command()
def budget(
    reconcile: Annotated[
        bool, typer.Option("--reconcile", help="Ask X what it counted this month, and compare; the call is free.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show what was spent this day and month (UTC), what the ceilings leave, and where it is heading."""
    from trendspark_cli.base.profiles import read_profiles
    from trendspark_cli.screens.budget_report import budget_rows, profile_rows, reconciliation

    installed = here("budget", is_json=as_json)
    settings, now = installed.settings, installed.clock()
    prices = {"x": settings.x_price_per_read_usd}

    def action(store: Store) -> None:
        ceilings = spending_ceilings(settings)
        shown: dict[str, Any] = {"budget": budget_rows(store, ceilings, prices, now)}
        shown["profiles"] = profile_rows(store, read_profiles(settings, store.profiles.all()), ceilings["x"], now)
        if reconcile:
            usage = ask_x_usage(installed, store, now.day + 1)
            shown["reconcile"] = {"service": "x", **reconciliation(store, usage, now)}
        if installed.output.is_json:
            installed.output.data(shown)
        else:
            _show(shown, installed.output)

    raise typer.Exit((work if reconcile else read_only)(installed, "budget", action))


def _show(shown: dict[str, Any], output: Output) -> None:
    rows = shown["budget"]
    output.table(tuple(rows[0]), [tuple(row.values()) for row in rows])
    profiles = shown["profiles"]
    if len({row["profile"] for row in profiles}) > 1:
        output.table(tuple(profiles[0]), [tuple(row.values()) for row in profiles])
    told = shown.get("reconcile")
    if told is None:
        return
    if told["days"]:
        output.table(tuple(told["days"][0]), [tuple(day.values()) for day in told["days"]])
    output.line(f"since {told['since']}: {told['ours']} reads in our books, {told['x']} in those of X")
    if told["x_cap"] is not None:
        output.line(f"X: {told['x_used_of_cap']} of {told['x_cap']} used, reset on day {told['x_cap_reset_day']}")
