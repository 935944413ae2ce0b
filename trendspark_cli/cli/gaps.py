"""`trendspark gaps list|fill`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.run import run
from trendspark_cli.app.with_store import read_only
from trendspark_cli.base.console import short_time, shortened, show_rows
from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.models import RunResult
from trendspark_cli.cli.options import (
    JsonFlag,
    LimitOption,
    QuietFlag,
    VerboseFlag,
    refuse,
    require_profiles,
    sub_app,
    this_installation,
)
from trendspark_cli.store.protocol import Store

app = sub_app("Ranges that were not read.")


@app.command("list")
def list_(limit: LimitOption = 20, as_json: JsonFlag = False) -> None:
    """List ranges that are known not to have been read; `ingest` comes back for the open ones."""
    installed = this_installation("gaps", is_json=as_json)

    def action(store: Store) -> None:
        gaps = store.gaps.recent(limit)
        if installed.output.is_json:
            installed.output.data({"gaps": [gap._asdict() for gap in gaps]})
            return
        installed.output.table(
            ("id", "state", "profile", "source", "query", "after", "before", "reason", "since"),
            [
                (
                    gap.id,
                    gap.state,
                    gap.profile,
                    gap.source,
                    shortened(gap.query, 40),
                    gap.since_id,
                    gap.until_id,
                    gap.reason,
                    short_time(gap.created_at),
                )
                for gap in gaps
            ],
            less_needed=("profile", "after", "before", "since", "reason"),
            texts=("query",),
            nothing="no gap: all that was there has been read",
        )

    raise typer.Exit(read_only(installed, "gaps list", action))


@app.command()
def fill(
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Posts to read at most, of each query.")] = None,
    profile: Annotated[list[str] | None, typer.Option(help="Fill only gaps of this profile; may be repeated.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would cost; read nothing.")] = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Read what is known not to have been read, within the ceilings; what X no longer searches is marked as lost."""
    from trendspark_cli.app.job_bodies import gaps_body
    from trendspark_cli.app.job_parts import gap_parts

    installed = this_installation("gaps", is_json=as_json, quiet=quiet, verbose=verbose)
    try:
        require_profiles(installed, profile)
    except UsageError as error:
        refuse(installed, "gaps fill", error)

    def show(result: RunResult) -> None:
        show_rows(result, installed.output, "estimates")

    body, parts = gaps_body(limit=limit, profiles=profile or []), gap_parts(installed.settings, profile or [])
    raise typer.Exit(run(installed, "ingest", body, is_dry=dry_run, parts=parts, show=show))
