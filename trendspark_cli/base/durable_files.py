"""What every file that must outlast a power cut needs, wherever it lies; and whose the files are that root makes.

One function makes every file that later gets the name of another: under a name nobody can guess, never through a link,
with its mode and owner before anything is in it.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from trendspark_cli.base.regular_files import open_regular

UNFINISHED = ".unfinished"  # ending of a file that is being written
LEFT_AFTER_SECONDS = 3600.0  # what was not touched for so long is left over from a process that was killed
LONGEST_NAME = 200  # characters; file systems take 255 bytes
_HEX_BYTES = 8

_owner: tuple[int, int] | None = None  # belongs to the process, as its user does


def make_files_for_owner_of(folder: Path) -> None:
    """From now on give what root makes to the owner of *folder*, or of the nearest folder above it that is there."""
    global _owner
    _owner = None
    if os.geteuid() != 0:
        return
    for place in (folder, *folder.parents):
        with suppress(OSError):
            found = place.stat()
            _owner = (found.st_uid, found.st_gid) if found.st_uid != 0 else None
            return


def files_belong_to() -> int:
    """Return the uid that owns what this process makes."""
    return os.geteuid() if _owner is None else _owner[0]


def give_away(descriptor: int) -> None:
    """Give a file or folder that root has just made to whom it is made for."""
    if _owner is not None:
        os.fchown(descriptor, *_owner)


def make_folder(path: Path, mode: int) -> None:
    """Make a folder and those above it that are missing, with *mode* whatever the umask; what is there stays as it is.

    Each is on the disk before the next. Raises OSError.
    """
    if path.is_dir():
        return
    make_folder(path.parent, mode)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        if path.is_dir():  # another process was quicker
            return
        raise
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        give_away(descriptor)
        _set_mode(descriptor, mode)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def create_file(path: Path, mode: int = 0o600) -> int:
    """Return a descriptor of a new, empty file, to read and write.

    Raises FileExistsError when the name is taken, by a link that leads nowhere too, OSError when it cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        give_away(descriptor)
        _set_mode(descriptor, mode)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def unfinished(path: Path, mode: int = 0o600) -> Iterator[tuple[int, Path]]:
    """Yield a new file beside *path*, open and by name; it is gone at the end of the block unless it was published."""
    name = f".{path.name[:LONGEST_NAME]}.{os.urandom(_HEX_BYTES).hex()}{UNFINISHED}"
    temporary = path.with_name(name)
    descriptor = create_file(temporary, mode)
    try:
        yield descriptor, temporary
    finally:
        os.close(descriptor)
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def replacing(path: Path, mode: int | None = None) -> Iterator[BinaryIO]:
    """Yield a stream; what was written to it stands at *path* after the block, whole, or what stood there before.

    Without a *mode* the file that was there keeps its mode and owner; a new one is its owner's alone. Raises OSError.
    """
    before = _regular(path) if mode is None else None
    if mode is None:
        mode = 0o600 if before is None else stat.S_IMODE(before.st_mode) & 0o777
    with unfinished(path, mode) as (descriptor, temporary):
        if before is not None and os.geteuid() == 0:
            os.fchown(descriptor, before.st_uid, before.st_gid)
        with os.fdopen(os.dup(descriptor), "wb") as stream:
            yield stream
        publish(descriptor, temporary, path)
    remove_leftovers(path.parent)


@contextmanager
def writing_by_name(path: Path, mode: int = 0o600) -> Iterator[Path]:
    """Yield a name for a library that opens files itself; after the block what it wrote stands at *path*, whole.

    Raises OSError.
    """
    with unfinished(path, mode) as (descriptor, temporary):
        yield temporary
        publish(descriptor, temporary, path)
    remove_leftovers(path.parent)


def publish(descriptor: int, temporary: Path, target: Path) -> None:
    """Give a finished file its name, for good: flushed before it, and the name flushed after it."""
    os.fsync(descriptor)
    ours, named = os.fstat(descriptor), temporary.lstat()
    if (ours.st_dev, ours.st_ino) != (named.st_dev, named.st_ino):
        raise OSError(errno.ESTALE, "somebody put another file in its place", str(temporary))
    temporary.rename(target)
    sync_folder(target.parent)


def leftovers(folder: Path, name: str | None = None) -> Iterator[Path]:
    """Yield the files of *folder* that a killed process did not finish: those of one *name*, or all."""
    own = r".+" if name is None else re.escape(name[:LONGEST_NAME])
    form = re.compile(rf"\.{own}\.[0-9a-f]{{{2 * _HEX_BYTES}}}{re.escape(UNFINISHED)}(-journal)?", re.DOTALL)
    with os.scandir(folder) as entries:
        for entry in entries:
            if form.fullmatch(entry.name):
                yield Path(entry.path)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left in *folder* and nobody touched in the hour before its last change."""
    with suppress(OSError):
        now = folder.stat().st_mtime  # the clock of that disk, which is perhaps another machine's
        for path in leftovers(folder):
            with suppress(OSError):
                if now - path.lstat().st_mtime > LEFT_AFTER_SECONDS:
                    path.unlink()


def sync_folder(folder: Path) -> None:
    """Flush a folder: a new name is on the disk only then. Some network disks cannot, and have no need to."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:  # one we may write to, and not list
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(descriptor)


def _regular(path: Path) -> os.stat_result | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _set_mode(descriptor: int, mode: int) -> None:
    """Give a new file or folder its mode, whatever the umask; a folder keeps the group it hands on."""
    now = stat.S_IMODE(os.fstat(descriptor).st_mode)
    if now & 0o777 != mode:
        with suppress(PermissionError):  # a file system without modes
            os.fchmod(descriptor, mode | now & stat.S_ISGID)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 (hex) of a regular file; raise OSError for anything else."""
    import hashlib  # most commands need none

    with open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
