"""Many write, or one moves the WAL into the database: never both.

SQLite before 3.51.3 can corrupt a database when a checkpoint meets another connection's reset of the WAL. So our
connections leave that to nobody but us: transactions hold a kernel lock together, a checkpoint holds it alone.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trendspark_cli.base.durable_files import make_folder
from trendspark_cli.base.errors import StoreBusyError, StoreError, os_words
from trendspark_cli.base.locks import STORE_LOCK, is_still_named, open_lock_file, try_lock

_PAUSE_SECONDS = 0.005


class WriteGate:
    """The lock of one connection to one database; the file lies beside the other locks."""

    def __init__(self, database: Path) -> None:
        self._path = database.parent / "locks" / STORE_LOCK
        self._database = database
        self._descriptor: int | None = None

    @contextmanager
    def writing(self, wait_seconds: float) -> Iterator[None]:
        """Hold the lock together with other writers; raise StoreBusyError when a checkpoint takes too long."""
        if not self._take(fcntl.LOCK_SH, wait_seconds):
            raise StoreBusyError(
                f"database {str(self._database)!r} stayed locked for {wait_seconds:g} s",
                hint="its WAL is being folded in; the next run tries again",
            )
        try:
            yield
        finally:
            self._give_back()

    @contextmanager
    def alone(self, wait_seconds: float) -> Iterator[bool]:
        """Hold the lock alone, or yield False when others wrote all the time."""
        taken = self._take(fcntl.LOCK_EX, wait_seconds)
        try:
            yield taken
        finally:
            if taken:
                self._give_back()

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _take(self, kind: int, wait_seconds: float) -> bool:
        until = time.monotonic() + wait_seconds
        while True:
            descriptor = self._open()
            if try_lock(descriptor, self._path, kind):
                if is_still_named(descriptor, self._path):
                    return True
                self.close()  # another file bears the name now
            if time.monotonic() >= until:
                return False
            time.sleep(_PAUSE_SECONDS)

    def _give_back(self) -> None:
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _open(self) -> int:
        if self._descriptor is None:
            try:
                make_folder(self._path.parent, 0o700)
            except OSError as error:
                raise StoreError(f"lock file {str(self._path)!r} cannot be opened: {os_words(error)}") from error
            self._descriptor = open_lock_file(self._path)
        return self._descriptor
