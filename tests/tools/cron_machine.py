"""The real cron daemon with a crontab of ours, faster than life, in a corner of its own."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.tools.processes import running

FASTEST = 120  # a minute of cron is then half a second; below that it begins to miss minutes
ZONES = Path("/usr/share/zoneinfo")
JOB_LINE = re.compile(r"([^#\s]\S* +(?:\S+ +){4})(\S*trendspark) +(.+)")
# Own crontabs, own local time, own pid file, own process numbers: cron detaches its jobs, so they end with their
# namespace. The crontab is installed as an operator installs one.
CORNER = (
    'mount -t tmpfs tmpfs /etc/cron.d; mount --bind "$1" "$(readlink -f /etc/localtime)"; '
    "mkdir -p /var/spool/cron/crontabs; mount -t tmpfs -o mode=1730 tmpfs /var/spool/cron/crontabs; "
    'mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /dev/shm; crontab "$2"; shift 2; exec "$@"'
)


def why_no_cron() -> str | None:
    """Return why cron cannot run here, or None when it can."""
    missing = [name for name in ("cron", "faketime", "unshare") if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)} not installed (Debian: apt-get install cron faketime)"
    if not (ZONES / "Europe/Berlin").is_file() or not Path("/etc/localtime").exists():
        return "no time zones here (Debian: apt-get install tzdata)"
    probe = ["unshare", "-m", "--propagation", "private", "--pid", "--fork", "--mount-proc", "mount", "-t", "tmpfs"]
    done = subprocess.run([*probe, "tmpfs", "/run"], capture_output=True, timeout=10)
    return f"no namespaces here: {done.stderr.decode(errors='replace').strip()}" if done.returncode else None


@dataclass(frozen=True)
class FastClock:
    """A clock that showed *start* at the real time *began*."""

    start: datetime
    speed: int = FASTEST
    began: float = field(default_factory=time.time)

    def now(self) -> float:
        """Return the seconds since 1970 it shows."""
        return self.start.timestamp() + (time.time() - self.began) * self.speed


def job_lines(crontab: str) -> list[tuple[str, str]]:
    """Return (schedule, arguments) of each job of ours in a user's crontab."""
    return [(match[1].strip(), match[3]) for line in crontab.splitlines() if (match := JOB_LINE.fullmatch(line))]


def with_program(crontab: str, program: Path, *, each_minute: bool = False) -> str:
    """Return a crontab whose lines start *program*; without those that are due each minute, unless they are wanted.

    A minute lasts half a second here, less than a start takes: what runs each minute is left to other proofs.
    """
    lines = []
    for line in crontab.splitlines():
        match = JOB_LINE.fullmatch(line)
        if match is None:
            lines.append(f"PATH={program.parent}:/usr/bin:/bin" if line.startswith("PATH=") else line)
        elif each_minute or not line.startswith("* "):
            lines.append(f"{match[1]}{program if '/' in match[2] else program.name} {match[3]}")
    return "\n".join(lines) + "\n"


def write_program(work: Path, environment: Mapping[str, str], clock: FastClock) -> Path:
    """Make a `trendspark` that runs ours by the fast clock, with a bare environment, and notes each start and end.

    It writes `starts` (seconds since 1970 by the fast clock, arguments), `exit-codes` and `output`.
    """
    settings = " ".join(shlex.quote(f"{name}={value}") for name, value in environment.items())
    python = shlex.quote(sys.executable)
    now = f"{clock.start.timestamp()} + (time.time() - {clock.began}) * {clock.speed}"
    program = work / "bin" / "trendspark"
    program.parent.mkdir(parents=True)
    # UTC0 needs no file: that of UTC may be the one local time is bound over.
    program.write_text(
        "#!/bin/sh\n"
        "unset FAKETIME LD_PRELOAD\n"
        f"now=$({python} -c 'import time; print(int({now}))')\n"
        f'echo "$now $*" >>{shlex.quote(str(work / "starts"))}\n'
        'moment=$(TZ=UTC0 date -d "@$now" "+%Y-%m-%d %H:%M:%S")\n'
        f'env -i {settings} TZ=UTC0 faketime -f "@$moment x{clock.speed}" {python} -m trendspark_cli "$@" '
        f">>{shlex.quote(str(work / 'output'))} 2>&1\n"
        f'echo "$1 $?" >>{shlex.quote(str(work / "exit-codes"))}\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    return program


def run_cron(crontab: str, work: Path, clock: FastClock, *, zone: str = "Etc/UTC", real_seconds: float) -> None:
    """Run cron with this crontab of root, in local time of *zone*, by the fast clock.

    The clock must not begin in an hour that comes twice. Raises RuntimeError when cron ends by itself.
    """
    table = work / "crontab"
    table.write_text(crontab, encoding="utf-8")
    corner = ["unshare", "-m", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
    shown = datetime.fromtimestamp(clock.now(), UTC).astimezone(ZoneInfo(zone))
    fast = ["env", "-u", "TZ", "faketime", "-f", f"@{shown:%Y-%m-%d %H:%M:%S} x{clock.speed}"]
    inside = ["sh", "-ec", CORNER, "corner", str(ZONES / zone), str(table), *fast, "cron", "-f", "-L", "0"]
    with running([*corner, *inside], work / "cron.log") as cron:
        end = time.monotonic() + real_seconds
        while time.monotonic() < end:
            if cron.poll() is not None:
                raise RuntimeError(f"cron ended: {(work / 'cron.log').read_text(errors='replace')}")
            time.sleep(0.2)
        cron.kill()  # what cron started ends with it; unshare itself hears nothing else
