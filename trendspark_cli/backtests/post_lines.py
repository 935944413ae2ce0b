"""Past posts of a file or a pipe: read with care, and ranked once more tick by tick."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from trendspark_cli.backtests.lines import called, decoded, read_lines
from trendspark_cli.backtests.sorted_posts import sorted_posts
from trendspark_cli.base.clock import duration_words, from_text
from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.base.models import Post
from trendspark_cli.base.texts import clean_or_none, clean_text, is_placeholder
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import LONGEST_WINDOW_SECONDS, TICKS_PER_DAY, tick_of
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


def tick_lines(path: str, interest: Sequence[str] = ()) -> Iterator[str]:
    """Yield one line of JSON for each tick of the posts that are piped in, as they are ranked.

    Each line that is read is answered before the next one is asked for. `interest`: names of what matters.
    """
    return _lines_of(read_past_posts(read_lines(path), path), interest)


def tick_lines_of_posts(posts: Iterable[Post], path: str, interest: Sequence[str] = ()) -> Iterator[str]:
    """Yield one line of JSON for each tick of the posts of a file, in whatever order they are."""
    return _lines_of(past_posts(posts, path), interest)


def _lines_of(posts: Iterable[ReplayPost], interest: Sequence[str]) -> Iterator[str]:
    replayed = Replay(learns=bool(interest))
    ticks = report_ticks(posts, replayed, interest)
    return (line_of(tick_end, reported, replayed.posts) for tick_end, reported in ticks)


def read_past_posts(lines: Iterable[bytes], path: str) -> Iterator[ReplayPost]:
    """Yield the posts of NDJSON lines sorted by time; one that is a little older than those before counts as late.

    They are what `ingest --from` makes of them: what stands in place of a deleted text is no post.

    Raises IntegrityError, naming the line, for one that is not a post, or is far ahead of the others or behind them.
    """
    order = _Order()
    for number, post in decoded(lines, PostLine, path, _FORM):
        place = f"line {number} of {called(path)}"
        name = post.id if post.id is not None else post.source_id
        if name is None:
            raise IntegrityError(f"{place} has no `id`", hint=_FORM)
        created = order.checked(place, post.source, post.created_at)
        text = clean_text(post.text[:LONGEST_TEXT])
        if is_placeholder(text):
            continue
        row = PostRow(number, post.source, clean_or_none(post.author), clean_or_none(post.community), created, text)
        yield ReplayPost(str(name), row)


def past_posts(posts: Iterable[Post], path: str) -> Iterator[ReplayPost]:
    """Yield the posts of a file, oldest first.

    Raises IntegrityError, naming the post, for one that is far ahead of the others.
    """
    order = _Order()
    for number, post in enumerate(sorted_posts(posts), 1):
        created = order.checked(f"post {post.source_id!r} of {called(path)}", post.source, from_text(post.second))
        row = PostRow(number, post.source, post.author, post.community, created, post.text)
        yield ReplayPost(post.source_id, row)


class _Order:
    """Holds each post against those before it."""

    def __init__(self) -> None:
        self._newest: int | None = None
        self._sources: set[str] = set()

    def checked(self, place: str, source: str, created_at: datetime) -> int:
        """Return when the post at a place was made, in epoch seconds; raise IntegrityError when that cannot be."""
        self._sources.add(source)
        if len(self._sources) > MOST_SOURCES:
            what = f"names source {source!r}, one more than the {MOST_SOURCES} there may be"
            raise IntegrityError(f"{place} {what}", hint=_SOURCES)
        if not EARLIEST_YEAR <= created_at.year <= LATEST_YEAR:
            hint = f"expected a year from {EARLIEST_YEAR} to {LATEST_YEAR}"
            raise IntegrityError(f"{place} is of {created_at}", hint=hint)
        created = int((created_at if created_at.tzinfo else created_at.replace(tzinfo=UTC)).timestamp())
        newest = self._newest if self._newest is not None else created
        if tick_of(created) - tick_of(newest) > LONGEST_SILENCE_DAYS * TICKS_PER_DAY:
            raise IntegrityError(
                f"{place} is of {created_at}, more than {LONGEST_SILENCE_DAYS} days after the post before it",
                hint="correct or remove it, and sort the file by time",
            )
        if newest - created >= LONGEST_WINDOW_SECONDS:
            late = duration_words(timedelta(seconds=newest - created))
            raise IntegrityError(
                f"{place} is of {created_at}, {late} before another above it",
                hint="sort the lines by `created_at`, or give a file instead of a pipe: it is sorted first",
            )
        self._newest = max(newest, created)
        return created


_SOURCES = "`source` says which service a post is of, such as x; the place within it is its `community`"
_FORM = (
    'each line is {"id", "source", "created_at", "text"} and, if known, "author" and "community"; '
    "sort the file by `created_at`"
)
