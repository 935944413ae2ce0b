"""Look at settings and files: what is malformed, what others can read, what cannot be written, what fills up."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from trendspark_cli.base.settings import Settings, specs
from trendspark_cli.base.trusted_files import user_name
from trendspark_cli.kinds.channels import CHANNELS
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.screens.doctor.findings import FAIL, OK, WARN, Finding, bytes_text
from trendspark_cli.store.database import Database

LITTLE_ROOM_BYTES, NO_ROOM_BYTES = 10**9, 10**8
LITTLE_ROOM_SHARE = 0.02  # of a disk; 1 GB of a small one may be plenty
LARGE_LOG_BYTES = 10**9


def check_settings(settings: Settings, problems: Sequence[str]) -> Iterator[Finding]:
    """Yield malformed values, names nobody reads, and secrets that others can read."""
    for problem in problems:
        yield Finding("settings", FAIL, problem, "correct it; `trendspark config check` shows what is expected")
    for name, nearest in settings.unknown:
        fix = f"write {nearest}, or remove it" if nearest else "remove it, or see docs/settings.md for the name"
        yield Finding("settings", WARN, f"{name} is no setting, so it is ignored", fix)
    for trouble in (*SOURCES.troubles, *CHANNELS.troubles):
        what = f"package {trouble.package} was passed over: {trouble.told}"
        yield Finding("packages", WARN, what, "correct it, or uninstall it; see docs/how-to/packages.md")
    for told in settings.passed_over:
        fix = "name it with --env-file or TRENDSPARK_ENV_FILE if it is yours; see docs/explanation/trust.md"
        yield Finding("settings", WARN, told, fix)
    if settings.unquoted:
        what = f"quotes around the values of {', '.join(settings.unquoted)} were taken off"
        fix = "write them without quotes: `docker --env-file` and its like pass quotes on"
        yield Finding("settings", WARN, what, fix)
    if not problems and not settings.unknown:
        where = f", env file {str(settings.env_file)!r}" if settings.env_file else ""
        yield Finding("settings", OK, f"{len(settings.raw)} set{where}")
    for path in _secret_files(settings):
        yield from _secret(path)


def check_places(settings: Settings, database: Database) -> Iterator[Finding]:
    """Yield what others can read of the data, and what we cannot write; of what is out of reach, nothing."""
    folder = database.folder
    if hidden := out_of_reach(database.owned):
        yield Finding("permissions", FAIL, f"this user may not enter {str(hidden)!r}", f"run as {_owner(hidden)}")
        return
    if not folder.is_dir():
        fix = "run `trendspark db init`, or mount the disk it lives on"
        yield Finding("permissions", FAIL, f"folder {str(folder)!r} is missing", fix)
        yield _check_log(settings.log_file)
        return
    private = [(folder, 0o700), (folder / "locks", 0o700), *((path, 0o600) for path in database.files)]
    owner = os.geteuid() or folder.stat().st_uid  # root is anybody, and works for the owner of the data
    findings = [finding for path, mode in private if path.exists() for finding in _private(path, mode, owner)]
    yield from findings or [Finding("permissions", OK, f"{str(folder)!r} is private")]
    if not (folder / "locks").is_dir():
        fix = "run `trendspark db init`: it makes what is missing and changes nothing else"
        yield Finding("permissions", FAIL, f"folder {str(folder / 'locks')!r} is missing", fix)
    yield _check_log(settings.log_file)


def check_disks(settings: Settings, database: Database) -> Iterator[Finding]:
    """Yield the room on each disk that something of ours lies on; `spool` is beside the database."""
    places = {
        "database" if database.files else "data": database.folder,
        "log": settings.log_file.parent,
        "metrics": settings.textfile_dir,
    }
    by_disk: dict[int, list[str]] = {}
    for name, path in places.items():
        if not out_of_reach(path) and path.exists():
            by_disk.setdefault(path.stat().st_dev, []).append(name)
    for names in by_disk.values():
        path, told = places[names[0]], " and ".join(names)
        disk = os.statvfs(path)
        free, total = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
        is_out_of_names = disk.f_files > 0 and disk.f_favail == 0
        what = f"{bytes_text(free)} free for {told} ({str(path)!r})"
        if is_out_of_names:
            yield Finding("disk", FAIL, f"no inodes left for {told} ({str(path)!r})", "remove files on that disk")
        elif free < NO_ROOM_BYTES or (free < LITTLE_ROOM_BYTES and free < LITTLE_ROOM_SHARE * total):
            state = FAIL if free < NO_ROOM_BYTES else WARN
            yield Finding("disk", state, what, "free space there; `archive` and `vacuum` shrink the database")
        else:
            yield Finding("disk", OK, what)


def _check_log(log_file: Path) -> Finding:
    exists = log_file.exists()
    is_writable = os.access(log_file, os.W_OK) and not log_file.is_dir()
    if not (is_writable if exists else os.access(log_file.parent, os.W_OK)):
        fix = "give it to this user, or set LOG_FILE to a place that can be written"
        return Finding("log", FAIL, f"{str(log_file)!r} cannot be written", fix)
    size = log_file.stat().st_size if exists else 0
    what = f"{str(log_file)!r} has {bytes_text(size)}"
    if size > LARGE_LOG_BYTES:
        return Finding("log", WARN, what, "rotate it: docs/runbooks/README.md has the lines for logrotate")
    return Finding("log", OK, what)


def _secret_files(settings: Settings) -> list[Path]:
    """Return the files that secrets in use come from."""
    known = specs(settings.raw)
    secret = {name for name, (value, _) in settings.raw.items() if name in known and known[name].told(value) != value}
    origins = {settings.raw[name][1].partition(" (from ")[0] for name in secret}
    return [Path(origin).expanduser() for origin in sorted(origins - {"environment"})]


def out_of_reach(path: Path) -> Path | None:
    """Return the folder on the way to *path* that this user may not enter."""
    for folder in reversed(path.parents):
        if not folder.exists():
            return None
        if not os.access(folder, os.X_OK):
            return folder
    return None


def _owner(path: Path) -> str:
    return user_name(path.stat().st_uid)


def _secret(path: Path) -> Iterator[Finding]:
    """Yield a finding when a file of secrets is open to others; one of another user may be read by our group."""
    found = path.stat()
    if not path.is_file():
        return  # a pipe has no readers but the one who made it
    is_for_our_group = found.st_uid != os.geteuid() and not found.st_mode & 0o007
    if found.st_mode & 0o077 and not is_for_our_group:
        what = f"{str(path)!r} has mode {found.st_mode & 0o777:04o}: others than its owner have access"
        yield Finding("secrets", FAIL, what, f"chmod 600 {shlex.quote(str(path))}")


def _private(path: Path, mode: int, owner: int) -> Iterator[Finding]:
    """Yield a finding when others can enter, read or write *path*, or when it is not the *owner*'s."""
    found = path.stat()
    if found.st_mode & (0o066 if path.is_dir() else 0o077):  # to pass through a folder tells nothing of what is in it
        what = f"{str(path)!r} has mode {found.st_mode & 0o777:04o}: others than its owner have access"
        yield Finding("permissions", FAIL, what, f"chmod {mode:o} {shlex.quote(str(path))}")
    if found.st_uid != owner:
        whose = f"this is uid {owner}" if os.geteuid() else f"the data to uid {owner}"
        what = f"{str(path)!r} belongs to uid {found.st_uid}, and {whose}"
        yield Finding("permissions", FAIL, what, f"run as {_owner(path)}, or chown it")
