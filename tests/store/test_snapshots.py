"""A copy of the data that nobody can change, on a read-only disk for example, is read as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.tools.other_user import AS_ANOTHER, NEEDS_ROOT, reachable_folder
from tests.tools.processes import COMMAND

pytestmark = pytest.mark.only_sqlite  # of files


@pytest.fixture
def snapshot(workplace: Installation) -> Iterator[Path]:
    """The data of an installation, readable by everybody and changeable by none but root."""
    workplace.run("vacuum", lambda job: None)
    with reachable_folder() as folder:
        copy = folder / "data"
        copy.mkdir()
        shutil.copyfile(workplace.database, copy / "trendspark.db")
        (copy / "trendspark.db").chmod(0o444)
        copy.chmod(0o555)
        yield copy


def as_another(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user without an account, without HOME, who may write nothing there."""
    settings = {"PATH": os.environ["PATH"], "TRENDSPARK_HOME": str(home), "LOG_FILE": "/dev/null"}
    return subprocess.run(
        [*AS_ANOTHER, *COMMAND, *arguments], env=settings, cwd="/", capture_output=True, text=True, timeout=60
    )


@NEEDS_ROOT
@pytest.mark.parametrize("command", [("jobs", "history"), ("db", "stats"), ("trends", "list"), ("alerts", "list")])
def test_a_snapshot_is_read_by_a_user_who_may_write_nothing(snapshot: Path, command: tuple[str, ...]) -> None:
    done = as_another(*command, home=snapshot)

    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in snapshot.iterdir()] == ["trendspark.db"]


@NEEDS_ROOT
def test_a_job_on_a_snapshot_says_in_one_line_that_nothing_can_be_written(snapshot: Path) -> None:
    done = as_another("vacuum", home=snapshot)

    assert done.returncode in (74, 78)
    assert len(done.stderr.splitlines()) == 1
