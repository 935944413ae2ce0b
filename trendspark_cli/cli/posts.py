"""`trendspark posts search|forget|why`."""

from __future__ import annotations

from typing import Annotated

import typer

from trendspark_cli.app.with_store import work
from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.given_times import span
from trendspark_cli.cli.lazy_group import ExcludingCommand
from trendspark_cli.cli.options import JsonFlag, require_one_of, sub_app, this_installation
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.store.protocol import Store

app = sub_app("Posts that were collected.")
MOST_FOUND = 100_000  # are held in memory at once


@app.callback()
def posts() -> None:
    """Posts that were collected."""


@app.command(cls=ExcludingCommand)
def search(
    words: Annotated[
        list[str], typer.Argument(help="Words that must all be in a post, '\"a phrase\"', beginn*, -excluded.")
    ],
    limit: Annotated[int, typer.Option(min=1, max=MOST_FOUND, help="Posts to show.")] = 20,
    source: Annotated[str | None, typer.Option(help="Only posts of this source.")] = None,
    since: Annotated[str, typer.Option(help="Only those posted then or later: a time (UTC), or `7d`.")] = "",
    until: Annotated[str, typer.Option(help="Only those posted before: a time (UTC), or an age.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Find live posts by their words, the newest first; spellings of a word are one, as in ranking."""
    from trendspark_cli.app.with_store import read_only
    from trendspark_cli.ranking.text.searching import read_query
    from trendspark_cli.screens.found_posts import show_found

    installed = this_installation("posts", is_json=as_json)

    def action(store: Store) -> None:
        try:
            query = read_query(" ".join(words))
        except ValueError as error:
            raise UsageError(str(error), hint="see `trendspark help posts search`") from error
        begins, ends = span(since, until, installed.clock())
        found = store.search.search(query, source, begins, ends, limit + 1)
        show_found(store, installed.output, found, limit)

    raise typer.Exit(read_only(installed, "posts search", action))


@app.command()
def forget(
    source: Annotated[str, typer.Option(help=f"Where the post is from: {', '.join(SOURCES)}, or as a file named it.")],
    post_id: Annotated[str, typer.Option("--id", help="The post's id there.")] = "",
    author: Annotated[str, typer.Option(help="The author's name or id; all their posts go, and both names.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Remove a post, or all posts of an author, and let none of them come back from an archive or the service."""
    from trendspark_cli.collecting.forgetting import forget_posts

    installed = this_installation("posts", is_json=as_json)

    def action(store: Store) -> None:
        if not store.tombstones.knows_source(source):
            require_one_of("--source", source, SOURCES)
        if bool(post_id) == bool(author):
            raise UsageError("say which: --id or --author")
        is_new, count = forget_posts(store, source, post_id, author, installed.clock())
        if as_json:
            installed.output.data({"forgotten": count, "new": is_new})
            return
        installed.output.line(f"{count} live posts removed; none comes back")
        if count == 0 and is_new:
            installed.output.line("no live post matched: check the spelling if there should have been one")

    locks = ("archive",) if author else ()  # a restore could bring back a post that was looked for already
    raise typer.Exit(work(installed, "posts forget", action, locks=locks))


@app.command()
def why(
    post: Annotated[str, typer.Argument(help="The post's address, or SOURCE:ID, such as x:123 or reddit:1abcd2.")],
    as_json: JsonFlag = False,
) -> None:
    """Say what became of a post: seen, matched, scored, in which trend, and held back by which rule."""
    from trendspark_cli.app.with_store import read_only
    from trendspark_cli.screens.posts import show_reasons
    from trendspark_cli.trends.post_reasons import Asked, reasons
    from trendspark_cli.trends.rank_rules import experience, lifecycle_rules

    installed = this_installation("posts", is_json=as_json)

    def action(store: Store) -> None:
        now = installed.clock()
        rules = lifecycle_rules(installed.settings, experience(store))
        show_reasons(reasons(Asked(store, rules, installed.settings.alert_recency, now), post), installed.output)

    raise typer.Exit(read_only(installed, "posts why", action))
