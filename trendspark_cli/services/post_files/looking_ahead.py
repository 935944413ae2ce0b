"""What comes later in a file that cannot be read twice: kept on disk while it is looked through, and read again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from itertools import chain
from typing import IO

import msgspec

from trendspark_cli.services.post_files.forms import objects_in
from trendspark_cli.services.post_files.json_scanning import JsonPieces, Piece, proven_of
from trendspark_cli.services.post_files.json_values import decoded
from trendspark_cli.services.post_files.reddit_dumps import is_typed, texts_of

_LENGTH = 4  # bytes


class Pieces:
    """The values of a stream, in their order."""

    def __init__(self, source: JsonPieces) -> None:
        self._source = source
        self._coming = iter(source)
        self.give_back = source.give_back

    def __iter__(self) -> Iterator[Piece]:
        return self

    def __next__(self) -> Piece:
        return next(self._coming)

    def look_ahead(self, is_wanted: Callable[[bytes], bool]) -> bool:
        """Tell whether a value that is still to come is wanted; all of them still come.

        Those that were looked at lie in a temporary file that has no name, so they are gone with the process.
        """
        file = tempfile.TemporaryFile()  # noqa: SIM115  # closed when it was read again
        is_found = False
        proven = proven_of(self._coming, self.give_back)
        for piece in proven:
            kept = msgspec.msgpack.encode(piece)
            file.write(len(kept).to_bytes(_LENGTH, "big") + kept)
            if piece.content and is_wanted(piece.content):
                is_found = True
                break
        file.seek(0)
        self._coming = chain(_read_again(file), proven)
        return is_found


def any_typed(content: bytes) -> bool:
    """Tell whether a JSON value holds a text of Reddit that only its author can have written so."""
    if b"<" not in content and b">" not in content and b"&" not in content and b"\\u00" not in content:
        return False
    try:
        return any(
            is_typed(text)
            for value, _ in objects_in(decoded(content), "")
            if value is not None
            for text in texts_of(value)
        )
    except (ValueError, RecursionError):
        return False


def _read_again(file: IO[bytes]) -> Iterator[Piece]:
    with file:
        while length := file.read(_LENGTH):
            content, line, item = msgspec.msgpack.decode(file.read(int.from_bytes(length, "big")))
            yield Piece(content, line, item)
