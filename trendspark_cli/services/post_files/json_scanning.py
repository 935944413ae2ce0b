"""Where JSON values begin and end in bytes that are read piece by piece: lists of any size, values over many lines.

Nothing is decoded here. A value that is broken costs itself and no other: reading goes on at the next line that can
begin one.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

import msgspec

from trendspark_cli.base.input_files import Joined

LONGEST_VALUE = 32 * 2**20  # bytes: a page of 100 posts with everything expanded is below 1 MB
DEEPEST = 256  # brackets in brackets; a page of X has fewer than 20
CHUNK, LARGEST_CHUNK = 2**18, 2**22  # bytes read at a time

_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:"(?:[^"\\\n]++|\\.)*+"[^"{}\[\]]*+)*+[{}\[\]]', re.DOTALL)  # up to and with it
_NO_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:"(?:[^"\\\n]++|\\.)*+"[^"{}\[\]]*+)*+', re.DOTALL)
_OPEN_STRING = re.compile(rb'"(?:[^"\\\n]++|\\.)*+\\?', re.DOTALL)
_BLANK = re.compile(rb"[ \t\r\n\x1e]*+")  # the last one before each value of a JSON text sequence
_SCALAR = re.compile(rb'"(?:[^"\\\n]++|\\.)*+"|[^,\]\s]++', re.DOTALL)  # in a list
_REST_OF_LINE = re.compile(rb"[^\n]++")
_INDENT = re.compile(rb"[ \t]*+")
_OPENERS = b"{["
_LINE_ENDS = (b"}\n", b"\r\n", b"}")  # of a line with one object, the last one of a file without line end
UNPROVEN = -1  # in place of an item


class Piece(NamedTuple):
    """The bytes of one value, and where they are. `content` is None when it is too large, empty when it is broken."""

    content: bytes | None
    line: int
    item: int  # in its list, 0 outside of one; UNPROVEN for a line that was not looked at


class Scanner:
    """Cuts a stream into its values; those of a list at the top come one by one."""

    def __init__(self, stream: IO[bytes], line: int = 1) -> None:
        self._stream = stream
        self._buffer = b""
        self._at = 0  # where the next value is looked for
        self._line = line  # of `_at`
        self._is_over = False
        self._indent = 0  # of the line that is read
        self._item = 0
        self._is_in_list = False

    def pieces(self) -> Iterator[Piece]:
        """Yield every value, and what is none."""
        while (first := self._next_byte()) is not None:
            if first in b"{[" and (first != 0x5B or self._is_in_list):
                yield self._value()
            elif first == 0x5B:
                self._is_in_list, self._item = True, 0
                self._move(self._at + 1)
            elif first == 0x5D and self._is_in_list:
                self._is_in_list = False
                self._item = 0
                self._move(self._at + 1)
            elif first == 0x2C:
                self._move(self._at + 1)
            else:
                yield self._scalar()

    def _next_byte(self) -> int | None:
        """Return the first byte that is no white space, which `_at` then points to; None at the end."""
        while True:
            end = _end(_BLANK, self._buffer, self._at)
            if (line_end := self._buffer.rfind(b"\n", self._at, end)) >= 0:
                self._indent = end - line_end - 1
            self._move(end)
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return None

    def _move(self, to: int) -> None:
        self._line += self._buffer.count(b"\n", self._at, to)
        self._at = to

    def _more(self) -> bool:
        """Read on: at least a chunk, and as much as is kept already, so that a large value is not copied often."""
        if self._is_over:
            return False
        kept = self._buffer[self._at :]
        read = self._stream.read(max(CHUNK, min(len(kept), LARGEST_CHUNK)))
        self._is_over = not read
        self._buffer, self._at = kept + read, 0
        return bool(read)

    def _scalar(self) -> Piece:
        """Return what is no bracket: a number in a list, or a line of anything outside of one."""
        pattern, item, line = _SCALAR if self._is_in_list else _REST_OF_LINE, self._count(), self._line
        while True:
            found = pattern.match(self._buffer, self._at)
            end = found.end() if found is not None else self._at + 1
            if end - self._at > LONGEST_VALUE:
                self._skip_line(end)
                return Piece(None, line, item)
            if end < len(self._buffer) or not self._more():
                break
        piece = Piece(self._buffer[self._at : end], line, item)
        self._move(end)
        return piece

    def _count(self) -> int:
        self._item += self._is_in_list
        return self._item

    def _value(self) -> Piece:
        """Return the object or inner list that begins here."""
        item, line = self._count(), self._line
        end = 0  # of what was looked at, from where the value begins
        opened = bytearray()
        while True:
            start = self._at
            found = _BRACKET.match(self._buffer, start + end)
            if found is None:
                if self._is_cut_by_line_end(start + end):
                    return self._broken(line, item, end)
                if len(self._buffer) - start > LONGEST_VALUE:
                    self._skip_line(len(self._buffer))
                    return Piece(None, line, item)
                if not self._more():
                    return self._broken(line, item, len(self._buffer) - start)
                continue
            end = found.end() - start
            bracket = self._buffer[found.end() - 1]
            if bracket in _OPENERS:
                if opened and not self._may_open(opened[-1], found.end() - 2):
                    return self._broken(line, item, end - 1)
                opened.append(bracket)
                if len(opened) > DEEPEST:
                    self._skip_line(found.end())
                    return Piece(b"", line, item)
            elif opened.pop() != bracket - 2:  # in ASCII, each closes the one two before it
                return self._broken(line, item, end)
            if not opened:
                if end > LONGEST_VALUE:
                    self._move(found.end())
                    return Piece(None, line, item)
                piece = Piece(self._buffer[start : found.end()], line, item)
                self._move(found.end())
                return piece

    def _may_open(self, around: int, before: int) -> bool:
        """Tell whether a bracket may stand in the one that is *around* it, after the byte at *before*."""
        while self._buffer[before] in b" \t\r\n":
            before -= 1
        return self._buffer[before] in (b":" if around == 0x7B else b"[,")

    def _is_cut_by_line_end(self, start: int) -> bool:
        """Tell whether a string goes over the end of its line, which is no JSON: the line was cut."""
        string = _OPEN_STRING.match(self._buffer, _end(_NO_BRACKET, self._buffer, start))
        return string is not None and string.end() < len(self._buffer)

    def _broken(self, line: int, item: int, looked_at: int) -> Piece:
        """Give up a value, and go on with the first line after its own that is indented no more and begins a value."""
        start, end = self._at, self._at + looked_at
        place = self._buffer.find(b"\n", start, end)
        while place >= 0:
            begin = _end(_INDENT, self._buffer, place + 1)
            following = self._buffer[begin : begin + 1]
            if begin - place - 1 <= self._indent and following in (b"{", b"[", b"]"):
                self._move(place + 1)
                return Piece(b"", line, item)
            place = self._buffer.find(b"\n", place + 1, end)
        self._skip_line(end)
        return Piece(b"", line, item)

    def _skip_line(self, place: int) -> None:
        """Go on with the line after *place*, which may be far away."""
        while (end := self._buffer.find(b"\n", place)) < 0:
            self._move(len(self._buffer))
            place = 0
            if not self._more():
                return
        self._move(end + 1)


def _end(pattern: re.Pattern[bytes], buffer: bytes, start: int) -> int:
    """Return where a pattern ends that begins at *start*, and may be empty."""
    found = pattern.match(buffer, start)
    return found.end() if found is not None else start


class JsonPieces:
    """Every value of a stream: one a line as most files have them, or in any other layout.

    A line that looks like one object comes as `UNPROVEN`: who finds that it is not gives it back, and it is cut anew
    together with the lines that follow.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._given_back: bytes | None = None

    def __iter__(self) -> Iterator[Piece]:
        stream, number = self._stream, 0
        if _BLANK.sub(b"", stream.peek(CHUNK)[:CHUNK], 1)[:1] == b"[":  # type: ignore[attr-defined]
            yield from Scanner(stream).pieces()
            return
        while line := stream.readline(LONGEST_VALUE + 1):
            number += 1
            if line[:1] == b"{" and line[-2:] in _LINE_ENDS:
                yield Piece(line, number, UNPROVEN)
                if self._given_back is None:
                    continue
            elif line.isspace():
                continue
            yield from Scanner(io.BufferedReader(Joined(line, stream), CHUNK), number).pieces()

    def give_back(self, piece: Piece) -> None:
        """Have the piece that came last, which is unproven, cut anew."""
        self._given_back = piece.content


def proven_of(pieces: Iterator[Piece], give_back: Callable[[Piece], None]) -> Iterator[Piece]:
    """Yield values as they are, those among them that were not looked at too."""
    for piece in pieces:
        if piece.item != UNPROVEN:
            yield piece
        elif is_one_value(piece.content or b""):
            yield Piece(piece.content, piece.line, 0)
        else:
            give_back(piece)


def json_pieces(stream: IO[bytes]) -> Iterator[Piece]:
    """Yield every value of a stream, in whatever layout it is."""
    pieces = JsonPieces(stream)
    return proven_of(iter(pieces), pieces.give_back)


def is_one_value(line: bytes) -> bool:
    """Tell whether a line is one JSON value and nothing else, as far as that can be said without decoding it."""
    try:
        _validate(line)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


_validate = msgspec.json.Decoder(msgspec.Raw).decode
