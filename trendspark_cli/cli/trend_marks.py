"""`trendspark trends marks list|clear`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.with_store import change, read_only
from trendspark_cli.base.errors import UsageError
from trendspark_cli.cli.options import LARGEST_ID, JsonFlag, LimitOption, sub_app, this_installation
from trendspark_cli.store.protocol import Store

app = sub_app("What people said of trends.")


@app.command("list")
def list_(limit: LimitOption = 20, as_json: JsonFlag = False) -> None:
    """List marks, the newest first: what they are of, and who made them."""
    from trendspark_cli.screens.interest import show_marks

    installed = this_installation("trends", is_json=as_json)

    def action(store: Store) -> None:
        marks = store.trends.verdicts()
        show_marks(marks[::-1][:limit], len(marks), installed.output)

    raise typer.Exit(read_only(installed, "trends marks list", action))


@app.command()
def clear(
    trend: Annotated[
        int | None, typer.Argument(min=1, max=LARGEST_ID, help="The trend whose mark is taken back.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Take back every mark.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Take back the mark of a trend, or every mark: it orders nothing any more."""
    installed = this_installation("trends", is_json=as_json)

    def action(store: Store) -> None:
        if (trend is None) != all_:
            raise UsageError("expected a trend, or --all", hint="see `trendspark trends marks list`")
        taken = store.trends.clear_verdicts(trend)
        if not taken and trend is not None:
            raise UsageError(f"trend {trend} has no mark", hint="see `trendspark trends marks list`")
        if as_json:
            installed.output.data({"marks_cleared": taken})
        elif not installed.output.is_quiet:
            installed.output.prose(f"marks taken back: {taken}; lists follow with the next run of `rank`")

    raise typer.Exit(change(installed, "trends marks clear", action))
