"""Archives in a folder of this machine, or of a disk that is mounted on it."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from trendspark_cli.archiving.destination import StoredObject
from trendspark_cli.base.durable_files import (
    UNFINISHED,
    leftovers,
    make_folder,
    publish,
    remove_leftovers,
    sha256_of,
    unfinished,
)
from trendspark_cli.base.errors import ConfigError, IntegrityError, OutputError, StoreError
from trendspark_cli.base.full_disks import no_room
from trendspark_cli.base.opening import Opening
from trendspark_cli.base.regular_files import open_regular

MAKING = (
    "_unfinished"  # where files are written: readers of tables pass over what begins with `_`, not all over one file
)
MOST_BYTES = 16 << 20  # of an object whose size nobody noted: a manifest has some thousand


class LocalFolder:
    """A folder that exists: one that is missing may be a disk that is not mounted."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._folder = folder

    def put(self, key: str, file: Path, sha256: str) -> None:
        """Store a file for good: written elsewhere in it, flushed, renamed; an existing one is never replaced."""
        target = self._path(key)
        with self._errors(key, writes_to=self._folder):
            making = self._folder / MAKING
            make_folder(making, 0o700)
            make_folder(target.parent, 0o700)
            if target.exists():
                if sha256_of(target) != sha256:
                    raise IntegrityError(
                        f"{str(target)!r} exists with other content", hint="nothing was overwritten; look at that file"
                    )
                self._remove_leftovers(target)
                return
            self._remove_leftovers(target)
            with file.open("rb") as source, unfinished(making / target.name) as (descriptor, temporary):
                with os.fdopen(os.dup(descriptor), "wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
                publish(descriptor, temporary, target)
            remove_leftovers(making)

    def fetch(self, key: str, file: Path, most_bytes: int | None = None) -> str | None:
        """Copy an object to *file* and return the SHA-256 of what was read; nothing waits for a pipe."""
        left = MOST_BYTES if most_bytes is None else most_bytes + 1
        with self._errors(key, writes_to=file.parent):
            try:
                source = self._open(key)
            except (FileNotFoundError, NotADirectoryError):
                return None
            digest = hashlib.sha256()
            with source, file.open("wb") as copy:
                while left > 0 and (block := source.read(min(1 << 20, left))):
                    left -= len(block)
                    digest.update(block)
                    copy.write(block)
            return digest.hexdigest()

    def head(self, key: str) -> StoredObject | None:
        """Return the size of an object."""
        with self._errors(key, writes_to=self._folder):
            try:
                return StoredObject(key, self._path(key).stat().st_size)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the files whose key begins with *prefix*; pipes and links to nowhere are no objects."""
        self._require()
        with self._errors(prefix, writes_to=self._folder):
            for folder, folders, files in os.walk(self._folder):
                folders.sort()
                for name in sorted(files):
                    path = Path(folder, name)
                    key = path.relative_to(self._folder).as_posix()
                    if key.startswith(prefix) and not name.endswith(UNFINISHED):
                        found = _regular(path)
                        if found is not None:
                            yield StoredObject(key, found.st_size)

    def remarks(self) -> Sequence[str]:
        """Return nothing: folders are alike."""
        return []

    def local_path(self, key: str) -> Path | None:
        """Return the file itself."""
        return self._path(key)

    def _path(self, key: str) -> Path:
        """Return where an object lies; raise IntegrityError for a key that leads elsewhere."""
        self._require()
        if not key or key.startswith("/") or ".." in key.split("/") or "\0" in key:
            raise IntegrityError(f"key {key!r} leads out of archive folder {str(self._folder)!r}")
        return self._folder / key

    def _open(self, key: str) -> BinaryIO:
        """Open an object; raise IntegrityError for what is no regular file, without waiting for it."""
        try:
            return open_regular(self._path(key))
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.EISDIR, errno.ENXIO):  # the last is what opening a socket says
                told = f"{key!r} of archive folder {str(self._folder)!r} is no regular file"
                raise IntegrityError(told) from error
            raise

    def _require(self) -> None:
        if not self._folder.is_dir():
            raise ConfigError(
                f"archive folder {str(self._folder)!r} does not exist", hint="create it, or mount the disk it lives on"
            )

    def _remove_leftovers(self, target: Path) -> None:
        """Remove what earlier runs began of this object: its name is used by one run at a time."""
        for folder in (self._folder / MAKING, target.parent):  # beside it, as version 0.1 did
            for path in leftovers(folder, target.name):
                path.unlink(missing_ok=True)
        target.with_name(target.name + UNFINISHED).unlink(missing_ok=True)  # the same, before its end

    @contextmanager
    def _errors(self, key: str, *, writes_to: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if told := no_room(error):
                hint = "free space there; nothing was lost"
                raise StoreError(f"folder {str(writes_to)!r}: {told}", hint=hint) from error
            if error.errno == errno.EIO:
                raise StoreError(f"archive folder {str(self._folder)!r}: {error}", hint="check that disk") from error
            raise OutputError(f"{key!r} of archive folder {str(self._folder)!r}: {error}") from error


def _regular(path: Path) -> os.stat_result | None:
    """Return what is known of a regular file; None when it is none, or has gone meanwhile."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise
    return found if stat.S_ISREG(found.st_mode) else None


def make(opening: Opening, url: str) -> LocalFolder:
    """Return the folder of an address such as `file:///srv/archive`."""
    return LocalFolder(url, Path(unquote(urlsplit(url).path)))
