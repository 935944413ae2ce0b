"""Rank posts as `backtest` ranks those that are piped in, but read out of a database: lines and bytes are equal.

    python scripts/ranked_from_store.py sqlite < POSTS
    python scripts/ranked_from_store.py postgresql://USER@HOST/postgres < POSTS

`ingest --from` reads them into a database that is made for that, and dropped after it; so the user may create some.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.installation import Installation, make_folders
from tests.servers.postgres import Databases
from trendspark_cli.backtests.past_posts import POSTS_PER_READ, stored_posts
from trendspark_cli.ranking.past.replay import Replay, ReplayPost
from trendspark_cli.ranking.past.tick_reports import line_of, report_ticks
from trendspark_cli.screens.backtests import print_lines
from trendspark_cli.store.protocol import Store

SQLITE = "sqlite"
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
LONGEST_SECONDS = 7200.0


def ranked_lines(where: str, posts: Path, folder: Path) -> Iterator[str]:
    """Yield the lines of `backtest` for a file of posts that was read into a new database: *where* there can be one."""
    home = folder / "home"
    make_folders(home)
    with new_database(where, home) as url:
        here = Installation(home, {"DATABASE_URL": url})
        for words in (("db", "init"), ("ingest", "--from", str(posts))):
            done = here.command(*words, seconds=LONGEST_SECONDS)
            assert done.exit_code == 0, done.stderr
        with closing(here.store(read_only=True)) as store:
            replayed = Replay()
            ticks = report_ticks(named_posts(store), replayed, ())
            yield from (line_of(tick_end, reported, replayed.posts) for tick_end, reported in ticks)


def named_posts(store: Store) -> Iterator[ReplayPost]:
    """Yield all posts of a store, called as their source calls them."""
    posts = stored_posts(store, FIRST, LAST)
    while some := list(islice(posts, POSTS_PER_READ)):
        names = {post.id: post.source_id for post in store.posts.by_ids([each.row.id for each in some])}
        yield from (ReplayPost(names[each.row.id], each.row) for each in some)


@contextmanager
def new_database(where: str, home: Path) -> Iterator[str]:
    """Yield the URL of a database of its own: a file in *home*, or one of a server, which is dropped then."""
    if where == SQLITE:
        yield f"sqlite:///{home}/trendspark.db"
        return
    with closing(Databases(where)) as databases:
        name = f"ranked_{uuid4().hex}"
        try:
            yield databases.create(name)
        finally:
            databases.drop(name)


def main() -> int:
    """Rank the posts of stdin."""
    with TemporaryDirectory(prefix="trendspark-ranked-") as folder:
        posts = Path(folder) / "posts.ndjson"
        with posts.open("wb") as target:
            shutil.copyfileobj(sys.stdin.buffer, target)
        return print_lines(ranked_lines(sys.argv[1], posts, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
