"""One run of a job at a time: a kernel lock that is gone when the process is, so nothing can go stale."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import ConfigError, LockHeldError, StoreError

STORE_ALERT_MARKER = "store-alert.lock"  # made by `db init`, so that noting the time needs no space on a full disk

STORE_LOCK = "store.lock"  # of store/sqlite/write_gate.py


@contextmanager
def job_lock(folder: Path, job_id: str, now: datetime) -> Iterator[None]:
    """Hold the lock of *job_id* for the with-block; the file says who holds it and since when.

    Raises LockHeldError when another process has it, ConfigError when the folder is not there.
    """
    descriptor = _open_lock_file(folder / f"{job_id}.lock")
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise StoreError(f"lock of {job_id} cannot be taken: {error}") from error
            raise LockHeldError(job_id, _holder(descriptor)) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()} since {to_text(now)}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)  # closing gives the lock back; the file stays, so that no two runs lock two files


@contextmanager
def waiting_lock(path: Path) -> Iterator[None]:
    """Hold the lock at *path*, waiting for whoever has it: for work of milliseconds only."""
    descriptor = _open_lock_file(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open_lock_file(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise ConfigError(f"folder {str(path.parent)!r} is missing", hint="run `trendspark db init`") from None
    except OSError as error:
        raise StoreError(f"lock file {str(path)!r} cannot be opened: {error}") from error


def _holder(descriptor: int) -> str:
    """Return what the holder wrote; it may be at it right now."""
    text = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip()
    return text or "it has just started"
