"""Where this machine's crontabs are, and what in them is ours."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from trendspark_cli.base.env_files import home_folder
from trendspark_cli.base.regular_files import read_regular
from trendspark_cli.base.trusted_files import opened, read_all
from trendspark_cli.crontabs.commands import mentions_us
from trendspark_cli.crontabs.reading import Crontab, Fault, read_crontab
from trendspark_cli.crontabs.timers import Systemd

USERS_CRONTAB = "crontab"  # how a user's own is called in what we print
LARGEST_BYTES = 1 << 20  # of a crontab
_SECONDS = 10.0  # for a file of this machine: a name server of accounts that hangs must not keep a job from running
_USUAL_PATH = "/usr/bin:/bin:/usr/local/bin"
_READ_IN_CRON_D = r"[A-Za-z0-9_-]+"


@dataclass(frozen=True)
class Machine:
    """Where crontabs lie, and whose timers there are."""

    etc: Path = Path("/etc")
    is_asked: bool = True  # whether to ask for the user's own crontab and for timers: processes
    systemd: Systemd = field(default_factory=Systemd)


def owner_of(database: Path) -> int:
    """Return the user whose jobs fill the database: its owner, or the one who asks while there is none."""
    try:
        return database.stat().st_uid
    except OSError:
        return os.getuid()


def installed_crontabs(uid: int, machine: Machine | None = None) -> list[Crontab]:
    """Return what starts jobs for user *uid*: the own crontab, system ones with lines of ours, or systemd timers."""
    machine = machine or Machine()
    found = []
    text = users_crontab(uid) if machine.is_asked else None
    if text is not None:
        found.append(read_crontab(text, USERS_CRONTAB))
    name, _ = _account(uid)
    found += [_of_user(crontab, name) for crontab in _system_crontabs(machine.etc)]
    has_lines = any(mentions_us(entry.command) for crontab in found for entry in crontab.entries)
    if machine.is_asked and not has_lines:
        found += machine.systemd.timers(uid, name)
    return found


def users_crontab(uid: int) -> str | None:
    """Return a user's own crontab as it is installed, or None when there is none or nobody may know."""
    program = shutil.which("crontab") or shutil.which("crontab", path=_USUAL_PATH)
    if program is None:
        return None
    other = ["-u", _account(uid)[0]] if uid != os.getuid() else []
    try:
        done = subprocess.run([program, *other, "-l"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def read_file(path: Path) -> Crontab:
    """Read a crontab file; in `cron.d`, and as `/etc/crontab`, its lines name a user.

    Raises OSError, also when a pipe does not bring its end in time.
    """
    with opened(path) as descriptor:
        text = read_all(str(path), descriptor, LARGEST_BYTES).decode("utf-8", "replace")
    is_system = path.absolute().parent.name == "cron.d" or path.absolute() == Path("/etc/crontab")
    crontab = read_crontab(text, str(path), has_users=is_system)
    return replace(crontab, faults=(*_faults_of_file(path), *crontab.faults)) if is_system else crontab


def _system_crontabs(etc: Path) -> Iterator[Crontab]:
    folder = etc / "cron.d"
    paths = [etc / "crontab", *(sorted(folder.iterdir()) if folder.is_dir() else [])]
    for path in paths:
        try:
            if mentions_us(read_regular(path, LARGEST_BYTES).decode("utf-8", "replace")):
                yield read_file(path)
        except OSError:
            continue  # what we may not read is not ours to judge


def _faults_of_file(path: Path) -> Iterator[Fault]:
    """Yield why cron would leave a file in cron.d out."""
    if path.parent.name == "cron.d" and not re.fullmatch(_READ_IN_CRON_D, path.name):
        expected = "a name of letters, digits, - and _: cron ignores others in cron.d, those with a dot too"
        yield Fault(0, path.name, expected, f"rename it to {re.sub('[^A-Za-z0-9_-]', '-', path.name)}", is_fatal=True)
    about = path.stat()
    if about.st_uid != 0 or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        expected = "a file of root that nobody else may write: cron ignores others"
        fix = f"chown root {path}; chmod 0644 {path}"
        yield Fault(0, f"{path} (user {about.st_uid}, mode {stat.S_IMODE(about.st_mode):o})", expected, fix, True)


def _of_user(crontab: Crontab, name: str) -> Crontab:
    """Leave out lines that run as somebody else: they work on another database."""
    return replace(crontab, entries=tuple(entry for entry in crontab.entries if entry.user in (name, None)))


def _account(uid: int) -> tuple[str, Path]:
    try:
        account = pwd.getpwuid(uid)
    except KeyError:
        return str(uid), Path(home_folder({}) or "/")
    return account.pw_name, Path(account.pw_dir)


def account_name(uid: int) -> str:
    """Return what a user is called, the number when nobody knows."""
    return _account(uid)[0]


def home_of(uid: int) -> Path:
    """Return the folder cron starts a user's jobs in."""
    return _account(uid)[1]
