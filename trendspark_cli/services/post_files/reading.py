"""Posts from files and stdin, whatever form, layout, encoding and packing they have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from trendspark_cli.base.errors import InputError, os_words
from trendspark_cli.base.input_files import opened
from trendspark_cli.base.models import SKIPPED_REASONS, Page, Post, Rejection
from trendspark_cli.base.texts import clean_text
from trendspark_cli.services.post_files import csv_rows
from trendspark_cli.services.post_files.conflicts import Conflicts
from trendspark_cli.services.post_files.csv_rows import Rows
from trendspark_cli.services.post_files.forms import Found, form_of, objects_in
from trendspark_cli.services.post_files.json_scanning import UNPROVEN, JsonPieces, is_one_value, json_pieces
from trendspark_cli.services.post_files.json_values import decoded
from trendspark_cli.services.post_files.looking_ahead import Pieces, any_typed
from trendspark_cli.services.post_files.own_lines import quick_post
from trendspark_cli.services.post_files.own_lines import read as read_own
from trendspark_cli.services.post_files.reddit_dumps import RedditTexts
from trendspark_cli.services.post_files.tally import Tally

POSTS_PER_PAGE = 1000  # one transaction each
HEAD = 4096  # bytes a file is known by
TABLES = (csv_rows.reader_of,)  # of each kind of table: from the first bytes to what makes rows our own form


class PostFile:
    """A file of posts, read in pages of bounded size; reading it again stores nothing twice."""

    def __init__(self, path: str) -> None:
        name = os.fsencode(Path(path).name).decode("utf-8", "replace")
        self.name = "stdin" if path == "-" else clean_text(name)
        self._path = path
        self._texts = RedditTexts(self._is_raw)
        self._pieces: Pieces | None = None
        self._is_regular = path != "-" and Path(path).is_file()
        self._tally = Tally(path, may_be_empty=not self._is_regular)
        self._conflicts = Conflicts()

    def pages(self, limit: int | None = None) -> Iterator[Page]:
        """Yield pages of at most 1,000 posts in the order of the file, until *limit* posts were read.

        Raises InputError when the file cannot be read. What should have been posts is in the pages' rejections, and
        `check` raises what the reading ends with.
        """
        posts: list[Post] = []
        rejections: list[Rejection] = []
        skipped: list[Rejection] = []
        tally = self._tally
        for line, found in self._found():
            if isinstance(found, Post):
                posts.append(found)
                tally.posts += 1
            elif found.reason in SKIPPED_REASONS:
                skipped.append(found)
                tally.skip(found.reason)
            else:
                rejections.append(found)
                tally.refuse(found.reason, line)
            if len(posts) + len(rejections) + len(skipped) >= POSTS_PER_PAGE or tally.posts == limit:
                yield _page(posts, rejections, skipped)
                posts, rejections, skipped = [], [], []
            if tally.posts == limit:
                return
        if posts or rejections or skipped:
            yield _page(posts, rejections, skipped)

    def check(self) -> None:
        """Raise IntegrityError when nothing could be read, RefusedLinesError when some lines were refused.

        To be called when the last page was taken.
        """
        self._tally.check()

    def _found(self) -> Iterator[tuple[int, Found]]:
        """Yield what is in the file, with its line."""
        hint = "give a readable file, or - for stdin"
        try:
            with opened(self._path) as stream:
                hint = f"what was read before is stored; {hint}"
                self._tally.look_at(_head(stream))
                rows_of = next(filter(None, (reader_of(self._tally.head) for reader_of in TABLES)), None)
                yield from self._rows(rows_of(stream)) if rows_of is not None else self._values(stream)
        except OSError as error:
            raise InputError(f"{self._path!r} cannot be read: {os_words(error)}", hint=hint) from error

    def _rows(self, rows: Rows) -> Iterator[tuple[int, Found]]:
        for row, line in rows:
            self._tally.has_form = True
            if row is None:
                yield line, Rejection("too_large", f"line {line}")
                continue
            for found in read_own(row, f"line {line}", self._texts):
                yield line, self._conflicts.checked(found, line)

    def _values(self, stream: IO[bytes]) -> Iterator[tuple[int, Found]]:
        self._pieces = pieces = Pieces(JsonPieces(stream))
        is_conflict = self._conflicts.has
        for piece in pieces:
            content, line, item = piece
            if content is None:
                yield line, Rejection("too_large", _place(line, item))
            elif (post := quick_post(content)) is not None:  # our own form, nothing wrong with it
                self._tally.has_form = True
                yield line, Rejection("conflict", f"line {line}") if is_conflict(post) else post
            elif item == UNPROVEN and not is_one_value(content):
                pieces.give_back(piece)
            else:
                for found in self._decoded(content, _place(line, item), line):
                    yield line, found

    def _decoded(self, content: bytes, place: str, line: int) -> Iterator[Found]:
        """Yield what is in a JSON value."""
        try:
            for value, where in objects_in(decoded(content), place):
                form = form_of(value) if value is not None else None
                if form is None or value is None:
                    self._tally.note_unknown(value)
                    yield Rejection("not_a_post", where)
                    continue
                self._tally.has_form = True
                for found in form.read(value, where, self._texts):
                    yield self._conflicts.checked(found, line) if form.is_ours else found
        except (ValueError, RecursionError):
            yield Rejection("not_json", place)

    def _is_raw(self) -> bool:
        """Tell whether its texts of Reddit are as they were typed: look through the file, or ahead in a pipe."""
        if not self._is_regular:
            return self._pieces is not None and self._pieces.look_ahead(any_typed)
        with opened(self._path) as stream:
            return any(any_typed(content) for content, _, _ in json_pieces(stream) if content)


def _head(stream: IO[bytes]) -> bytes:
    return stream.peek(HEAD)[:HEAD]  # type: ignore[attr-defined,no-any-return]


def _place(line: int, item: int) -> str:
    return f"line {line} item {item}" if item > 0 else f"line {line}"


def _page(posts: list[Post], rejections: list[Rejection], skipped: list[Rejection]) -> Page:
    return Page(
        posts=tuple(posts),
        fetched=len(posts) + len(rejections) + len(skipped),
        rejections=tuple(rejections),
        skipped=tuple(skipped),
        endpoint="file",
    )
