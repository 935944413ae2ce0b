"""`backtest`: past posts from a file or a pipe, ranked tick by tick; one line of JSON for each tick."""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from trendspark_cli.console import Output
from trendspark_cli.errors import InputError, IntegrityError, TrendSparkError
from trendspark_cli.input_files import opened
from trendspark_cli.ranking.replay import Replay, ReplayPost, line_of, replay
from trendspark_cli.ranking.ticks import TICKS_PER_DAY, tick_of

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
    try:
        replayed = Replay()
        for tick_end, topics in replay(read_past_posts(_lines(path), path), replayed):
            sys.stdout.buffer.write(f"{line_of(tick_end, topics, replayed.names)}\n".encode())
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has had enough
    except TrendSparkError as error:
        sys.stdout.buffer.flush()
        Output().failure(error, where="backtest", exit_code=error.exit_code)
        return error.exit_code
    return 0


def read_past_posts(lines: Iterable[bytes], path: str) -> Iterator[ReplayPost]:
    """Yield the posts of NDJSON lines sorted by time; one that is older than those before counts as late.

    Raises IntegrityError, naming the line, for one that is not a post or is far ahead of the others.
    """
    decoder = msgspec.json.Decoder(PastPost)
    newest: int | None = None
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        try:
            post = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise IntegrityError(f"line {number} of {_called(path)} is not a post: {error}", hint=_FORM) from error
        name = post.id if post.id is not None else post.source_id
        if name is None:
            raise IntegrityError(f"line {number} of {_called(path)} has no `id`", hint=_FORM)
        created = int((post.created_at if post.created_at.tzinfo else post.created_at.replace(tzinfo=UTC)).timestamp())
        if newest is not None and tick_of(created) - tick_of(newest) > LONGEST_SILENCE_DAYS * TICKS_PER_DAY:
            raise IntegrityError(
                f"line {number} of {_called(path)}: {post.created_at} is more than {LONGEST_SILENCE_DAYS} days after "
                "the post before it",
                hint="correct or remove that line, and sort the file by `created_at`",
            )
        newest = created if newest is None else max(newest, created)
        row = (number, post.source, post.author, post.community, created, post.text)
        yield ReplayPost(str(name), row)


_FORM = (
    'each line is {"id", "source", "created_at", "text"} and, if known, "author" and "community"; '
    "sort the file by `created_at`"
)


def _called(path: str) -> str:
    return "standard input" if path == "-" else repr(path)


def _lines(path: str) -> Iterator[bytes]:
    """Yield the lines of a file."""
    try:
        with opened(path) as stream:
            yield from stream
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path!r} cannot be read: {error}", hint="give a readable file, or - for stdin") from error
