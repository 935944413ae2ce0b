"""Files on their way to the archive or back: complete and flushed under their name, or not there."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trendspark_cli.base.durable_files import publish, sha256_of
from trendspark_cli.base.errors import OutputError, StoreError
from trendspark_cli.base.locks import waiting_lock

UNFINISHED = ".unfinished"
OWN = "own-"  # folders of one command each
CLEANING = "cleaning.lock"  # held for the moment in which a folder is made or removed


class Spool:
    """A private folder beside the database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Yield a path to write to; at the end of the block it is flushed and gets its name, or it is removed."""
        path, unfinished = self.folder / name, self.folder / (name + UNFINISHED)
        with self.errors():
            self.folder.mkdir(mode=0o700, exist_ok=True)
            try:
                os.close(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600))
                yield unfinished
                publish(unfinished, path)
            finally:
                unfinished.unlink(missing_ok=True)

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Yield a path that is gone at the end of the block."""
        path = self.folder / (name + UNFINISHED)
        with self.errors():
            self.folder.mkdir(mode=0o700, exist_ok=True)
            try:
                os.close(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600))
                yield path
            finally:
                path.unlink(missing_ok=True)

    @contextmanager
    def own_folder(self) -> Iterator[Spool]:
        """Yield a folder in this one for the files of one command; those of commands that were killed are removed."""
        with self.errors():
            self.folder.mkdir(mode=0o700, exist_ok=True)
            with waiting_lock(self.folder / CLEANING):
                for left in self.folder.glob(f"{OWN}*"):
                    _remove_if_left(left)
                own = Path(tempfile.mkdtemp(prefix=OWN, dir=self.folder))
                descriptor = os.open(own, os.O_RDONLY)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield Spool(own)
        finally:
            shutil.rmtree(own, ignore_errors=True)
            os.close(descriptor)

    def sha256(self, name: str) -> str | None:
        """Return the SHA-256 (hex) of a file, None when it is not there."""
        with self.errors():
            try:
                return sha256_of(self.folder / name)
            except FileNotFoundError:
                return None

    def remove(self, name: str) -> None:
        """Remove a file that may be there."""
        with self.errors():
            (self.folder / name).unlink(missing_ok=True)

    def remove_all_but(self, names: Iterable[str]) -> None:
        """Remove what runs that were killed left behind."""
        wanted = {*names, CLEANING}
        with self.errors():
            if self.folder.is_dir():
                for path in self.folder.iterdir():
                    if path.name not in wanted and path.is_file():
                        path.unlink(missing_ok=True)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn errors of the disk into ours."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
                what = "the disk is full" if error.errno != errno.EIO else str(error)
                raise StoreError(
                    f"spool {str(self.folder)!r}: {what}", hint="free space there or mend it; nothing was lost"
                ) from error
            raise OutputError(f"spool {str(self.folder)!r}: {error}", hint="check its owner and mode") from error


def _remove_if_left(folder: Path) -> None:
    """Remove a folder whose command is gone: it holds no lock any more."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        pass  # at work
    finally:
        os.close(descriptor)
