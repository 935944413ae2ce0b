"""`trendspark trends list|show|explain|mark`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from trendspark_cli.app.with_store import change, read_only
from trendspark_cli.base.console import Output
from trendspark_cli.base.errors import UsageError
from trendspark_cli.cli.completing import trend_ids
from trendspark_cli.cli.options import LARGEST_ID, JsonFlag, LimitOption, person, sub_app, this_installation
from trendspark_cli.ranking.lifecycle.trends import AnyTrend
from trendspark_cli.store.protocol import Store

app = sub_app("What is trending, and why.")
TrendId = Annotated[
    int,
    typer.Argument(min=1, max=LARGEST_ID, help="A trend's id, as `trends list` shows it.", autocompletion=trend_ids),
]


@app.command("list")
def list_(
    limit: LimitOption = 20,
    state: Annotated[str | None, typer.Option(help="Only `open` or only `closed` ones.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List trends: open ones first, the strongest first; ★ marks those about a term of a watchlist."""
    from trendspark_cli.base.profiles import read_profiles
    from trendspark_cli.screens.trends import list_trends

    installed = this_installation("trends", is_json=as_json)

    def action(store: Store) -> None:
        if state not in (None, "open", "closed"):
            raise UsageError(f"--state {state!r}: expected open or closed")
        profiles = read_profiles(installed.settings, store.profiles.all())
        watchlist = {term for profile in profiles for term in profile.watchlist}
        list_trends(store, installed.output, installed.clock(), limit=limit, state=state, watchlist=watchlist)

    raise typer.Exit(read_only(installed, "trends list", action))


@app.command()
def show(trend: TrendId, as_json: JsonFlag = False) -> None:
    """Show one trend with example posts."""
    from trendspark_cli.screens.trends import show_trend

    _one(trend, as_json, show_trend)


@app.command()
def explain(trend: TrendId, as_json: JsonFlag = False) -> None:
    """Show why one trend is one: each term's counts, what is usual, and what would have been enough."""
    from trendspark_cli.screens.trends import explain_trend
    from trendspark_cli.trends.rank_rules import reason_of_trend

    def explained(store: Store, output: Output, found: AnyTrend) -> None:
        explain_trend(store, output, found, reason_of_trend(store, found))

    _one(trend, as_json, explained)


@app.command()
def mark(
    trend: TrendId,
    verdict: Annotated[str, typer.Argument(help="`good` or `noise`: whether you wanted to hear of it.")],
    note: Annotated[str, typer.Option(help="Why, for those who see it; up to 500 characters.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Say what a trend was worth: topics like one marked noise need more to open a trend; `calibrate` counts it."""
    from trendspark_cli.trends.verdicts import keep_verdict

    installed = this_installation("trends", is_json=as_json)

    def action(store: Store) -> None:
        kept = keep_verdict(store, trend, verdict, note, installed.clock(), person())
        if as_json:
            installed.output.data(kept._asdict())
        elif not installed.output.is_quiet:
            installed.output.line(f"trend {trend} is marked as {verdict}")

    raise typer.Exit(change(installed, "trends mark", action))


def _one(trend: int, as_json: bool, action: Callable[[Store, Output, AnyTrend], None]) -> None:
    installed = this_installation("trends", is_json=as_json)

    def act(store: Store) -> None:
        found = store.trends.get(trend)
        if found is None:
            raise UsageError(f"trend {trend} does not exist", hint="see `trendspark trends list`")
        action(store, installed.output, found)

    raise typer.Exit(read_only(installed, "trends", act))
