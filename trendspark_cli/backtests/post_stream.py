"""Past posts in a file of their own, in the order of time, of which each slice reads its own part."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.ranking.past.replay import ReplayPost

_Content = tuple[str, str, str | None, str | None, int, str]
_LENGTH = 4  # bytes


class PostStream:
    """A file of posts: when the first and the last were made (epoch seconds), and where each tick begins in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first = self.last = 0
        self._ticks, self._starts = array("q"), array("q")
        self._end = 0

    def part(self, since: datetime, until: datetime) -> tuple[int, int]:
        """Return where the posts of [since, until) begin and end in the file, to the tick."""
        return self._start_of(since), self._start_of(until)

    def _start_of(self, moment: datetime) -> int:
        place = bisect_left(self._ticks, -(-int(moment.timestamp()) // TICK_SECONDS))
        return self._starts[place] if place < len(self._starts) else self._end

    def write(self, posts: Iterable[ReplayPost]) -> None:
        """Write posts that come in the order of time."""
        encode = msgspec.msgpack.Encoder().encode
        with self.path.open("wb") as file:
            for name, row in ((post.name, post.row) for post in posts):
                tick = row.created_at // TICK_SECONDS
                if not self._ticks:
                    self.first = row.created_at
                if not self._ticks or tick > self._ticks[-1]:
                    self._ticks.append(tick)
                    self._starts.append(self._end)
                self.last = row.created_at
                content: _Content = (name, row.source, row.author, row.community, row.created_at, row.text)
                packed = encode(content)
                self._end += file.write(len(packed).to_bytes(_LENGTH, "big") + packed)


def posts_of_part(path: Path, start: int, end: int) -> Iterator[ReplayPost]:
    """Yield the posts of a part of such a file, numbered by their place in it."""
    decode = msgspec.msgpack.Decoder(_Content).decode
    with path.open("rb") as file:
        file.seek(start)
        while start < end:
            length = int.from_bytes(file.read(_LENGTH), "big")
            name, source, author, community, created_at, text = decode(file.read(length))
            yield ReplayPost(name, PostRow(start, source, author, community, created_at, text))
            start += _LENGTH + length
