"""One run of a job at a time: a kernel lock that is gone when the process is, so nothing can go stale.

A lock file is never a link and never somebody else's file under our name; a lock counts only while the file it was
taken on is the one that bears the name.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shlex
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.durable_files import create_file
from trendspark_cli.base.errors import ConfigError, LockHeldError, StoreBusyError, StoreError, TrendSparkError

STORE_ALERT_MARKER = "store-alert.lock"  # made by `db init`, so that noting the time needs no space on a full disk

STORE_LOCK = "store.lock"  # of store/sqlite/write_gate.py

LONGEST_WAIT_SECONDS = 10.0  # for a lock that is held for milliseconds, on a machine that is busy
_PAUSE_SECONDS = 0.02
MOST_TRIES = 20  # each after somebody removed or replaced the file between our opening and locking it
_HELD = (errno.EAGAIN, errno.EACCES)
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)  # NFS without locks, some volumes of containers


@contextmanager
def job_lock(folder: Path, job_id: str, now: datetime, *, part: str = "", is_shared: bool = False) -> Iterator[None]:
    """Hold the lock of *job_id*, or of a *part* of it, for the with-block; the file says who holds it and since when.

    One that *is_shared* is held together with others who share it.
    Raises LockHeldError when another process has it, ConfigError when the folder is not there, cannot be locked in, or
    the file is not ours.
    """
    path = folder / (f"{job_id}.{part.replace('/', '.')}.lock" if part else f"{job_id}.lock")
    kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
    for _ in range(MOST_TRIES):
        descriptor = open_lock_file(path)
        try:
            if not try_lock(descriptor, path, kind):
                raise LockHeldError(f"{job_id} of {part}" if part else job_id, _holder(descriptor))
            if not is_still_named(descriptor, path):
                continue
            os.ftruncate(descriptor, 0)
            with suppress(OSError):  # the lock is held on a full disk, too
                os.pwrite(descriptor, f"pid {os.getpid()} since {to_text(now)}\n".encode(), 0)
            yield
            return
        finally:
            os.close(descriptor)  # closing gives the lock back; the file stays, so that no two runs lock two files
    raise _replaced(path)


@contextmanager
def waiting_lock(path: Path, wait_seconds: float = LONGEST_WAIT_SECONDS) -> Iterator[None]:
    """Hold the lock at *path*, waiting a while for whoever has it: for work of milliseconds only.

    Raises StoreBusyError when it is not given back in that time.
    """
    until = time.monotonic() + wait_seconds
    for _ in range(MOST_TRIES):
        descriptor = open_lock_file(path)
        try:
            while not try_lock(descriptor, path, fcntl.LOCK_EX):
                if time.monotonic() >= until:
                    raise StoreBusyError(
                        f"lock file {str(path)!r} stayed locked for {wait_seconds:g} s",
                        hint=f"see who holds it (`fuser {shlex.quote(str(path))}`); the next run tries again",
                    )
                time.sleep(_PAUSE_SECONDS)
            if not is_still_named(descriptor, path):
                continue
            yield
            return
        finally:
            os.close(descriptor)
    raise _replaced(path)


def open_lock_file(path: Path) -> int:
    """Return a descriptor of the lock file at *path*, made when it is not there.

    Raises ConfigError when it is a link, has a second name or is no regular file, or its folder is missing; StoreError
    when it cannot be opened.
    """
    try:
        for _ in range(MOST_TRIES):
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
                break
            except FileNotFoundError:
                try:
                    descriptor = create_file(path)
                    break
                except FileExistsError:
                    continue  # another process was quicker
        else:
            raise _replaced(path)
    except FileNotFoundError:
        raise ConfigError(f"folder {str(path.parent)!r} is missing", hint="run `trendspark db init`") from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
            raise _no_lock_file(path, "a link" if error.errno == errno.ELOOP else "no regular file") from error
        raise StoreError(
            f"lock file {str(path)!r} cannot be opened: {error.strerror}", hint=_owner_hint(path)
        ) from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(descriptor)
        told = "another file under a second name" if stat.S_ISREG(found.st_mode) else "no regular file"
        raise _no_lock_file(path, told)
    return descriptor


def try_lock(descriptor: int, path: Path, kind: int) -> bool:
    """Return whether the lock was free; *kind* is LOCK_EX or LOCK_SH.

    Raises ConfigError when the disk knows no locks, StoreError when it fails.
    """
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise lock_error(error, path) from error
    return True


def is_still_named(descriptor: int, path: Path) -> bool:
    """Tell whether *path* is still the name of this open file: nobody removed or replaced it meanwhile."""
    ours = os.fstat(descriptor)
    try:
        named = path.lstat()
    except OSError:
        return False
    return (ours.st_dev, ours.st_ino) == (named.st_dev, named.st_ino)


def lock_error(error: OSError, path: Path) -> TrendSparkError:
    """Return what it means that a lock cannot be taken."""
    if error.errno in _NO_LOCKS:
        return ConfigError(
            f"{str(path.parent)!r} lies on a disk without locks ({error.strerror}): "
            "TRENDSPARK_HOME must be on a disk with locks",
            hint="set TRENDSPARK_HOME to a folder on a local disk, or mount this one with locks (NFS: not `nolock`)",
        )
    return StoreError(f"lock file {str(path)!r} cannot be used: {error.strerror}")


def lock_problem(folder: Path) -> TrendSparkError | None:
    """Return what keeps this user from taking locks in *folder*, None when nothing does; changes nothing.

    Only the lock that is shared by all writers is tried: to try another one would send its job away for a moment.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".lock")
    except OSError:
        return None  # missing or out of reach, which is said by those who look at folders
    for path in paths:
        try:
            descriptor = open_lock_file(path)
            try:
                if path.name == STORE_LOCK:
                    try_lock(descriptor, path, fcntl.LOCK_SH)
            finally:
                os.close(descriptor)
        except TrendSparkError as error:
            return error
    return None


def _no_lock_file(path: Path, what: str) -> ConfigError:
    return ConfigError(
        f"lock file {str(path)!r} is {what}: nothing was written to it", hint="look who made it, and remove it"
    )


def _owner_hint(path: Path) -> str:
    """Return how a file that another user made is given back: root once ran a job by hand, perhaps."""
    try:
        found = path.lstat()
    except OSError:
        return "check the owner and mode of that folder"
    if found.st_uid == os.geteuid():
        return "check its mode and mount"
    return f"it belongs to uid {found.st_uid}: chown it to the user of the crontab"


def _replaced(path: Path) -> StoreError:
    return StoreError(f"lock file {str(path)!r} is replaced again and again", hint="find out by whom, and stop it")


def _holder(descriptor: int) -> str:
    """Return what the holder wrote; it may be at it right now."""
    text = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip()
    return text or "it has just started"
