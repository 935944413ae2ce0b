"""`trendspark alerts list|show|retry|drop`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from trendspark_cli.alerts.message_parts import plain_text
from trendspark_cli.app.with_store import change, read_only
from trendspark_cli.base.console import printable, short_time, shortened
from trendspark_cli.base.errors import UsageError
from trendspark_cli.cli.options import LARGEST_ID, JsonFlag, LimitOption, require_one_of, sub_app, this_installation
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.outbox import ListedAlert

app = sub_app("Alerts: waiting, sent, and those that never will be.")
EVENTS = {"open": "opened", "grown": "grown", "closed": "over"}
CATEGORIES = {
    "trending_alert": "trends",
    "daily_ideas": "brief",
    "job_alert": "job",
    "api_alert": "service",
    "budget_alert": "money",
    "manual_test": "test",
}
STATUSES = ("pending", "sending", "sent", "digested", "dead", "expired", "muted")
AlertId = Annotated[int | None, typer.Argument(min=1, max=LARGEST_ID, help="An alert's id, as `alerts list` shows it.")]
AllFlag = Annotated[bool, typer.Option("--all", help="Every alert this applies to.")]


@app.command("list")
def list_(
    limit: LimitOption = 20,
    status: Annotated[str | None, typer.Option(help=f"Only these: {', '.join(STATUSES)}.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List alerts, newest first."""
    installed = this_installation("alerts", is_json=as_json)

    def action(store: Store) -> None:
        require_one_of("--status", status, STATUSES)
        alerts = store.notifications.listing(limit, status)
        if as_json:
            installed.output.data({"alerts": [found._asdict() for found in alerts]})
            return
        installed.output.table(
            ("id", "queued", "about", "alert", "status", "attempts", "error"),
            [
                (
                    found.id,
                    short_time(found.created_at),
                    _about(found),
                    shortened(found.title, 60),
                    found.status,
                    found.attempts,
                    shortened(found.error or "", 80),
                )
                for found in alerts
            ],
            less_needed=("attempts", "error", "about"),
            texts=("alert", "error"),
            nothing="no alert was queued yet",
        )

    raise typer.Exit(read_only(installed, "alerts list", action))


def _about(alert: ListedAlert) -> str:
    """Return what an alert tells: that a trend opened, has grown or is over; of others what they are about."""
    event = alert.dedupe_key.split(":")[2:3] if alert.dedupe_key.startswith("trend:") else []
    category = CATEGORIES.get(alert.category, alert.category)
    return EVENTS.get(event[0], category) if event else category


@app.command()
def show(
    alert: Annotated[int, typer.Argument(min=1, max=LARGEST_ID, help="An alert's id.")], as_json: JsonFlag = False
) -> None:
    """Show one alert with its text and what became of it."""
    installed = this_installation("alerts", is_json=as_json)

    def action(store: Store) -> None:
        found = store.notifications.get(alert)
        if found is None:
            raise UsageError(f"alert {alert} does not exist", hint="see `trendspark alerts list`")
        if as_json:
            installed.output.data(found._asdict())
            return
        for name, value in found._asdict().items():
            if name != "body" and value is not None:
                text = f"{value:.1f}" if isinstance(value, float) else printable(str(value))
                shown = short_time(text) if name.endswith("_at") else text
                installed.output.line(f"{name.replace('_', ' ')}: {shown}")
        for line in plain_text(found.body).splitlines():
            installed.output.prose(line, indent=2)

    raise typer.Exit(read_only(installed, "alerts show", action))


@app.command()
def retry(alert: AlertId = None, every: AllFlag = False) -> None:
    """Let a dead alert wait to be sent again."""
    installed = this_installation("alerts")
    _change("retry", alert, every, lambda store, chosen: store.notifications.revive(chosen, installed.clock()))


@app.command()
def drop(alert: AlertId = None, every: AllFlag = False) -> None:
    """Give up a waiting or dead alert."""
    _change("drop", alert, every, lambda store, chosen: store.notifications.drop(chosen))


def _change(verb: str, alert: int | None, every: bool, action: Callable[[Store, int | None], int]) -> None:
    installed = this_installation("alerts")

    def changed(store: Store) -> None:
        if (alert is None) != every:
            raise UsageError(f"alerts {verb}: expected one alert's id, or --all")
        count = action(store, alert)
        if alert is not None and count == 0:
            raise UsageError(f"alert {alert} cannot be changed like this", hint="see `trendspark alerts list`")
        installed.output.line(f"{count} alert{'' if count == 1 else 's'} changed")

    raise typer.Exit(change(installed, f"alerts {verb}", changed))
