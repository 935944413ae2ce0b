"""`trendspark backtest`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.cli.options import sub_app

app = sub_app()


@app.command()
def backtest(
    file: Annotated[str, typer.Argument(help="NDJSON posts sorted by time, plain or .gz; - for stdin.")] = "-",
    tick: Annotated[int, typer.Option(min=900, max=900, help="Seconds of a tick; only 900.")] = 900,
) -> None:
    """Rank past posts tick by tick, without look-ahead; print one line of JSON for each tick. Nothing is stored."""
    from trendspark_cli.backtesting import backtest as rank_past_posts

    raise typer.Exit(rank_past_posts(file))
