"""The crontab of this installation: absolute paths, minutes of its own, and the jobs its settings ask for."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.settings import Settings, specs
from trendspark_cli.crontabs.commands import OURS, mentions_us
from trendspark_cli.crontabs.plans import wanted_jobs
from trendspark_cli.crontabs.reading import read_crontab
from trendspark_cli.kinds.jobs import SCHEDULED

BEGIN, END = "# BEGIN trendspark", "# END trendspark"
SPREAD_MINUTES = 15  # between two ingests: hosts are spread over it
_MINUTE = re.compile(r"(?:\*|(\d+)(?:-59)?)(?:/(\d+))?")


def executable() -> str:
    """Return how cron can start us, quoted for the shell: the absolute path of the command that runs now."""
    beside = Path(sys.executable).with_name(OURS)
    called = Path(sys.argv[0]).absolute()
    found = shutil.which(OURS)
    for path in (called if called.name == OURS else beside, beside, Path(found) if found else beside):
        if path.is_file():
            return shlex.quote(str(path.absolute()))
    return f"{shlex.quote(sys.executable)} -m trendspark_cli"


def offset_minutes(host: str, home: Path) -> int:
    """Return by how many minutes this installation starts its jobs later: always the same, others than elsewhere."""
    digest = hashlib.sha256(f"{host}\0{home}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % SPREAD_MINUTES


def shifted(cron: str, minutes: int) -> str:
    """Return a schedule *minutes* later, at most 14; each minute stays each minute, and steps keep their distance."""
    minute, rest = cron.split(" ", 1)
    match = _MINUTE.fullmatch(minute)
    if match is None or minute == "*":
        return cron
    first, step = int(match[1] or 0), int(match[2] or 60)
    later = (first + minutes) % step
    return f"{later}-59/{step} {rest}" if match[2] else f"{later} {rest}"


def crontab_text(settings: Settings, home: Path, *, host: str = "") -> str:
    """Return the crontab, between two marks, so that it can be replaced among other lines."""
    command = executable()
    later = offset_minutes(host or socket.gethostname(), settings.trendspark_home)
    jobs = wanted_jobs(settings)
    lines = [
        f"{BEGIN} (made by `{OURS} crontab print`; its minutes are this installation's own)",
        f"PATH={Path(shlex.split(command)[0]).parent}:/usr/local/bin:/usr/bin:/bin",
        *_settings(settings, home),
        "# cron mails the one line of a run that failed to this user; to someone else with:",
        "#MAILTO=you@example.org",
    ]
    for job in SCHEDULED.values():
        if job.id in jobs:
            line = f"{shifted(job.cron, later)} {command} {job.command}".replace("%", r"\%")
            lines += ["", f"# {job.why.partition(';')[0]}", line]
    return "\n".join([*lines, END]) + "\n"


def merged(installed: str, block: str) -> str:
    """Return an installed crontab with *block* in place of the one that was there, at its end.

    At the end, since settings such as PATH hold for all lines below them.
    Raises ConfigError when lines outside the block start us: they would run beside it.
    """
    kept = re.sub(rf"^{BEGIN}.*?^{END}[^\n]*\n?", "", installed, flags=re.MULTILINE | re.DOTALL)
    others = [entry.text for entry in read_crontab(kept, "crontab").entries if mentions_us(entry.command)]
    if others:
        raise ConfigError(
            f"the installed crontab starts {OURS} outside the block: {'; '.join(others)}",
            hint="remove these lines with `crontab -e`; the block has them",
        )
    return kept.rstrip("\n") + "\n\n" + block if kept.strip() else block


def _settings(settings: Settings, home: Path) -> Iterator[str]:
    """Yield what cron's runs must be told, since they see nothing of this shell."""
    used = settings.env_file
    if used is not None and used.absolute() not in (home / ".env", home / ".config" / OURS / ".env"):
        yield f"TRENDSPARK_ENV_FILE={_value(str(used.absolute()))}"
    known = specs(settings.raw)
    for name, (value, origin) in settings.raw.items():
        if origin != "environment":
            continue
        if known[name].told(value) != value or "\n" in value or "@" in value:
            yield f"# {name} is set in this shell only: write it into the env file"
        else:
            yield f"{name}={_value(value)}"


def _value(text: str) -> str:
    """Return a value as cron reads it back: in quotes when it begins with one or holds outer blanks."""
    if text.strip() == text and text[:1] not in ("'", '"'):
        return text
    return f"'{text}'" if "'" not in text else f'"{text}"'
