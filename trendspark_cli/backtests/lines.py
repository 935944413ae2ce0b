"""Lines of files and pipes that are replayed: read and decoded one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from trendspark_cli.base.errors import InputError, IntegrityError, os_words
from trendspark_cli.base.input_files import opened

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some editors begin a file with it

LONGEST_LINE = 2**20  # bytes; an observation has some hundred

Line = TypeVar("Line", bound=msgspec.Struct)


def called(path: str) -> str:
    """Return how a file is called in messages."""
    return "standard input" if path == "-" else repr(path)


def read_lines(path: str) -> Iterator[bytes]:
    """Yield the lines of a file (`-`: standard input).

    Raises InputError when it cannot be read, IntegrityError for a line without end.
    """
    try:
        with opened(path) as stream:
            while line := stream.readline(LONGEST_LINE + 1):
                if len(line) > LONGEST_LINE:
                    raise IntegrityError(f"{called(path)}: a line has more than {LONGEST_LINE:,} bytes")
                yield line
    except OSError as error:
        raise InputError(
            f"{path!r} cannot be read: {os_words(error)}", hint="give a readable file, or - for stdin"
        ) from error


def decoded(lines: Iterable[bytes], form: type[Line], path: str, shown: str) -> Iterator[tuple[int, Line]]:
    """Yield (number, what it holds) of each line that is not empty; raise IntegrityError, naming the first wrong one.

    *shown*: what each line should be.
    """
    decoder = msgspec.json.Decoder(form)
    for number, line in enumerate(lines, 1):
        line = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
        if line.isspace():
            continue
        try:
            yield number, decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise IntegrityError(f"line {number} of {called(path)} cannot be read: {error}", hint=shown) from error
