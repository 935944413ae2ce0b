"""`trendspark gaps list`."""

from __future__ import annotations

import typer

from trendspark_cli.cli.options import JsonFlag, LimitOption, here, sub_app
from trendspark_cli.console import shortened
from trendspark_cli.store.protocol import Store
from trendspark_cli.wiring import look

app = sub_app("Ranges that were not read.")


@app.callback()
def gaps() -> None:
    """Ranges that were not read."""


@app.command("list")
def list_(limit: LimitOption = 20, as_json: JsonFlag = False) -> None:
    """List ranges that are known not to have been read; `ingest` comes back for the open ones."""
    installed = here("gaps", is_json=as_json)

    def action(store: Store) -> None:
        rows = store.gaps.recent(limit)
        if installed.output.is_json:
            installed.output.data({"gaps": rows})
            return
        installed.output.table(
            ("id", "state", "source", "query", "after", "before", "reason", "since"),
            [
                (
                    row["id"],
                    row["state"],
                    row["source"],
                    shortened(row["query"], 40),
                    row["since_id"],
                    row["until_id"],
                    row["reason"],
                    row["created_at"][:19] + "Z",
                )
                for row in rows
            ],
        )

    raise typer.Exit(look(installed, "gaps list", action))
