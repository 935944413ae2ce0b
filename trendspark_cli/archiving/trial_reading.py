"""Files that others may have written are read in a process of their own first, where memory and time have an end.

What a Parquet file says of its sizes is a claim: a few kilobytes of pages may become gigabytes while they are decoded.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from trendspark_cli.archiving.part_files import FORMATS
from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.rows.archived import TABLES
from trendspark_cli.store.rows.archives import Manifest

MOST_MEBIBYTES = 192  # beside what the process has when it begins; the group of rows of ours takes a third of it
LONGEST_SECONDS = 120.0  # a file of ours takes two
_STATUS = Path("/proc/self/status")
_CODE = "import sys; sys.path.append(sys.argv[1]); from trendspark_cli.archiving.trial_reading import main; main()"
_PACKAGES = Path(__file__).resolve().parents[2]


def try_reading(path: Path, manifest: Manifest) -> None:
    """Raise IntegrityError for a file that cannot be read within these bounds, or has more rows than its manifest."""
    about = (manifest.format, str(manifest.rows), manifest.table_name, manifest.key, manifest.source or "")
    told = [str(_PACKAGES), str(path.absolute()), *about]
    command = [sys.executable, "-P", "-c", _CODE, *told]  # -P: nothing is imported from the folder we are in
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise IntegrityError(f"{path.name} cannot be read within {LONGEST_SECONDS:.0f} s") from error
    if done.returncode != 0:
        said = done.stdout.decode("utf-8", "replace").strip()[:400]
        raise IntegrityError(said or f"{path.name} cannot be read with {MOST_MEBIBYTES} MiB of memory")


def main() -> None:
    """Read the file that the arguments name, and say on stdout what is wrong with it."""
    path, form, most_rows = Path(sys.argv[2]), FORMATS[sys.argv[3]], int(sys.argv[4])
    table = TABLES[sys.argv[5]].form_of(sys.argv[6], sys.argv[7] or None)
    form.prepare()
    _bound_memory()
    rows = 0
    try:
        for some in form.read(path, table):
            rows += len(some)
            if rows > most_rows:
                raise IntegrityError(f"{path.name} holds more than {most_rows} rows")
    except IntegrityError as error:
        print(error)
        sys.exit(1)
    except MemoryError:
        sys.exit(2)


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
