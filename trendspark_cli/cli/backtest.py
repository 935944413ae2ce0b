"""`trendspark backtest`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from trendspark_cli.cli.options import sub_app

app = sub_app()


@app.command()
def backtest(
    tick: Annotated[int, typer.Option(min=900, max=900, help="Seconds of a tick; only 900.")] = 900,
) -> None:
    """Rank past posts from standard input tick by tick, without look-ahead; print one JSON line for each tick."""
    from trendspark_cli.ranking.replay import Replay, line_of, read_posts, replay

    replayed = Replay()
    for tick_end, topics in replay(read_posts(sys.stdin), replayed):
        sys.stdout.write(line_of(tick_end, topics, replayed.names) + "\n")
