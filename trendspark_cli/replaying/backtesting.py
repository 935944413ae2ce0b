"""`backtest`: past posts of a file, the database or an archive, ranked again; a line for each tick, or a summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.console import Output, row_progress
from trendspark_cli.errors import IntegrityError, TrendSparkError
from trendspark_cli.rank_rules import Experience, experience
from trendspark_cli.ranking.replay import Replay, ReplayPost
from trendspark_cli.ranking.retelling import line_of, retell
from trendspark_cli.ranking.ticks import TICKS_PER_DAY, tick_of
from trendspark_cli.ranking.words import LONGEST_TEXT
from trendspark_cli.replaying.lines import called, decoded, print_lines, read_lines
from trendspark_cli.replaying.past_counters import Watched, archived_posts_and_looks, stored_looks
from trendspark_cli.replaying.past_posts import stored_posts
from trendspark_cli.replaying.rehearsing import Plan, Question, rehearse
from trendspark_cli.screens.rehearsals import show_outcome
from trendspark_cli.settings import Settings
from trendspark_cli.store.protocol import Store

MOST_SOURCES = 100  # in one file
EARLIEST_YEAR, LATEST_YEAR = 1970, 9000
LONGEST_SILENCE_DAYS = 400  # between two posts; each day of it is 96 lines of output, and a year 9999 would be endless


class PastPost(msgspec.Struct):
    """One line: the form of the evaluation (`id`) or our own (`source_id`). Other fields are ignored."""

    source: str
    created_at: datetime
    text: str
    id: str | int | None = None
    source_id: str | int | None = None
    author: str | None = None
    community: str | None = None


def backtest(path: str) -> int:
    """Rank the posts of *path* (`-`: standard input), print one line for each tick, and return the exit code."""
    replayed = Replay()
    retold = retell(read_past_posts(read_lines(path), path), replayed)
    return print_lines(line_of(tick_end, told, replayed.posts) for tick_end, told in retold)


def sum_up_file(path: str, asked: Question, settings: Settings, output: Output) -> int:
    """Print which topics of the posts of a file would have fired, and return the exit code."""
    try:
        plan = asked.plan(settings, Experience(), are_posts_forecast=False)
        end = None if plan.until is None else int(plan.until.timestamp())
        posts = (post for post in read_past_posts(read_lines(path), path) if end is None or post.row[4] < end)
        _sum_up(posts, 0, plan, output)
    except TrendSparkError as error:
        output.failure(error, where="backtest", exit_code=error.exit_code)
        return error.exit_code
    return 0


def sum_up_database(store: Store, asked: Question, settings: Settings, output: Output, now: datetime) -> None:
    """Print what would have fired of the posts of the database, and of their counters."""
    plan = asked.plan(settings, experience(store, now))
    first, end = plan.read_from, plan.until or now
    posts = store.posts.count_between(int(first.timestamp()), int(end.timestamp()))
    _sum_up(stored_posts(store, first, end), posts, plan, output, stored_looks(store, first, end))


def sum_up_archive(archive: ArchivedPosts, plan: Plan, output: Output, now: datetime) -> None:
    """Print what would have fired of archived posts, and of the counters that are in the same files."""
    posts = sum(part.rows for part in archive.manifests)
    ranked, watched = archived_posts_and_looks(archive, plan.read_from, plan.until or now)
    _sum_up(ranked, posts, plan, output, watched)


def _sum_up(
    posts: Iterable[ReplayPost], about: int, plan: Plan, output: Output, watched: Watched | None = None
) -> None:
    """Rank *about* so many posts again, and print what came of it."""
    with row_progress(output) as progress:
        progress.begin("posts", about)
        outcome = rehearse(posts, plan.rules, plan.since, progress, watched)
    show_outcome(outcome, output)


def read_past_posts(lines: Iterable[bytes], path: str) -> Iterator[ReplayPost]:
    """Yield the posts of NDJSON lines sorted by time; one that is older than those before counts as late.

    Raises IntegrityError, naming the line, for one that is not a post or is far ahead of the others.
    """
    newest: int | None = None
    sources: set[str] = set()
    for number, post in decoded(lines, PastPost, path, _FORM):
        sources.add(post.source)
        refuse = _refuser(f"line {number} of {called(path)}")
        name = post.id if post.id is not None else post.source_id
        if name is None:
            raise refuse("has no `id`", _FORM)
        if len(sources) > MOST_SOURCES:
            raise refuse(f"names source {post.source!r}, one more than the {MOST_SOURCES} there may be", _SOURCES)
        if not EARLIEST_YEAR <= post.created_at.year <= LATEST_YEAR:
            raise refuse(f"is of {post.created_at}", f"expected a year from {EARLIEST_YEAR} to {LATEST_YEAR}")
        created = int((post.created_at if post.created_at.tzinfo else post.created_at.replace(tzinfo=UTC)).timestamp())
        if newest is not None and tick_of(created) - tick_of(newest) > LONGEST_SILENCE_DAYS * TICKS_PER_DAY:
            silence = f"more than {LONGEST_SILENCE_DAYS} days after the post before it"
            raise refuse(
                f"is of {post.created_at}, {silence}", "correct or remove that line, and sort the file by time"
            )
        newest = created if newest is None else max(newest, created)
        row = (number, post.source, post.author, post.community, created, post.text[:LONGEST_TEXT])
        yield ReplayPost(str(name), row)


def _refuser(line: str) -> Callable[[str, str], IntegrityError]:
    """Return what makes an error of a line, given what is wrong with it and what to do."""
    return lambda wrong, hint: IntegrityError(f"{line} {wrong}", hint=hint)


_SOURCES = "`source` says which service a post is of, such as x; the place within it is its `community`"
_FORM = (
    'each line is {"id", "source", "created_at", "text"} and, if known, "author" and "community"; '
    "sort the file by `created_at`"
)
