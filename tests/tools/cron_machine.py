"""The real cron daemon with our crontab, faster than life, in a corner of its own where the machine's cron is not."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.tools.processes import running

FASTEST = 120  # a minute of cron is then half a second; below that it begins to miss minutes
JOB_LINE = re.compile(r"([^#\s]\S* +(?:\S+ +){4})trendspark +(.+)")
# Own crontabs, own pid file, own process numbers: cron detaches its jobs, so they end with their namespace.
CORNER = (
    'mount --bind "$1" /etc/cron.d; mkdir -p /var/spool/cron/crontabs; mount -t tmpfs tmpfs /var/spool/cron/crontabs; '
    'mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /dev/shm; shift; exec "$@"'
)


def why_no_cron() -> str | None:
    """Return why cron cannot run here, or None when it can."""
    missing = [name for name in ("cron", "faketime", "unshare") if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)} not installed (Debian: apt-get install cron faketime)"
    probe = ["unshare", "-m", "--propagation", "private", "--pid", "--fork", "--mount-proc", "mount", "-t", "tmpfs"]
    done = subprocess.run([*probe, "tmpfs", "/run"], capture_output=True, timeout=10)
    return f"no namespaces here: {done.stderr.decode(errors='replace').strip()}" if done.returncode else None


def job_lines(crontab: Path) -> list[tuple[str, str]]:
    """Return (schedule, arguments) of each job of ours in a user's crontab."""
    lines = crontab.read_text(encoding="utf-8").splitlines()
    return [(match[1].strip(), match[2]) for line in lines if (match := JOB_LINE.fullmatch(line))]


def run_cron(
    jobs: list[tuple[str, str]],
    environment: Mapping[str, str],
    work: Path,
    *,
    start: datetime,
    began: float,
    real_seconds: float,
    speed: int,
) -> None:
    """Run cron with these jobs; each gets a bare environment and a fast clock that showed *start* at time *began*.

    Raises RuntimeError when cron ends by itself.
    """
    tables = work / "cron.d"
    tables.mkdir()
    script = work / "job.sh"
    script.write_text(_job_script(environment, start, speed, began, work), encoding="utf-8")
    lines = [f"{schedule} root sh {script} {arguments}" for schedule, arguments in jobs]
    table = tables / "trendspark"
    table.write_text("\n".join(["SHELL=/bin/sh", "PATH=/usr/bin:/bin", *lines]) + "\n", encoding="utf-8")
    table.chmod(0o644)
    corner = ["unshare", "-m", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
    clock = f"@{start.astimezone(UTC):%Y-%m-%d %H:%M:%S} x{speed}"
    argv = [
        *corner,
        "sh",
        "-ec",
        CORNER,
        "cron",
        str(tables),
        "env",
        "TZ=UTC",
        "faketime",
        "-f",
        clock,
        "cron",
        "-f",
        "-L",
        "0",
    ]
    with running(argv, work / "cron.log") as cron:
        end = time.monotonic() + real_seconds
        while time.monotonic() < end:
            if cron.poll() is not None:
                raise RuntimeError(f"cron ended: {(work / 'cron.log').read_text(errors='replace')}")
            time.sleep(0.2)


def _job_script(environment: Mapping[str, str], start: datetime, speed: int, began: float, work: Path) -> str:
    """Return the script cron starts: an empty environment, ours on top, the time cron believes in."""
    settings = " ".join(shlex.quote(f"{name}={value}") for name, value in environment.items())
    python = shlex.quote(sys.executable)
    now = f"{python} -c 'import time; print(int({start.timestamp()} + (time.time() - {began}) * {speed}))'"
    return (
        f"unset FAKETIME LD_PRELOAD\n"
        f"now=$({now})\n"
        f'moment=$(TZ=UTC date -d "@$now" "+%Y-%m-%d %H:%M:%S")\n'
        f'env -i {settings} TZ=UTC faketime -f "@$moment x{speed}" {python} -m trendspark_cli "$@" '
        f">>{shlex.quote(str(work / 'output'))} 2>&1\n"
        f'echo "$1 $?" >>{shlex.quote(str(work / "exit-codes"))}\n'
    )
