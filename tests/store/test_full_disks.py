"""A disk without room is said in words a person would use, with the exit code of disks, wherever it is met."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.tools.processes import COMMAND, cron_environment
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.base.errors import OutputError, StoreError
from trendspark_cli.base.full_disks import in_words, why_no_room_beside
from trendspark_cli.store.sqlite.administration import errors_of_copy

pytestmark = pytest.mark.only_sqlite  # of files

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace makes calls of the system fail")
WORDS = {"ENOSPC": "the disk is full", "EDQUOT": "the quota is used up"}


@pytest.mark.parametrize(("name", "words"), WORDS.items())
def test_no_room_is_said_in_words(name: str, words: str) -> None:
    number = getattr(errno, name)

    assert in_words(OSError(number, os.strerror(number), "file")) == words
    assert "Permission denied" in in_words(OSError(errno.EACCES, os.strerror(errno.EACCES)))


@pytest.mark.parametrize(("name", "words"), WORDS.items())
def test_the_spool_says_what_there_is_no_room_for(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(StoreError, match=words), Spool(tmp_path).errors():
        raise OSError(getattr(errno, name), "no room")


def test_a_folder_that_may_not_be_written_is_no_full_disk(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no leave"), Spool(tmp_path).errors():
        raise OSError(errno.EACCES, "no leave")


def test_a_disk_with_room_is_left_as_it_was(tmp_path: Path) -> None:
    assert why_no_room_beside(tmp_path / "trendspark.db-wal") == ""
    assert list(tmp_path.iterdir()) == []


@needs_strace
@pytest.mark.parametrize("error", WORDS)
@pytest.mark.parametrize("command", ["rank", "deliver", "vacuum"])
def test_jobs_on_a_disk_without_room_say_so(workplace: Installation, command: str, error: str) -> None:
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"inject=pwrite64:error={error}", *COMMAND, command],
        env=cron_environment(workplace.home, workplace.environment),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert (done.returncode, WORDS[error] in done.stderr) == (74, True), done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_backup_without_room_names_the_backup(tmp_path: Path) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    copying = errors_of_copy(tmp_path / "trendspark.db", tmp_path / "a-copy.db")
    with pytest.raises(StoreError, match=r"backup '.*/a-copy\.db': the disk is full"), copying:
        raise full
