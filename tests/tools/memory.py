"""How much memory a run takes, measured by the kernel, on files of any size."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.builders import own_line
from tests.ingest.operator import Operator
from tests.tools.books import value
from tests.tools.processes import COMMAND, cron_environment


@dataclass(frozen=True)
class Peak:
    """What reading a file took."""

    posts: int
    megabytes: float  # highest resident size of the process
    seconds: float


def write_posts(file: Path, posts: int) -> None:
    """Write made-up posts, one a line, none like the other."""
    with file.open("w", encoding="utf-8") as stream:
        for number in range(posts):
            text = f"post {number} about a bridge, a ferry and {number % 977} other things that float on water"
            line = own_line(str(number), text=text, author=f"author{number % 5003}", likes=number % 31)
            stream.write(json.dumps(line) + "\n")


def ingest_peak(folder: Path, posts: int) -> Peak:
    """Ingest a file of *posts* posts into a new installation with the real command."""
    operator = Operator(folder / f"home-{posts}")
    file = folder / f"{posts}.ndjson"
    write_posts(file, posts)
    environment = cron_environment(folder, operator.environment)
    started = time.monotonic()
    pid = os.posix_spawn(sys.executable, [*COMMAND, "ingest", "--from", str(file)], environment)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.monotonic() - started
    file.unlink()
    exit_code = os.waitstatus_to_exitcode(status)
    stored = value(operator.database, "SELECT count(*) FROM posts")
    assert (exit_code, stored) == (0, posts), f"exit code {exit_code}, {stored} of {posts} posts stored"
    return Peak(posts, usage.ru_maxrss / 1024, seconds)
