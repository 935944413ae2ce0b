"""Posts that were searched for, as people read them and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from trendspark_cli.base.console import Output, short_time
from trendspark_cli.reports.trend_json import author_of_each, shown_author
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.posts import StoredPost

SHOWN = ("source", "source_id", "community", "url", "text", "created_at", "collected_at")
COUNTERS = ("likes", "replies", "reposts", "quotes", "views")
COLUMNS = ("posted", "source", "author", "post", "link")


def show_found(store: Store, output: Output, posts: Sequence[StoredPost], limit: int) -> None:
    """Print posts, at most *limit*; one more says that there are more."""
    if output.is_json:
        output.data(found_json(store, posts, limit))
        return
    has_more, posts = len(posts) > limit, posts[:limit]
    names = store.authors.names(author_of_each(posts))
    output.table(
        COLUMNS,
        [(short_time(p.created_at), p.source, shown_author(p, names), " ".join(p.text.split()), p.url) for p in posts],
        less_needed=("link", "source", "author"),
        texts=("post",),
        nothing="no live post fits; those in the archive: `trendspark archives query`",
    )
    if has_more:
        output.prose(f"there are more than {limit} posts; see --limit, --since and --until")


def found_json(store: Store, posts: Sequence[StoredPost], limit: int) -> dict[str, object]:
    """Return posts as `posts search --json` prints them."""
    has_more, posts = len(posts) > limit, posts[:limit]
    names = store.authors.names(author_of_each(posts))
    found = [
        {"id": post.id, "author": shown_author(post, names), "author_id": post.author}
        | {name: getattr(post, name) for name in (*SHOWN, *COUNTERS)}
        for post in posts
    ]
    return {"posts": found, "has_more": has_more}
