"""Reading a connection: what comes faster than it is taken waits, and nothing is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from tests.tools.processes import wait_for
from trendspark_cli.collecting import stream_reading as reading
from trendspark_cli.collecting.stream_reading import LONGEST_LINE, LineSplitter, StreamReader
from trendspark_cli.collecting.stream_source import StreamConnection, StreamEndedError
from trendspark_cli.services.x.stream import read_lines


class Faucet:
    """A connection that gives as many chunks as are asked for, and then ends."""

    def __init__(self, chunks: int) -> None:
        self.given = 0
        self._chunks = chunks
        self._is_stopped = False
        self.is_closed = False

    def chunks(self) -> Iterator[bytes]:
        """Yield numbered lines."""
        while self.given < self._chunks and not self._is_stopped:
            self.given += 1
            yield f"{self.given}\r\n".encode()
        raise StreamEndedError("x", "closed", "the faucet is empty")

    def stop(self) -> None:
        """End it."""
        self._is_stopped = True

    def close(self) -> None:
        """Give it back."""
        self.is_closed = True


def taken(reader: StreamReader) -> list[bytes]:
    """All that can be taken now."""
    found = []
    while (lines := reader.take(0)) is not None:
        found += lines.lines
    return found


def test_a_slow_taker_makes_the_connection_wait_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_WAITING", 5)
    faucet = Faucet(40)
    reader = StreamReader(cast(StreamConnection, faucet))
    wait_for("the queue is full", lambda: faucet.given == 6, seconds=5, pause=0.01)

    first = reader.take(1)
    found = [*(first.lines if first else ())]
    while reader.end is None:
        lines = reader.take(1)
        found += lines.lines if lines else []

    assert [int(line) for line in found] == list(range(1, 41))


def test_what_has_arrived_when_it_is_stopped_can_still_be_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_WAITING", 5)
    faucet = Faucet(10**9)
    reader = StreamReader(cast(StreamConnection, faucet))
    wait_for("the queue is full", lambda: faucet.given == 6, seconds=5, pause=0.01)

    reader.stop()

    assert [int(line) for line in taken(reader)] == list(range(1, faucet.given + 1))


def test_a_connection_is_closed_when_as_much_has_come_as_is_paid_for() -> None:
    faucet = Faucet(10**9)
    reader = StreamReader(cast(StreamConnection, faucet), "x", most=7)

    wait_for("it is closed", lambda: faucet.is_closed, seconds=5, pause=0.01)
    reader.stop()

    assert [int(line) for line in taken(reader)] == list(range(1, 8))
    assert isinstance(reader.end, StreamEndedError)
    assert reader.end.reason == "behind"


def test_lines_are_cut_wherever_chunks_are() -> None:
    splitter = LineSplitter()
    text = "first\r\n\r\nη γέφυρα 👩‍👩‍👧\nlast\r\n".encode()

    found = [line for byte in text for line in splitter.lines(bytes([byte]))]

    assert [line.strip().decode() for line in found] == ["first", "η γέφυρα 👩‍👩‍👧", "last"]


def test_a_line_without_end_ends_the_connection() -> None:
    splitter = LineSplitter()
    assert splitter.lines(b"x" * LONGEST_LINE) == []

    with pytest.raises(StreamEndedError, match="longer than") as ended:
        splitter.lines(b"x")

    assert ended.value.reason == "too_long"


def test_a_line_nested_without_end_is_refused_alone() -> None:
    deep = b'{"data":{"id":"1","text":"a","more":' + b'{"a":' * 50_000
    good = b'{"data":{"id":"17","text":"t","created_at":"2026-11-01T11:00:00.000Z"}}'

    received = read_lines([deep, good])

    assert ([post.source_id for post in received.posts], len(received.rejections)) == (["17"], 1)
