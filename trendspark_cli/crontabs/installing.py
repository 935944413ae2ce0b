"""Put lines into a user's crontab: what stands there is read first, and nothing is written when it cannot be."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.crontabs.installed import account_name

_SECONDS = 10.0
_USUAL_PATH = "/usr/bin:/bin:/usr/local/bin"
_NONE_YET = re.compile(r"no crontab for|No such file or directory")  # as crons and BusyBox say it


def program() -> str | None:
    """Return the program that installs crontabs, None on a machine without."""
    return shutil.which("crontab") or shutil.which("crontab", path=_USUAL_PATH)


def installed_text(uid: int) -> str:
    """Return a user's crontab, "" when there is none yet. Raises ConfigError when nobody may know."""
    done = _crontab(uid, "-l")
    told = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode == 0:
        try:
            return done.stdout.decode()
        except UnicodeDecodeError:
            raise ConfigError("the installed crontab is no text in UTF-8", hint="edit it: crontab -e") from None
    if _NONE_YET.search(told):
        return ""
    raise ConfigError(
        f"`crontab -l` failed: {told[:200]}", hint="see whether this user may have a crontab (cron.allow)"
    )


def install(uid: int, text: str, before: str) -> None:
    """Make *text* a user's crontab, which is *before* now.

    Raises ConfigError when it is another one, or when cron does not take the new one; what stands there then stays.
    """
    if installed_text(uid) != before:
        raise ConfigError("the crontab was changed meanwhile", hint="it is as it was left; start again")
    done = _crontab(uid, "-", text.encode())
    if done.returncode != 0:
        told = done.stderr.decode("utf-8", "replace").strip()
        raise ConfigError(f"`crontab -` failed: {told[:200]}", hint="the crontab is as it was")


def _crontab(uid: int, argument: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    found = program()
    if found is None:
        raise ConfigError("this machine has no crontab", hint="see docs/how-to/containers.md for other schedulers")
    other = ["-u", account_name(uid)] if uid != os.getuid() else []
    try:
        return subprocess.run([found, *other, argument], input=given, capture_output=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"`crontab {argument}` failed: {error}", hint="the crontab is as it was") from error
