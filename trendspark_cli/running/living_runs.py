"""Whether a run that never ended is still at work: a second fence beside the lock, whose file anybody may remove.

On the machine it runs on a run lives while its process does: the same pid, begun at the same moment. Elsewhere (another
host, a container with pids of its own, another boot) it lives while its heartbeat is younger than three beats.
"""

from __future__ import annotations

import os
import socket
from datetime import datetime
from pathlib import Path

from trendspark_cli.base.clock import from_text
from trendspark_cli.running.heartbeat import BEAT_SECONDS
from trendspark_cli.store.rows.runs import UnendedRun

BEATS = 3
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_ENDED = "ZX"  # states of a process that is dead and not yet taken note of


def this_process() -> str:
    """Return what tells this process from every other: boot, space of pids, and when it began."""
    return f"{_space()} {_began(os.getpid()) or 0}"


def lives(run: UnendedRun, now: datetime) -> bool:
    """Tell whether a run that has not ended is still at work. One of this very process is not: it has one at a time."""
    space, _, began = (run.process or "").rpartition(" ")
    if run.host == socket.gethostname() and space == _space() and began.isdigit():
        if run.pid == os.getpid():
            return False
        found = _began(run.pid)
        if found is not None:
            return found == int(began)
        if not _is_there(run.pid):
            return False
    # A beat of the future is one of a clock that was wrong.
    age = (now - from_text(run.heartbeat_at or run.started_at)).total_seconds()
    return abs(age) < BEATS * BEAT_SECONDS


def _space() -> str:
    """Return where a pid means one process: a boot of a machine and, in containers, a space of their own."""
    try:
        return f"{_BOOT_ID.read_text().strip()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""  # no Linux: then only the heartbeat tells


def _began(pid: int) -> int | None:
    """Return when a process began, in ticks since the boot, 0 for one that has died; None when that cannot be seen."""
    try:
        # pid (name, which may hold anything) state ppid ...: the 22nd is the time it began.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return 0 if fields[0] in _ENDED else int(fields[19])


def _is_there(pid: int) -> bool:
    """Tell whether there is such a process, another user's and hidden perhaps."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
