"""A lock file is no link and nobody else's file; a lock counts while its file bears the name."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import NOW, mode
from tests.installation import Installation
from trendspark_cli.base.errors import ConfigError, StoreError
from trendspark_cli.base.locks import STORE_ALERT_MARKER, is_still_named, job_lock, open_lock_file, waiting_lock
from trendspark_cli.running.job_context import JobContext


def nothing(job: JobContext) -> None:
    """Do nothing, well."""


PLANTED: dict[str, Callable[[Path, Path], object]] = {
    "a link": lambda lock, precious: lock.symlink_to(precious),
    "a link that leads nowhere": lambda lock, precious: lock.symlink_to(precious.with_name("nowhere")),
    "a second name of a file": lambda lock, precious: os.link(precious, lock),
    "a pipe": lambda lock, precious: os.mkfifo(lock),
    "a folder": lambda lock, precious: lock.mkdir(),
}


@pytest.mark.parametrize("name", ["ingest.lock", "metrics.lock", "store.lock"])
@pytest.mark.parametrize("kind", PLANTED)
def test_a_lock_file_that_is_something_else_is_refused_and_not_touched(
    workplace: Installation, tmp_path: Path, name: str, kind: str
) -> None:
    (tmp_path / "precious").write_text("precious")
    PLANTED[kind](workplace.home / "locks" / name, tmp_path / "precious")

    done = workplace.command("ingest", "--from", "/dev/null")

    assert (done.exit_code, done.stderr.count("\n")) == (78, 1)
    assert str(workplace.home / "locks" / name) in done.stderr
    assert ((tmp_path / "precious").read_text(), (tmp_path / "nowhere").exists()) == ("precious", False)


def test_a_lock_file_is_private_whatever_the_umask(workplace: Installation) -> None:
    before = os.umask(0)
    with job_lock(workplace.home / "locks", "ingest", NOW), waiting_lock(workplace.home / "locks" / "x.lock"):
        os.umask(before)

    assert {path.name: mode(path) for path in (workplace.home / "locks").iterdir()} == {
        "ingest.lock": 0o600,
        "x.lock": 0o600,
        STORE_ALERT_MARKER: 0o600,
    }


@pytest.mark.parametrize("way", ["removed", "replaced"])
def test_a_file_that_lost_its_name_is_no_lock(tmp_path: Path, way: str) -> None:
    descriptor = open_lock_file(tmp_path / "x.lock")
    (tmp_path / "x.lock").unlink()
    if way == "replaced":
        (tmp_path / "x.lock").touch()

    is_named = is_still_named(descriptor, tmp_path / "x.lock")
    os.close(descriptor)

    assert not is_named


@pytest.mark.parametrize("lock", ["of a job", "that waits"])
def test_a_lock_whose_file_is_replaced_while_it_is_taken_is_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    real, tries = fcntl.flock, []

    def swapped(descriptor: int, kind: int) -> None:
        real(descriptor, kind)
        tries.append(kind)
        if len(tries) == 1:
            (tmp_path / "x.lock").unlink()

    monkeypatch.setattr(fcntl, "flock", swapped)

    with job_lock(tmp_path, "x", NOW) if lock == "of a job" else waiting_lock(tmp_path / "x.lock"):
        other = os.open(tmp_path / "x.lock", os.O_RDWR)
        with pytest.raises(BlockingIOError):
            real(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(other)

    assert len(tries) == 2


def test_a_lock_that_is_replaced_for_ever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda descriptor, kind: (tmp_path / "x.lock").unlink())

    with pytest.raises(StoreError, match="replaced again and again"), job_lock(tmp_path, "x", NOW):
        pass


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_disk_without_locks_is_told_as_such(
    workplace: Installation, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)

    with pytest.raises(ConfigError, match="TRENDSPARK_HOME must be on a disk with locks") as caught:
        workplace.run("ingest", nothing)

    assert caught.value.exit_code == 78


def test_a_lock_file_of_another_user_says_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.lock").touch()

    def refuse(*_: Any, **__: Any) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)

    with pytest.raises(StoreError) as caught:
        open_lock_file(tmp_path / "x.lock")

    assert f"it belongs to uid {os.getuid()}" in caught.value.hint
