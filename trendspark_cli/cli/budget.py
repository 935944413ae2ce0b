"""`trendspark budget`."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime
from typing import Any

import typer

from trendspark_cli.cli.options import JsonFlag, here, sub_app
from trendspark_cli.clock import to_text
from trendspark_cli.store.protocol import Store
from trendspark_cli.wiring import look, read_limits

app = sub_app()


@app.command()
def budget(as_json: JsonFlag = False) -> None:
    """Show what was spent this day and month (UTC), and what the ceilings leave."""
    installed = here("budget", is_json=as_json)
    price = installed.settings.x_price_per_read_usd
    today = to_text(installed.clock())[:10]

    def row(store: Store, service: str, period: str, limit: int) -> dict[str, Any]:
        first = today if period == "day" else f"{today[:8]}01"
        used, reserved = store.spend.used_only(service, first, today), store.spend.reserved(service, first, today)
        return {
            "service": service,
            "period": period,
            "used": used,
            "reserved": reserved,
            "limit": limit,
            "forecast": round(used / elapsed(installed.clock(), period)),
            "used_usd": round(used * price, 4),
            "limit_usd": round(limit * price, 2),
        }

    def action(store: Store) -> None:
        rows = [row(store, *key, limit) for key, limit in read_limits(installed.settings).items()]
        if installed.output.is_json:
            installed.output.data({"budget": rows})
            return
        installed.output.table(tuple(rows[0]), [tuple(row.values()) for row in rows])

    raise typer.Exit(look(installed, "budget", action))


def elapsed(now: datetime, period: str) -> float:
    """Return which part of this UTC day or month is over; at least an hour of a day, so that forecasts stay sane."""
    day = max(1 / 24, (now.hour * 60 + now.minute) / 1440)
    return day if period == "day" else (now.day - 1 + day) / monthrange(now.year, now.month)[1]
