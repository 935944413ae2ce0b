"""Posts of a file in the order of time, whatever the order of the file: in bounded memory, through a temporary file."""

from __future__ import annotations

import heapq
import os
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

import msgspec

from trendspark_cli.base.clock import from_text
from trendspark_cli.base.errors import OutputError
from trendspark_cli.base.models import Post
from trendspark_cli.ranking.text.linked_texts import linked_text

RUN = 50_000  # posts that are sorted in memory
MOST_NAMES = 100_000  # whose ids are remembered, for posts that tell only the name
BLOCK = 500  # posts of a run that are read at a time when runs are merged
_LENGTH = 4  # bytes
_SECOND = 19  # characters of a time up to its second


class SortedPost(NamedTuple):
    """What the ranking reads of a post; of two versions of one, the later is greater."""

    second: str  # in which it was made
    source: str
    source_id: str
    edits: int
    length: int  # a longer text of one version tells more
    text: str  # with the links beside it
    number: int  # in the file
    author: str | None
    community: str | None
    is_named: bool  # the author is a name that may belong to an id

    @property
    def created(self) -> int:
        """Return when it was made, in epoch seconds."""
        return int(from_text(self.second).timestamp())


def sorted_posts(posts: Iterable[Post]) -> Iterator[SortedPost]:
    """Yield posts by the time they were made, each once, in its last version; a stand-in gives way to the post itself.

    Of what is the same to the second, ids decide, so that the order of the file makes no difference. Raises OutputError
    when the temporary file cannot be written.
    """
    try:
        with tempfile.TemporaryFile() as file:
            runs: list[int] = []  # where each begins
            batch: list[SortedPost] = []
            ids: dict[tuple[str, str], str] = {}
            for number, post in enumerate(posts):
                batch.append(_taken(post, number))
                if post.author_name is not None and post.author is not None and len(ids) < MOST_NAMES:
                    ids[post.source, post.author_name.lower()] = post.author
                if len(batch) == RUN:
                    runs.append(_write(file, batch))
                    batch = []
            batch.sort()
            file.flush()
            for last in _last_versions(heapq.merge(*[_run(file.fileno(), start) for start in runs], batch)):
                known = ids.get((last.source, last.author.lower())) if last.is_named and last.author else None
                yield last if known is None else last._replace(author=known)
    except OSError as error:
        raise OutputError(
            f"posts cannot be sorted in {tempfile.gettempdir()!r}: {error}",
            hint="free space there, or set TMPDIR to a folder with room for the posts",
        ) from error


def _taken(post: Post, number: int) -> SortedPost:
    author = post.author if post.author is not None else post.author_name
    return SortedPost(
        post.created_at[:_SECOND],
        post.source,
        post.source_id,
        post.edits,
        len(post.text),
        linked_text(post.text, post.links),
        number,
        author,
        post.community,
        post.author is None and author is not None,
    )


def _write(file: IO[bytes], batch: list[SortedPost]) -> int:
    """Append a sorted run, block by block, and return where it begins."""
    start = file.tell()
    batch.sort()
    for first in range(0, len(batch), BLOCK):
        block = msgspec.msgpack.encode(batch[first : first + BLOCK])
        file.write(len(block).to_bytes(_LENGTH, "big") + block)
    file.write(bytes(_LENGTH))
    return start


def _run(descriptor: int, start: int) -> Iterator[SortedPost]:
    decode = msgspec.msgpack.Decoder(list[SortedPost]).decode
    while length := int.from_bytes(os.pread(descriptor, _LENGTH, start), "big"):
        start += _LENGTH
        yield from decode(os.pread(descriptor, length, start))
        start += length


def _last_versions(posts: Iterator[SortedPost]) -> Iterator[SortedPost]:
    """Yield each post once: those of one id and second come one after the other."""
    last: SortedPost | None = None
    for post in posts:
        if last is not None and last[:3] != post[:3]:
            yield last
        elif last is not None and last.author is not None and (post.author is None or (post.is_named > last.is_named)):
            post = post._replace(author=last.author, is_named=last.is_named)
        last = post
    if last is not None:
        yield last
