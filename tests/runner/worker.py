"""A job in a process of its own that does what a test asks and says how far it is.

Started as `python -m tests.runner.worker HOME WHAT [TIMEOUT]`; prints `ready`, and waits for a line where it waits.
"""

from __future__ import annotations

import os
import sys
import time
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.builders import post
from tests.installation import Installation
from trendspark_cli.base.metrics import RANK_POSTS
from trendspark_cli.running.job_context import JobContext


def wait() -> None:
    """Say that the place is reached, and stay there until told to go on."""
    print("ready", flush=True)
    sys.stdin.readline()


def idle(job: JobContext) -> None:
    """Wait outside any transaction."""
    job.write(lambda: job.store.posts.save([post("1")], job.now))
    wait()


def in_transaction(job: JobContext) -> None:
    """Wait in the middle of a group of writes; more of them would follow."""

    def save(group: int) -> None:
        job.store.posts.save([post(f"{group}-first")], job.now)
        wait()
        job.store.posts.save([post(f"{group}-second")], job.now)

    for group in range(3):
        job.write(partial(save, group))


def uncommitted(job: JobContext) -> None:
    """Wait with writes that are not committed."""

    def save() -> None:
        job.store.posts.save([post("lost")], job.now)
        job.store.totals.add([RANK_POSTS.by(5)])
        wait()

    job.write(save)


def in_a_callback(job: JobContext) -> None:
    """Wait where the interpreter passes over what is raised, and then go on for long."""
    held = {1}
    watched = weakref.ref(held, lambda _: wait())
    del held
    while watched() is None:
        time.sleep(0.1)


BODIES: dict[str, Callable[[JobContext], None]] = {
    "idle": idle,
    "in_transaction": in_transaction,
    "uncommitted": uncommitted,
    "in_a_callback": in_a_callback,
}


def main() -> None:
    """Run the body and end with its exit code."""
    home, what, job_id = sys.argv[1:4]
    environment = {"JOB_TIMEOUT_" + job_id.upper(): sys.argv[4]} if len(sys.argv) > 4 else {}
    given = ("HEARTBEAT_URL_", "DATABASE_URL")
    environment |= {name: value for name, value in os.environ.items() if name.startswith(given)}
    workplace = Installation(Path(home), environment=environment)
    result = workplace.run(job_id, BODIES[what])
    print(result.status, flush=True)
    sys.exit(result.exit_code)


if __name__ == "__main__":
    main()
