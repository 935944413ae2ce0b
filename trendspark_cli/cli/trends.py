"""`trendspark trends list|show|explain|export|mark|marks`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from trendspark_cli.app.installation import Installation
from trendspark_cli.app.with_store import change, read_only
from trendspark_cli.base.given_times import span
from trendspark_cli.cli import trend_marks
from trendspark_cli.cli.completing import trend_ids
from trendspark_cli.cli.options import (
    LARGEST_ID,
    JsonFlag,
    LimitOption,
    person,
    require_one_of,
    sub_app,
    this_installation,
)
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, Kind, TrendState
from trendspark_cli.store.protocol import Store

app = sub_app("What is trending, and why.")
app.add_typer(trend_marks.app, name="marks")
TrendId = Annotated[
    int,
    typer.Argument(min=1, max=LARGEST_ID, help="A trend's id, as `trends list` shows it.", autocompletion=trend_ids),
]


TrendOrWord = Annotated[
    str,
    typer.Argument(help="A trend's id, or words of its label or terms.", autocompletion=trend_ids),
]


@app.command("list")
def list_(
    limit: LimitOption = 20,
    state: Annotated[str | None, typer.Option(help="Only `open` or only `closed` ones.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="Only those of this kind: `topic`, `post`, `volume` or `silence`.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Only those with posts of this source.")] = None,
    term: Annotated[str, typer.Option(help="Only those whose label or terms hold these words.")] = "",
    since: Annotated[str, typer.Option(help="Only those that lived then or later: a time (UTC), or `7d`.")] = "",
    until: Annotated[str, typer.Option(help="Only those that began before: a time (UTC), or an age.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """List trends: open ones first, the strongest first; ★ marks those about a term of a watchlist."""
    installed = this_installation("trends", is_json=as_json)

    from trendspark_cli.screens.asked_trends import fits_of

    def action(store: Store) -> None:
        require_one_of("--state", state, [one.value for one in TrendState])
        require_one_of("--kind", kind, get_args(Kind))
        begins, ends = span(since, until, installed.clock())
        fits = fits_of(term, source)
        found = store.trends.listing(limit, state, kind=kind, since=begins, until=ends, fits=fits)
        is_choice = any((state, kind, source, term, since, until))
        _list(installed, store, found, state, is_choice=is_choice)

    raise typer.Exit(read_only(installed, "trends list", action))


def _list(
    installed: Installation,
    store: Store,
    trends: Sequence[AnyTrend],
    state: str | None = None,
    *,
    is_choice: bool = False,
) -> None:
    from trendspark_cli.base.profiles import read_profiles
    from trendspark_cli.screens.trends import list_trends

    profiles = read_profiles(installed.settings, store.profiles.all())
    watchlist = {term for profile in profiles for term in profile.watchlist}
    now = installed.clock()
    list_trends(store, installed.output, now, trends, state=state, watchlist=watchlist, is_choice=is_choice)


@app.command()
def show(trend: TrendOrWord, as_json: JsonFlag = False) -> None:
    """Show one trend with its curve and example posts; or list those a word fits."""
    from trendspark_cli.screens.trends import show_trend

    _one(trend, as_json, lambda installed, store, found: show_trend(store, installed.output, found))


@app.command()
def explain(trend: TrendOrWord, as_json: JsonFlag = False) -> None:
    """Show why one trend is one: each term's counts, what is usual, and what would have been enough."""
    from trendspark_cli.screens.trends import explain_trend
    from trendspark_cli.trends.interest import OperatorInterest, interest_names
    from trendspark_cli.trends.rank_rules import reason_of_trend

    def explained(installed: Installation, store: Store, found: AnyTrend) -> None:
        names = interest_names(installed.settings, store.profiles.all())
        moved_by = OperatorInterest(store, names, installed.clock()).reasons(found)
        explain_trend(store, installed.output, found, reason_of_trend(store, found), moved_by)

    _one(trend, as_json, explained)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="An existing folder; `trends` and `trend_counts` are written there.")],
    form: Annotated[str, typer.Option("--format", help="`csv` or `parquet`.")] = "csv",
    since: Annotated[str, typer.Option(help="Only those that lived then or later: a time (UTC), or `7d`.")] = "",
    until: Annotated[str, typer.Option(help="Only those that began before: a time (UTC), or an age.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Write trends and their curves as two files, in place of those of an earlier export."""
    from trendspark_cli.reports.trend_words import counted
    from trendspark_cli.screens.trend_export import Format, export_trends

    installed = this_installation("trends", is_json=as_json)

    def action(store: Store) -> None:
        require_one_of("--format", form, get_args(Format))
        begins, ends = span(since, until, installed.clock())
        written = export_trends(store, folder, cast(Format, form), begins, ends)
        if as_json:
            installed.output.data({"files": [file._asdict() for file in written]})
        elif not installed.output.is_quiet:
            for file in written:
                installed.output.line(f"{file.path}: {counted(file.rows, 'row')}")

    raise typer.Exit(read_only(installed, "trends export", action))


@app.command()
def mark(
    trend: TrendId,
    verdict: Annotated[str, typer.Argument(help="`good` or `noise`: whether you wanted to hear of it.")],
    note: Annotated[str, typer.Option(help="Why, for those who see it; up to 500 characters.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Say what a trend was worth: once five are marked, they order those that are sure; `calibrate` counts noise."""
    from trendspark_cli.trends.verdicts import CONSEQUENCES, keep_verdict

    installed = this_installation("trends", is_json=as_json)

    def action(store: Store) -> None:
        kept = keep_verdict(store, trend, verdict, note, installed.clock(), person())
        if as_json:
            installed.output.data(kept._asdict())
        elif not installed.output.is_quiet:
            installed.output.prose(f"trend {trend} is marked as {verdict}: {CONSEQUENCES[verdict]}")

    raise typer.Exit(change(installed, "trends mark", action))


def _one(asked: str, as_json: bool, action: Callable[[Installation, Store, AnyTrend], None]) -> None:
    """Do something with the trend that is meant; of a word that fits several, list them."""
    from trendspark_cli.screens.asked_trends import meant

    installed = this_installation("trends", is_json=as_json)

    def act(store: Store) -> None:
        found = meant(store, asked)
        if len(found) == 1:
            action(installed, store, found[0])
        else:
            _list(installed, store, found)

    raise typer.Exit(read_only(installed, "trends", act))
