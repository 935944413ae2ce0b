"""The log: one line per event, with the job and its run, redacted, safe to rotate while jobs run.

Text or JSON (LOG_FORMAT); `log_reading.py` reads both. A line that begins with a time begins an event: whatever else a
text holds is escaped, and the lines of a traceback are indented, so no text can forge an event.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path

from trendspark_cli.base.durable_files import files_belong_to, give_away
from trendspark_cli.base.errors import os_words
from trendspark_cli.base.redaction import redact

_CHATTY = ("py4j", "urllib3", "tweepy", "prawcore", "praw", "openai", "httpx2", "httpcore2", "botocore", "boto3")
# Control characters, and what turns text around or breaks lines elsewhere, are written as people write them in code.
_ESCAPES = {ord(c): f"\\x{ord(c):02x}" for c in map(chr, (*range(9), *range(11, 32), *range(127, 160)))}
_ESCAPES |= {code: f"\\u{code:04x}" for code in (0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))}
_PLAIN = re.compile(r"[\w.:/@+-]+")
CONTINUED = "    "  # begins each further line of an event


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


@contextmanager
def in_run(job_id: str, run_id: int) -> Iterator[None]:
    """Mark lines with this run until the block ends; a step's run lies within that of its pair."""
    outer = context.job, context.run_id
    context.job, context.run_id = job_id, run_id
    try:
        yield
    finally:
        context.job, context.run_id = outer


def log_event(log: logging.Logger, name: str, **fields: object) -> None:
    """Log an event that scripts look for, as `name key=value ...`; in JSON each field has its own key."""
    shown = " ".join(f"{key}={_value(value)}" for key, value in fields.items())
    log.info("%s %s", name, shown, extra={"event": name, "fields": fields})


def _value(value: object) -> str:
    text = "none" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """`2026-11-01T12:00:00.000Z INFO ingest run=12 message`; control characters escaped, secrets masked."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, traceback included."""
        message = record.getMessage().replace("\n", "\\n")
        text = f"{_time(record)} {record.levelname} {record.job} run={record.run} {message}"  # type: ignore[attr-defined]
        if record.exc_info:
            text += ("\n" + self.formatException(record.exc_info)).replace("\n", "\n" + CONTINUED)
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
        if hasattr(record, "event"):
            told = {key: redact(v) if isinstance(v, str) else v for key, v in record.fields.items()}  # type: ignore[attr-defined]
            fields |= {"event": record.event, **told}
        if record.exc_info:
            fields["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(fields)


class LogFile(logging.Handler):
    """Appends whole lines to a file that others append to, rename and truncate at the same time.

    Each event is one write(2) to a descriptor in append mode, so lines of several processes never mix. A file that was
    renamed or removed is made anew. What cannot be written is lost, and nothing else.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._is_torn = False
        self._descriptor = self._open()

    def _open(self) -> int:
        # Readable by its owner alone, whatever the umask; never waiting for the reader of a pipe.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK
        if files_belong_to() != os.geteuid():  # root in another user's folder follows none of that user's links
            flags |= os.O_NOFOLLOW
        try:
            return os.open(self._path, flags)
        except FileNotFoundError:
            descriptor = os.open(self._path, flags | os.O_CREAT, 0o600)
            give_away(descriptor)
            return descriptor

    def emit(self, record: logging.LogRecord) -> None:
        """Write one event, if that is possible."""
        line = (self.format(record) + "\n").encode("utf-8", "backslashreplace")
        with suppress(OSError):
            self._follow()
            if self._is_torn:  # a full disk took half a line: the next one must not continue it
                line = b"\n" + line
            written = os.write(self._descriptor, line)
            self._is_torn = written < len(line)

    def _follow(self) -> None:
        """Open the file again when its name means another one."""
        try:
            named = os.stat(self._path)
        except FileNotFoundError:
            named = None
        ours = os.fstat(self._descriptor)
        if named is None or (named.st_dev, named.st_ino) != (ours.st_dev, ours.st_ino):
            fresh = self._open()
            os.close(self._descriptor)
            self._descriptor, self._is_torn = fresh, False

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):
            os.close(self._descriptor)
        super().close()


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
    try:
        handlers.append(LogFile(log_file))
    except FileNotFoundError:
        pass  # no folder yet: `db init` makes it
    except OSError as error:
        print(redact(f"trendspark: log file {str(log_file)!r} cannot be written: {os_words(error)}"), file=sys.stderr)
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
