"""Lines of files and pipes that are replayed: read one by one, and answered line by line."""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from trendspark_cli.console import Output
from trendspark_cli.errors import InputError, IntegrityError, TrendSparkError
from trendspark_cli.input_files import opened

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some editors begin a file with it

Line = TypeVar("Line", bound=msgspec.Struct)


def called(path: str) -> str:
    """Return how a file is called in messages."""
    return "standard input" if path == "-" else repr(path)


def read_lines(path: str) -> Iterator[bytes]:
    """Yield the lines of a file (`-`: standard input); raise InputError when it cannot be read."""
    try:
        with opened(path) as stream:
            yield from stream
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path!r} cannot be read: {error}", hint="give a readable file, or - for stdin") from error


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


def print_lines(lines: Iterable[str]) -> int:
    """Print lines, each before the next one is asked for, until whoever reads has had enough; return the exit code."""
    try:
        for line in lines:
            sys.stdout.buffer.write(f"{line}\n".encode())
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except TrendSparkError as error:
        Output().failure(error, where="backtest", exit_code=error.exit_code)
        return error.exit_code
    return 0
