"""Past posts in a file of their own: what comes from an archive is fetched once, and then read in any order."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import msgspec

from trendspark_cli.archiving.parts import Progress
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.past.replay import ReplayPost

_Content = tuple[str, str | None, str | None, int, str]  # what is kept of a row


class PastPostFile:
    """The posts of a file, numbered from 0 on in the order of time. Of each, 8 bytes are held in memory."""

    def __init__(self, descriptor: int, starts: Sequence[int]) -> None:
        self._descriptor = descriptor
        self._starts = starts  # where each post begins in the file, and where the last one ends
        self._decode = msgspec.msgpack.Decoder(_Content).decode

    def between(self, since: datetime, until: datetime) -> Iterator[ReplayPost]:
        """Yield the posts created in [since, until), oldest first."""
        for number in range(len(self._starts) - 1):
            row = self._row(number)
            if since.timestamp() <= row.created_at < until.timestamp():
                yield ReplayPost(str(number), row)

    def rows(self, numbers: Sequence[int]) -> Sequence[PostRow]:
        """Return the rows of the posts with these numbers, in this order."""
        return [self._row(number) for number in numbers]

    def _row(self, number: int) -> PostRow:
        start, end = self._starts[number], self._starts[number + 1]
        return PostRow(number, *self._decode(os.pread(self._descriptor, end - start, start)))


@contextmanager
def past_post_file(posts: Iterable[ReplayPost], spool: Spool, progress: Progress) -> Iterator[PastPostFile]:
    """Yield posts, oldest first, from a file of the spool, which is gone at the end of the block."""
    starts = array("q", (0,))
    encode = msgspec.msgpack.Encoder().encode
    with spool.scratch("past posts") as path:
        with path.open("wb") as file:
            for row in (post.row for post in posts):
                content: _Content = (row.source, row.author, row.community, row.created_at, row.text)
                starts.append(starts[-1] + file.write(encode(content)))
                progress.advance("posts read", 1)
        with path.open("rb") as file:
            yield PastPostFile(file.fileno(), starts)
