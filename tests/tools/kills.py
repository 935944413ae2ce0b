"""kill -9 at a chosen system call, by strace: the kernel kills on entry, so that call never happens."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.tools.processes import Ended, run

# What makes a change durable or visible. A name this machine's kernel does not have is passed over ("?").
CALLS = ("fsync", "fdatasync", "rename", "renameat", "renameat2", "pwrite64", "ftruncate", "unlink", "unlinkat")


@dataclass(frozen=True)
class KillPoint:
    """The n-th call (from 1) of one name."""

    call: str
    number: int


@cache
def why_no_kills() -> str | None:
    """Return why processes cannot be killed at a system call here, or None when they can."""
    strace = shutil.which("strace")
    if strace is None:
        return "strace is not installed (Debian: apt-get install strace)"
    done = subprocess.run([strace, "-f", "-qq", "-o", os.devnull, "true"], capture_output=True, timeout=10)
    if done.returncode != 0:
        return f"strace may not trace here: {done.stderr.decode(errors='replace').strip()}"
    return None


def kill_points(
    argv: Sequence[str], environment: Mapping[str, str], folder: Path, calls: Sequence[str] = CALLS
) -> tuple[Ended, list[KillPoint]]:
    """Run *argv* undisturbed; return how it ended and every point at which it can be killed."""
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as trace:
        traced = ",".join(f"?{call}" for call in calls)
        ended = run(["strace", "-f", "-qq", "-o", trace.name, "-e", f"trace={traced}", *argv], environment, folder)
        lines = trace.read().splitlines()
    # strace counts calls by thread, so only those of the first thread can be named by a number.
    main_thread = lines[0].split()[0] if lines else ""
    found = Counter(match[1] for line in lines if (match := re.match(rf"{main_thread} +(\w+)\(", line)))
    return ended, [KillPoint(call, number + 1) for call, count in found.items() for number in range(count)]


def run_and_kill(argv: Sequence[str], point: KillPoint, environment: Mapping[str, str], folder: Path) -> Ended:
    """Run *argv* and kill it on entry of a call."""
    inject = f"inject={point.call}:signal=KILL:when={point.number}"
    trace = ["-e", f"trace={point.call}", "-e", inject]
    return run(["strace", "-f", "-qq", "-o", os.devnull, *trace, *argv], environment, folder)


def run_and_fail(
    argv: Sequence[str], point: KillPoint, error: str, environment: Mapping[str, str], folder: Path
) -> Ended:
    """Run *argv* with one call answered by an error, such as ENOSPC or EIO, instead of being made."""
    inject = f"inject={point.call}:error={error}:when={point.number}"
    trace = ["-e", f"trace={point.call}", "-e", inject]
    return run(["strace", "-f", "-qq", "-o", os.devnull, *trace, *argv], environment, folder)


def spread(points: Sequence[KillPoint], count: int, seed: int) -> list[KillPoint]:
    """Return *count* points, of every kind of call in turn, each spread over the run."""
    dice = random.Random(seed)
    by_call: dict[str, list[KillPoint]] = {}
    for point in points:
        by_call.setdefault(point.call, []).append(point)
    for group in by_call.values():
        dice.shuffle(group)
    chosen: list[KillPoint] = []
    while len(chosen) < min(count, len(points)):
        for call in sorted(by_call):
            if by_call[call] and len(chosen) < count:
                chosen.append(by_call[call].pop())
    return chosen
