"""The log: one line per event, with the job and its run, redacted, safe to rotate while jobs run."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections import deque
from contextlib import nullcontext
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path

from trendspark_cli.redaction import redact

_CHATTY = ("urllib3", "tweepy", "prawcore", "praw", "openai", "httpx2", "httpcore2", "botocore", "boto3")
_ESCAPES = {ord(c): f"\\x{ord(c):02x}" for c in map(chr, (*range(9), *range(11, 32), *range(127, 160)))}


class _Context(logging.Filter):
    """Adds the job and run of this process to each record."""

    job = "-"
    run_id: int | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Mark the record; never drop it."""
        record.job = self.job
        record.run = self.run_id if self.run_id is not None else "-"
        return True


context = _Context()


class TextFormatter(logging.Formatter):
    """`2026-11-01T12:00:00.000Z INFO ingest run=12 message`; control characters escaped, secrets masked."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, traceback included."""
        message = record.getMessage().replace("\n", "\\n")  # a line break would let a text forge the next line
        text = f"{_time(record)} {record.levelname} {record.job} run={record.run} {message}"  # type: ignore[attr-defined]
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return redact(text).translate(_ESCAPES)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, secrets masked."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object as text."""
        fields: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "job": record.job,  # type: ignore[attr-defined]
            "run": record.run,  # type: ignore[attr-defined]
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            fields["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(fields)


class _PrivateFileHandler(WatchedFileHandler):
    """Follows a rotated file; a new one is readable by its owner alone, whatever the umask."""

    def _open(self) -> TextIOWrapper:
        os.close(os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))
        return super()._open()


class LogTail(logging.Handler):
    """Keeps the last lines of the log in memory, at most *most_bytes*, from `attach` to `detach`."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__()
        self._most_bytes = most_bytes
        self._kept: deque[bytes] = deque()
        self._size = 0
        self.setFormatter(TextFormatter())
        self.addFilter(context)

    def attach(self) -> None:
        """Begin to keep lines."""
        logging.getLogger().addHandler(self)

    def detach(self) -> None:
        """Keep no more."""
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line, masked as in the file; one that is too long loses its beginning."""
        line = (self.format(record) + "\n").encode("utf-8", "backslashreplace")[-self._most_bytes :]
        self._kept.append(line)
        self._size += len(line)
        while self._size > self._most_bytes:
            self._size -= len(self._kept.popleft())

    def text(self) -> bytes:
        """Return what is kept, oldest first."""
        with self.lock or nullcontext():
            return b"".join(self._kept)


def configure_logging(log_file: Path, log_format: str, *, job: str, verbose: bool) -> None:
    """Send the log to *log_file* when its folder exists; with *verbose* also to stderr."""
    context.job, context.run_id = job, None
    formatter = JsonFormatter() if log_format == "json" else TextFormatter()
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    handlers: list[logging.Handler] = []
    if log_file.parent.is_dir():
        try:
            handlers.append(_PrivateFileHandler(log_file, encoding="utf-8", errors="backslashreplace"))
        except OSError as error:
            print(redact(f"trendspark: log file {str(log_file)!r} cannot be written: {error}"), file=sys.stderr)
    if verbose:
        handlers.append(logging.StreamHandler())
    for handler in handlers or [logging.NullHandler()]:
        handler.setFormatter(formatter)
        handler.addFilter(context)
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.raiseExceptions = False  # a full disk must not turn each log line into a traceback on stderr
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
