"""Files on their way to the archive or back: complete and flushed under their name, or not there."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from trendspark_cli.base.durable_files import make_folder, sha256_of, unfinished, writing_by_name
from trendspark_cli.base.errors import OutputError, StoreBusyError, StoreError
from trendspark_cli.base.full_disks import in_words, no_room
from trendspark_cli.base.locks import try_lock, waiting_lock

OWN = "own-"  # folders of one command each
CLEANING = "cleaning.lock"  # held for the moment in which a folder is made or removed


class Spool:
    """A private folder beside the database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Yield a path to write to; at the end of the block it is flushed and gets its name, or it is removed."""
        with self.errors():
            make_folder(self.folder, 0o700)
            with writing_by_name(self.folder / name) as path:
                yield path

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Yield a path that is gone at the end of the block."""
        with self.errors():
            make_folder(self.folder, 0o700)
            with unfinished(self.folder / name) as (_, path):
                yield path

    @contextmanager
    def own_folder(self) -> Iterator[Spool]:
        """Yield a folder in this one for the files of one command; those of commands that were killed are removed."""
        with self.errors():
            make_folder(self.folder, 0o700)
            with waiting_lock(self.folder / CLEANING):
                self._remove_left_folders()
                own = self.folder / f"{OWN}{os.urandom(8).hex()}"
                make_folder(own, 0o700)
                descriptor = os.open(own, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                try_lock(descriptor, own, fcntl.LOCK_EX)
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
        """Remove what runs and commands that were killed left behind."""
        wanted = {*names, CLEANING}
        with self.errors():
            if not self.folder.is_dir():
                return
            if any(self.folder.glob(f"{OWN}*")):
                with suppress(StoreBusyError), waiting_lock(self.folder / CLEANING):
                    self._remove_left_folders()
            for path in self.folder.iterdir():
                if path.name not in wanted and (path.is_symlink() or path.is_file()):
                    path.unlink(missing_ok=True)

    def _remove_left_folders(self) -> None:
        for left in self.folder.glob(f"{OWN}*"):
            if left.is_dir() and not left.is_symlink():
                _remove_if_left(left)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn errors of the disk into ours."""
        try:
            yield
        except OSError as error:
            if no_room(error) or error.errno == errno.EIO:
                what = f"spool {str(self.folder)!r}: {in_words(error)}"
                raise StoreError(what, hint="free space there or mend it; nothing was lost") from error
            raise OutputError(f"spool {str(self.folder)!r}: {error}", hint="check its owner and mode") from error


def _remove_if_left(folder: Path) -> None:
    """Remove a folder whose command is gone: it holds no lock any more."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if try_lock(descriptor, folder, fcntl.LOCK_EX):  # else it is at work
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
