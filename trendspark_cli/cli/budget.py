"""`trendspark budget`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from trendspark_cli.app.adapters.spending import shared_ceilings, spending_ceilings, unit_prices
from trendspark_cli.app.with_store import ask_x_usage, read_only, work
from trendspark_cli.base.console import Output, usd_text
from trendspark_cli.cli.options import JsonFlag, sub_app, this_installation
from trendspark_cli.store.protocol import Store

if TYPE_CHECKING:
    from trendspark_cli.screens.budget_report import BudgetRow, DayOfReads, ProfileSpend, Reconciliation

app = sub_app()
LESS_NEEDED = ("reserved_usd", "reserved", "forecast_usd", "share", "limit_usd", "forecast", "used_usd")


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

    installed = this_installation("budget", is_json=as_json)
    settings, now = installed.settings, installed.clock()

    def action(store: Store) -> None:
        rows = budget_rows(store, spending_ceilings(settings), unit_prices(settings), now)
        profiles = profile_rows(store, read_profiles(settings, store.profiles.all()), shared_ceilings(settings), now)
        compared = reconciliation(store, ask_x_usage(installed, store, now.day + 1), now) if reconcile else None
        if installed.output.is_json:
            shown: dict[str, object] = {"budget": [row._asdict() for row in rows]}
            shown["profiles"] = [profile._asdict() for profile in profiles]
            if compared is not None:
                shown["reconcile"] = {**compared._asdict(), "days": [day._asdict() for day in compared.days]}
            installed.output.data(shown)
            return
        _show(installed.output, rows)
        if len({profile.profile for profile in profiles}) > 1:
            _show(installed.output, profiles)
        if compared is not None:
            _show_compared(installed.output, compared)

    raise typer.Exit((work if reconcile else read_only)(installed, "budget", action))


def _show(output: Output, rows: Sequence[BudgetRow] | Sequence[ProfileSpend] | Sequence[DayOfReads]) -> None:
    shown = [[_cell(name, value) for name, value in zip(row._fields, row, strict=True)] for row in rows]
    output.table(rows[0]._fields, shown, less_needed=LESS_NEEDED)


def _cell(name: str, value: object) -> object:
    return usd_text(value) if name.endswith("_usd") and isinstance(value, float) else value


def _show_compared(output: Output, compared: Reconciliation) -> None:
    if compared.days:
        _show(output, compared.days)
    output.line(f"since {compared.since}: {compared.ours} reads in our books, {compared.x} in those of X")
    if compared.x_cap is not None:
        used = f"{compared.x_used_of_cap} of {compared.x_cap} used"
        output.line(f"X: {used}, reset on day {compared.x_cap_reset_day}")
