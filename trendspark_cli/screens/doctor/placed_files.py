"""Look at each file in the folders of ours: links, files of other users, and modes that let others in or us out."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from trendspark_cli.base.folder_markers import foreign_claim
from trendspark_cli.base.locks import lock_problem
from trendspark_cli.base.settings import Settings
from trendspark_cli.base.trusted_files import user_name
from trendspark_cli.screens.doctor.files import out_of_reach
from trendspark_cli.screens.doctor.findings import FAIL, OK, WARN, Finding
from trendspark_cli.store.database import Database

MOST_TOLD = 5  # findings of one folder; the first ones say what kind it is
MOST_LOOKED_AT = 100  # files of a folder that everybody may fill


def check_placed_files(settings: Settings, database: Database) -> Iterator[Finding]:
    """Yield what is wrong with files in locks/, spool/ and TEXTFILE_DIR, and whether locks can be taken."""
    data = database.folder
    if out_of_reach(database.owned) or not data.is_dir():
        return  # which is said elsewhere
    owner = data.stat().st_uid
    found = [
        *_strange_files(data / "locks", owner, 0o600),
        *_strange_files(data / "spool", owner, 0o600),
        *_strange_metrics(settings.textfile_dir, owner),
    ]
    yield from found or [Finding("files", OK, "locks, spool and metrics hold files of ours alone")]
    if problem := foreign_claim(settings.textfile_dir, settings.trendspark_home):
        yield Finding("metrics", FAIL, str(problem), problem.hint)
    if (data / "locks").is_dir():
        yield _check_locks(data / "locks")


def lock_trouble(database: Database) -> str:
    """Return what keeps jobs from taking their locks, in words; empty when nothing does."""
    problem = lock_problem(database.folder / "locks")
    return "" if problem is None else f"{problem}; {problem.hint}"


def metrics_trouble(settings: Settings, database: Database) -> str:
    """Return what keeps metrics from being written, in words; empty when nothing does."""
    folder = settings.textfile_dir
    try:
        is_there = folder.exists()
    except OSError:
        return f"TEXTFILE_DIR {str(folder)!r} is out of this user's reach"
    if not is_there:
        return f"TEXTFILE_DIR {str(folder)!r} is not there; `trendspark db init` makes it"
    if not os.access(folder, os.W_OK):
        return f"TEXTFILE_DIR {str(folder)!r} cannot be written"
    if problem := foreign_claim(folder, settings.trendspark_home):
        return f"{problem}; {problem.hint}"
    try:
        found = list(_strange_metrics(folder, database.folder.stat().st_uid))
    except OSError:
        return ""  # the database is out of reach, and its own state says so
    return next((finding.what for finding in found if finding.state == FAIL), "")


def _strange_files(folder: Path, owner: int, mode: int) -> Iterator[Finding]:
    """Yield what is wrong with the files of a private folder; *mode* is the one they should have."""
    told = 0
    for path in sorted(folder.iterdir()) if folder.is_dir() and os.access(folder, os.R_OK | os.X_OK) else ():
        for finding in _judged(path, owner, mode):
            yield finding
            told += 1
        if told >= MOST_TOLD:
            return


def _strange_metrics(folder: Path, owner: int) -> Iterator[Finding]:
    """Yield what is wrong with our files in a folder that others may use as well."""
    try:
        about = folder.stat()
        paths = sorted(path for path in folder.iterdir() if path.name.lstrip(".").startswith("trendspark"))
    except OSError:
        return  # said by those who look whether metrics can be written
    is_sticky = bool(about.st_mode & stat.S_ISVTX)
    if about.st_mode & stat.S_IWOTH and not is_sticky:
        what = f"everybody may replace the metrics in {str(folder)!r} (mode {stat.S_IMODE(about.st_mode):04o})"
        yield Finding("files", WARN, what, f"chmod o-w {shlex.quote(str(folder))}")
    can_replace = not is_sticky or about.st_uid == owner  # a file of somebody else, so that the next run mends it
    for path in paths[:MOST_LOOKED_AT]:
        yield from _judged(path, None if can_replace else owner, 0o644)


def _judged(path: Path, owner: int | None, mode: int) -> Iterator[Finding]:
    try:
        found = path.lstat()
    except OSError:
        return  # it was removed meanwhile
    name, quoted = repr(str(path)), shlex.quote(str(path))
    bits = stat.S_IMODE(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        what = f"{name} is a link to {os.readlink(path)!r}: it is not followed"
        yield Finding("files", FAIL, what, f"find out who made it, then: rm {quoted}")
    elif stat.S_ISDIR(found.st_mode):
        return  # of a command at work, which cleans up after itself
    elif not stat.S_ISREG(found.st_mode):
        yield Finding("files", FAIL, f"{name} is no regular file", f"find out who made it, then: rm {quoted}")
    elif owner is not None and found.st_uid != owner:
        what = f"{name} belongs to {user_name(found.st_uid)}, and the data to {user_name(owner)}"
        yield Finding("files", FAIL, what, f"as root: chown {user_name(owner).removeprefix('uid ')} {quoted}")
    elif found.st_nlink > 1:
        what = f"{name} has another name as well, so what is written here is written there"
        yield Finding("files", FAIL, what, f"find out who made it, then: rm {quoted}")
    elif bits & ~mode & 0o777:
        what = f"{name} has mode {bits:04o}: others than its owner have access"
        yield Finding("files", WARN, what, f"chmod {mode:o} {quoted}")


def _check_locks(folder: Path) -> Finding:
    problem = lock_problem(folder)
    if problem is None:
        return Finding("locks", OK, f"locks can be taken in {str(folder)!r}")
    return Finding("locks", FAIL, str(problem), problem.hint)
