"""Files that decide something: opened once, judged by that descriptor, and read from it, so nobody can swap them.

A file is trusted when root or this user owns it and nobody else may write it. A group that holds only this user (and
root) is this user.
"""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_SECRET_BYTES = 4096
LONGEST_WAIT_SECONDS = 8.0  # for the other end of a pipe: a person may type a password there, and `health` has 10 s
_ACCESS_LIST = "system.posix_acl_access"


class UntrustedFileError(OSError):
    """A file or folder is not ours alone, or no regular file; the message says why and begins with its name."""


def other_writers(path: str, descriptor: int) -> str:
    """Return who beside root and this user may write an open file or folder, in words; empty when nobody may.

    *path* is how it is called in the words.
    """
    found = os.fstat(descriptor)
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid not in (0, os.geteuid()):
        return f"{path!r} belongs to another user ({user_name(found.st_uid)})"
    if mode & stat.S_IWOTH:
        return f"{path!r} may be written by everybody (mode {mode:04o})"
    if mode & stat.S_IWGRP and not _is_ours_alone(found.st_gid, descriptor):
        return f"{path!r} may be written by a group with others in it (mode {mode:04o})"
    return ""


def user_name(uid: int) -> str:
    """Return what a user is called, `uid 54321` when nobody knows."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _is_ours_alone(gid: int, descriptor: int) -> bool:
    """Tell whether a group holds this user and root alone. An access list may hold anybody, behind the group's bits."""
    import grp
    import pwd

    try:
        os.getxattr(descriptor, _ACCESS_LIST)
        return False
    except (OSError, AttributeError):  # there is none
        pass
    own = {0, os.geteuid()}
    try:
        members = set(grp.getgrgid(gid).gr_mem)
    except KeyError:
        return False  # a group nobody knows
    accounts = pwd.getpwall()
    names = {account.pw_name for account in accounts if account.pw_uid in own}
    return members <= names and all(account.pw_uid in own for account in accounts if account.pw_gid == gid)


@contextmanager
def opened_from_trusted_folder(path: Path) -> Iterator[int]:
    """Yield a descriptor of the regular, trusted file at *path*; its folder, and that of a link's target, are trusted.

    Raises UntrustedFileError when it is not, FileNotFoundError or IsADirectoryError when there is none, OSError when it
    cannot be opened.
    """
    real = os.path.realpath(path)
    with _folder(os.path.dirname(os.path.abspath(path))), _folder(os.path.dirname(real)) as folder:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        descriptor = os.open(os.path.basename(real), flags, dir_fd=folder)
        try:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
            _require_regular(str(path), descriptor)
            if told := other_writers(str(path), descriptor):
                raise UntrustedFileError(told)
            yield descriptor
        finally:
            os.close(descriptor)


@contextmanager
def _folder(path: str) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:  # one we may pass through, and not list
        descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if told := other_writers(path, descriptor):
            raise UntrustedFileError(f"its folder {told}")
        yield descriptor
    finally:
        os.close(descriptor)


def _require_regular(path: str, descriptor: int) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise UntrustedFileError(f"{path!r} is no regular file")


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Yield a descriptor of what a person has named, a pipe too, without waiting for its other end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read_all(path: str, descriptor: int, most_bytes: int, *, wait_seconds: float = LONGEST_WAIT_SECONDS) -> bytes:
    """Return the bytes behind a descriptor.

    Raises OSError when there are more than *most_bytes*, or when a pipe does not bring its end in time.
    """
    until = time.monotonic() + wait_seconds
    blocks: list[bytes] = []
    size = 0
    is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
    while size <= most_bytes:
        # A pipe that nobody has opened yet reads as empty, so it is read only when it has something to say.
        if not is_file and not select.select([descriptor], [], [], max(0.0, until - time.monotonic()))[0]:
            raise OSError(errno.ETIMEDOUT, f"nothing came out of it in {wait_seconds:.0f} s", path)
        try:
            block = os.read(descriptor, 1 << 16)
        except BlockingIOError:
            continue
        if not block:
            return b"".join(blocks)
        blocks.append(block)
        size += len(block)
    raise OSError(errno.EFBIG, f"it has more than {most_bytes} bytes", path)


def read_secret(path: Path) -> str:
    """Return the one line of a file that holds a secret, without blanks around it.

    Raises UntrustedFileError when it is no regular file or others may write it, OSError when it cannot be read, is
    too long or has more than one line. That others may read it is for `doctor` to tell.
    """
    with opened(path) as descriptor:
        _require_regular(str(path), descriptor)
        if told := other_writers(str(path), descriptor):
            raise UntrustedFileError(told)
        content = read_all(str(path), descriptor, LONGEST_SECRET_BYTES + 2)  # its end of line is none of it
    try:
        text = content.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise UntrustedFileError(f"{str(path)!r} is no text in UTF-8") from None
    if len(text.splitlines()) > 1:
        raise UntrustedFileError(f"{str(path)!r} has more than one line")
    if len(text.encode()) > LONGEST_SECRET_BYTES:
        raise UntrustedFileError(f"{str(path)!r} has more than {LONGEST_SECRET_BYTES} bytes")
    return text


def read_own(path: Path, most_bytes: int) -> bytes:
    """Return the bytes of a small regular file of our own; a link is not followed, a pipe not waited for.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        _require_regular(str(path), descriptor)
        return read_all(str(path), descriptor, most_bytes)
    finally:
        os.close(descriptor)
