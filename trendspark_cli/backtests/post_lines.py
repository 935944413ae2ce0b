"""Past posts of a file: read with care, and ranked once more tick by tick."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from trendspark_cli.backtests.lines import called, decoded, read_lines
from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICKS_PER_DAY, tick_of
from trendspark_cli.ranking.past.replay import Replay, ReplayPost
from trendspark_cli.ranking.past.tick_reports import line_of, report_ticks
from trendspark_cli.ranking.text.words import LONGEST_TEXT

MOST_SOURCES = 100  # in one file
EARLIEST_YEAR, LATEST_YEAR = 1970, 9000
LONGEST_SILENCE_DAYS = 400  # between two posts; each day of it is 96 lines of output, and a year 9999 would be endless


class PostLine(msgspec.Struct):
    """One line: the form of the evaluation (`id`) or our own (`source_id`). Other fields are ignored."""

    source: str
    created_at: datetime
    text: str
    id: str | int | None = None
    source_id: str | int | None = None
    author: str | None = None
    community: str | None = None


def tick_lines(path: str) -> Iterator[str]:
    """Yield one line of JSON for each tick of the posts of *path* (`-`: standard input), as they are ranked."""
    replayed = Replay()
    reports = report_ticks(read_past_posts(read_lines(path), path), replayed)
    return (line_of(tick_end, reported, replayed.posts) for tick_end, reported in reports)


def read_past_posts(lines: Iterable[bytes], path: str) -> Iterator[ReplayPost]:
    """Yield the posts of NDJSON lines sorted by time; one that is older than those before counts as late.

    Raises IntegrityError, naming the line, for one that is not a post or is far ahead of the others.
    """
    newest: int | None = None
    sources: set[str] = set()
    for number, post in decoded(lines, PostLine, path, _FORM):
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
        row = PostRow(number, post.source, post.author, post.community, created, post.text[:LONGEST_TEXT])
        yield ReplayPost(str(name), row)


def _refuser(line: str) -> Callable[[str, str], IntegrityError]:
    """Return what makes an error of a line, given what is wrong with it and what to do."""
    return lambda wrong, hint: IntegrityError(f"{line} {wrong}", hint=hint)


_SOURCES = "`source` says which service a post is of, such as x; the place within it is its `community`"
_FORM = (
    'each line is {"id", "source", "created_at", "text"} and, if known, "author" and "community"; '
    "sort the file by `created_at`"
)
