"""Tasks for workers: what a slice is to them, without its work."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from trendspark_cli.base.errors import IntegrityError


def double(number: int) -> int:
    """Return twice the number."""
    return 2 * number


def process(number: int) -> int:
    """Return the id of the process that does it."""
    return os.getpid()


def double_at_the_second_try(task: tuple[str, int]) -> int:
    """Be killed the first time, as by a kernel without memory; return twice the number from then on."""
    folder, number = task
    try:
        Path(folder, str(number)).touch(exist_ok=False)
    except FileExistsError:
        return 2 * number
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def die(number: int) -> int:
    """Be killed, whoever does it."""
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def find_damage(number: int) -> int:
    """Raise an error of ours."""
    raise IntegrityError(f"object {number} is damaged", hint="look at it")


def be_wrong(number: int) -> int:
    """Raise an error of nobody."""
    return number // 0


def say_and_wait(task: tuple[str, int]) -> int:
    """Leave the id of this process in a folder, and never end."""
    folder, number = task
    made = Path(folder, f"{number}.unfinished")
    made.write_text(str(os.getpid()))
    made.rename(Path(folder, str(number)))
    while True:
        time.sleep(60)


def wait_but_for_the_first(task: tuple[str, int]) -> int:
    """End at once when the number is 0, and else never, once the id of this process is in a folder."""
    return say_and_wait(task) if task[1] else 0


def is_alive(process: int) -> bool:
    """Tell whether a process is there, and has not ended."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].startswith(" Z")
