"""Files that others may have written are read in a process of their own first, where memory and time have an end.

What a Parquet file says of its sizes is a claim: a few kilobytes of pages may become gigabytes while they are decoded.
"""

from __future__ import annotations

import atexit
import json
import os
import selectors
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from trendspark_cli.archiving.part_files import FORMATS
from trendspark_cli.archiving.row_checking import check_rows
from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.rows.archived import TABLES
from trendspark_cli.store.rows.archives import Manifest

MOST_MEBIBYTES = 192  # beside what the process has when it begins; the group of rows of ours takes a third of it
LONGEST_PROBLEM = 1000  # characters
LONGEST_SECONDS = 120.0  # a file of ours takes two
_STATUS = Path("/proc/self/status")
# Another pool of memory would take a gigabyte of addresses for itself, where the bound is on addresses.
_CODE = (
    "import os, sys; os.environ['ARROW_DEFAULT_MEMORY_POOL'] = 'system'; sys.path.append(sys.argv[1]); "
    "from trendspark_cli.archiving.trial_reading import main; main()"
)
_PACKAGES = Path(__file__).resolve().parents[2]


def try_reading(path: Path, manifest: Manifest, *, checks_rows: bool = False) -> int:
    """Return how many rows a file has, each of them compared with the manifest when asked.

    Raises IntegrityError for a file that cannot be read within these bounds, or has more rows than its manifest.
    One process tries all files of a command. What it dies of when others came before is tried once more by a new one.
    """
    question = json.dumps([str(path.absolute()), manifest, checks_rows]).encode() + b"\n"
    for _ in range(2):
        trials = _Trials.of_this_process()
        was_new, trials.is_new = trials.is_new, False
        answer = trials.ask(question)
        if isinstance(answer, str):
            raise IntegrityError(answer)
        if answer is not None:
            return answer
        if was_new:
            break
    raise IntegrityError(f"{path.name} cannot be read with {MOST_MEBIBYTES} MiB of memory")


class _Trials:
    """The process that tries files, one after another. It ends with this one, whatever ends this one."""

    current: _Trials | None = None

    def __init__(self) -> None:
        self.is_new = True
        self._owner = os.getpid()
        command = [sys.executable, "-P", "-c", _CODE, str(_PACKAGES)]  # -P: nothing comes from the folder we are in
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        atexit.register(self.end)

    @classmethod
    def of_this_process(cls) -> _Trials:
        """Return the one there is, or a new one; that of a process this one was forked from is not ours."""
        if cls.current is None or cls.current._owner != os.getpid():
            cls.current = cls()
        return cls.current

    def ask(self, question: bytes) -> int | str | None:
        """Return how many rows a file has, or what is wrong with it; None when the process died of it."""
        questions, answers = self._process.stdin, self._process.stdout
        if questions is None or answers is None:
            raise TypeError("a process without pipes")
        until, answer = time.monotonic() + LONGEST_SECONDS, b""
        with suppress(OSError), selectors.DefaultSelector() as ready:
            questions.write(question)
            ready.register(answers, selectors.EVENT_READ)
            while not answer.endswith(b"\n"):
                if not ready.select(max(0.0, until - time.monotonic())):
                    self.end()
                    return f"it cannot be read within {LONGEST_SECONDS:.0f} s"
                some = answers.read(65536)
                if not some:
                    break
                answer += some
            else:
                rows_or_problem: int | str = json.loads(answer)
                return rows_or_problem
        self.end()
        return None

    def end(self) -> None:
        """Stop the process."""
        if self._owner != os.getpid():
            return
        _Trials.current = None
        atexit.unregister(self.end)
        self._process.kill()
        with self._process:  # closes the pipes, and waits
            pass


def main() -> None:
    """Read each file that a line on stdin names, and say in a line on stdout how many rows it has, or what is wrong."""
    from trendspark_cli.archiving.parquet_files import settle

    for form in FORMATS.values():
        form.prepare()
    settle()
    _bound_memory()
    for line in sys.stdin.buffer:
        try:
            name, fields, checks_rows = json.loads(line)
            answer = _rows_or_problem(Path(name), Manifest(*fields), checks_rows=checks_rows)
        except MemoryError:
            sys.exit(2)
        print(json.dumps(answer), flush=True)


def _rows_or_problem(path: Path, manifest: Manifest, *, checks_rows: bool) -> int | str:
    """Return how many rows a file has, or what is wrong with it."""
    rows = 0
    try:
        form = TABLES[manifest.table_name].form_of(manifest.key, manifest.source)
        for some in FORMATS[manifest.format].read(path, form):
            rows += len(some)
            if rows > manifest.rows:
                return f"{path.name} holds more than {manifest.rows} rows"
            if checks_rows:
                check_rows(manifest, some)
    except IntegrityError as error:
        return str(error)[:LONGEST_PROBLEM] or "it cannot be read"
    return rows


def _bound_memory() -> None:
    """Let this process have so much more memory and no more; what is left of it is a MemoryError of a library."""
    import resource

    try:
        told = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
        has = int(told["VmData"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return  # only Linux tells, and keeps to the bound
    most = has + MOST_MEBIBYTES * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
