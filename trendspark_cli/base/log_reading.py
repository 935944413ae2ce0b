"""Read the log from its end, rotated files included, in either form, in bounded memory."""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BufferedIOBase
from pathlib import Path
from typing import IO, Any

from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.base.errors import StoreError, os_words
from trendspark_cli.base.log_setup import CONTINUED
from trendspark_cli.base.regular_files import open_regular

LEVELS = ("debug", "info", "warning", "error", "critical")
RARE_LEVELS = LEVELS[2:]
BLOCK_BYTES = 256 * 1024
LONGEST_EVENT_BYTES = 1024 * 1024  # what is longer is no event of ours, and is cut
# Several processes append, so events are only nearly in order of time.
DISORDER = timedelta(seconds=60)
_BEGINS = re.compile(rb'^(?=\d{4}-\d\d-\d\dT[\d:.]+Z |\{"time": ")', re.MULTILINE)
_TEXT = re.compile(r"(\S+Z) ([A-Z]+) (\S+) run=(\d+|-) (.*)", re.DOTALL)
_ROTATED = re.compile(r"[.-]\d[\d.-]*(\.gz)?")
_OUR_FIELDS = ("time", "level", "job", "run", "message")


@dataclass(frozen=True)
class LogEvent:
    """One event. `run` is None outside of runs; `more` are further lines or fields, such as a traceback."""

    time: str
    level: str
    job: str
    run: int | None
    message: str
    more: dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Which events: of a job, of a run, from a level up, since a time; all that is None is not asked."""

    job: str | None = None
    run: int | None = None
    level: str | None = None
    since: datetime | None = None

    def needles(self) -> Sequence[bytes]:
        """Return what a part of the file holds if it holds such an event, so that others need not be taken apart."""
        if self.run is not None:
            return (f" run={self.run} ".encode(), f'"run": {self.run},'.encode())
        if self.level in RARE_LEVELS:
            rare = RARE_LEVELS[RARE_LEVELS.index(self.level) :]
            return [text.encode() for level in rare for text in (f" {level.upper()} ", f'"level": "{level}",')]
        if self.job is not None:
            return (f" {self.job} run=".encode(), f'"job": {json.dumps(self.job)}'.encode())
        return ()

    def takes(self, event: LogEvent) -> bool:
        """Tell whether this is one."""
        return (
            (self.job is None or event.job == self.job)
            and (self.run is None or event.run == self.run)
            and (self.level is None or _rank(event.level) >= LEVELS.index(self.level))
            and (self.since is None or event.time >= to_text(self.since))
        )


def read_log(log_file: Path, wanted: Wanted, most: int) -> list[LogEvent]:
    """Return the last *most* events that are wanted, oldest first.

    Raises StoreError when the log, or a rotated part of it that is needed, cannot be read.
    """
    found: deque[LogEvent] = deque()
    try:
        paths = log_files(log_file)
    except OSError as error:
        raise StoreError(f"log {str(log_file)!r} cannot be read: {error.strerror}") from error
    for path in paths:
        try:
            if wanted.since is not None and path.stat().st_mtime < (wanted.since - DISORDER).timestamp():
                continue
            for event in _newest_first(path, wanted, most - len(found)):
                if wanted.takes(event):
                    found.appendleft(event)
                if len(found) >= most or _is_before(event, wanted):
                    return list(found)
                if wanted.run == event.run is not None and event.message == f"{event.job} started":
                    wanted = Wanted(wanted.job, wanted.run, wanted.level, from_text(event.time) - DISORDER)
        except FileNotFoundError:
            continue  # rotated away just now
        except (OSError, EOFError, zlib.error) as error:
            raise StoreError(f"log file {str(path)!r} cannot be read: {os_words(error)}") from error
    return list(found)


def log_files(log_file: Path) -> list[Path]:
    """Return the log and what logrotate made of it (`.1`, `.2.gz`, `-20261101`), the newest first."""
    if not log_file.parent.is_dir():
        return []
    rotated = [
        path
        for path in log_file.parent.iterdir()
        if path.name.startswith(log_file.name) and _ROTATED.fullmatch(path.name[len(log_file.name) :])
    ]
    rotated.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return [path for path in (log_file, *rotated) if path.is_file()]


def parse_event(data: bytes) -> LogEvent | None:
    """Return what one event of either form says; None when it says nothing we know."""
    text = data.decode("utf-8", "replace").rstrip("\n")
    try:
        event = _json_event(text) if text.startswith("{") else _text_event(text)
        if event is not None:
            from_text(event.time)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return event


def _json_event(text: str) -> LogEvent:
    fields = json.loads(text)
    time, level, job, message = (str(fields[name]) for name in ("time", "level", "job", "message"))
    run = fields["run"] if isinstance(fields["run"], int) else None
    more = {key: value for key, value in fields.items() if key not in _OUR_FIELDS}
    return LogEvent(time, level, job, run, message, more)


def _text_event(text: str) -> LogEvent | None:
    head, _, rest = text.partition("\n")
    match = _TEXT.fullmatch(head)
    if match is None:
        return None
    time, level, job, run_text, message = match.groups()
    more = {"traceback": "\n".join(line.removeprefix(CONTINUED) for line in rest.split("\n"))} if rest else {}
    return LogEvent(time, level.lower(), job, int(run_text) if run_text != "-" else None, message, more)


def _newest_first(path: Path, wanted: Wanted, most: int) -> Iterator[LogEvent]:
    """Yield events of a file, the last one first; of a packed file only the last *most* that are wanted."""
    if path.suffix == ".gz":
        kept: deque[LogEvent] = deque(maxlen=most)
        with open_regular(path) as packed, gzip.open(packed) as stream:
            for data in _forwards(stream):
                event = parse_event(data)
                if event is not None and wanted.takes(event):
                    kept.append(event)
        yield from reversed(kept)
        return
    needles = wanted.needles()
    with open_regular(path) as stream:
        for part in _parts_backwards(stream):
            present = [needle for needle in needles if needle in part]
            is_useless = needles and not present
            begins = [match.start() for match in _BEGINS.finditer(part, 0, 1 if is_useless else len(part))]
            for begin, end in zip(reversed(begins), [len(part), *reversed(begins)], strict=False):
                # The first event of each part says how old the part is, whatever is asked for.
                if begin == begins[0] or not needles or any(part.find(needle, begin, end) >= 0 for needle in present):
                    event = parse_event(part[begin:end])
                    if event is not None:
                        yield event


def _parts_backwards(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the file in parts of whole events, the last one first, each from an event on; holes are passed over."""
    file = stream.fileno()
    position = os.fstat(file).st_size
    rest = b""
    while position > 0:
        size = min(BLOCK_BYTES, position)
        position -= size
        if _is_hole(file, position, size):
            rest = b""
            continue
        rest = os.pread(file, size, position) + rest
        begin = 0 if position == 0 else _first_begin(rest)
        if begin is not None:
            yield rest[begin:]
            rest = rest[:begin]
        elif len(rest) > LONGEST_EVENT_BYTES:
            rest = b""


def _is_hole(file: int, position: int, size: int) -> bool:
    """Tell whether nothing was ever written there, as in a log that was emptied while a writer went on far behind."""
    try:
        return os.lseek(file, position, os.SEEK_DATA) >= position + size
    except OSError as error:
        return error.errno == errno.ENXIO  # nothing from here on


def _first_begin(data: bytes) -> int | None:
    """Return where the first event begins; what stands first may be the second half of a line."""
    found = _BEGINS.search(data, data.find(b"\n") + 1) if b"\n" in data else None
    return found.start() if found is not None else None


def _forwards(stream: BufferedIOBase) -> Iterator[bytes]:
    """Yield events from the first to the last."""
    event = b""
    while line := stream.readline(LONGEST_EVENT_BYTES):
        if _BEGINS.match(line):
            yield event
            event = line
        elif len(event) < LONGEST_EVENT_BYTES:
            event += line
    yield event


def _is_before(event: LogEvent, wanted: Wanted) -> bool:
    return wanted.since is not None and event.time < to_text(wanted.since - DISORDER)


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)
