"""`trendspark audit`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.with_store import read_only
from trendspark_cli.base.console import short_time, shortened
from trendspark_cli.cli.options import JsonFlag, LimitOption, sub_app, this_installation
from trendspark_cli.store.protocol import Store

app = sub_app()


@app.command()
def audit(
    limit: LimitOption = 20,
    source: Annotated[str | None, typer.Option(help="Only pages of this source: x, reddit or file.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show recent pages: what each held, what was stored, what was refused and why."""
    installed = this_installation("audit", is_json=as_json)

    def action(store: Store) -> None:
        rows = store.audit.recent(limit, source)
        if installed.output.is_json:
            installed.output.data({"audit": [{**row._asdict(), "rejected": row.rejections} for row in rows]})
            return
        columns = ("at", "run", "profile", "source", "query", "fetched", "new", "updated", "rejected", "reads", "usd")
        installed.output.table(
            (*columns, "error"),
            [
                (
                    short_time(row.created_at),
                    row.cycle_id,
                    row.profile,
                    row.source,
                    shortened(row.query, 40),
                    row.fetched,
                    row.new,
                    row.updated,
                    _rejected(row.rejections),
                    row.reads,
                    f"{row.cost:.3f}",
                    shortened(row.error or "", 60),
                )
                for row in rows
            ],
            less_needed=("profile", "updated", "reads", "usd", "run", "rejected", "query", "error"),
            texts=("query", "error"),
            nothing="no page was read yet",
        )

    raise typer.Exit(read_only(installed, "audit", action))


def _rejected(by_reason: dict[str, object]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in by_reason.items() if reason != "items")
