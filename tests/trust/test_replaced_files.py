"""A file that is replaced is made under a name nobody can guess, through no link, and is whole or not there."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import mode
from tests.installation import FixedClock, Installation
from trendspark_cli.base.durable_files import (
    leftovers,
    make_folder,
    remove_leftovers,
    replacing,
    sync_folder,
    unfinished,
    writing_by_name,
)
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.services.local_folder import LocalFolder
from trendspark_cli.store.sqlite.administration import backup_database


def nothing(job: JobContext) -> None:
    """Do nothing, well."""


def test_a_link_at_the_name_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "target").symlink_to(tmp_path / "precious")

    with replacing(tmp_path / "target") as stream:
        stream.write(b"new")

    assert ((tmp_path / "precious").read_text(), (tmp_path / "target").read_text()) == ("precious", "new")
    assert not (tmp_path / "target").is_symlink()


@pytest.mark.parametrize("before", [None, 0o600, 0o640, 0o644])
def test_a_file_keeps_its_mode_and_a_new_one_is_private(tmp_path: Path, before: int | None) -> None:
    if before is not None:
        (tmp_path / "target").touch()
        (tmp_path / "target").chmod(before)

    with replacing(tmp_path / "target") as stream:
        stream.write(b"new")

    assert mode(tmp_path / "target") == (before or 0o600)


def test_it_has_its_mode_before_anything_is_in_it(tmp_path: Path) -> None:
    with unfinished(tmp_path / "target", 0o600) as (_, path):
        assert (mode(path), path.name.endswith(".prom"), path.parent) == (0o600, False, tmp_path)


@pytest.mark.parametrize("way", [replacing, writing_by_name])
def test_a_block_that_fails_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, way: Callable[[Path], object]
) -> None:
    (tmp_path / "target").write_text("old")

    with pytest.raises(ZeroDivisionError), way(tmp_path / "target"):  # type: ignore[attr-defined]
        raise ZeroDivisionError

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"target": "old"}


def test_a_file_that_somebody_put_in_its_place_gets_no_name(tmp_path: Path) -> None:
    def write_while_somebody_swaps() -> None:
        with writing_by_name(tmp_path / "target") as path:
            path.unlink()
            path.symlink_to("/etc/passwd")

    with pytest.raises(OSError, match="in its place"):
        write_while_somebody_swaps()

    assert not os.path.lexists(tmp_path / "target")


def test_what_a_killed_process_left_is_removed_after_an_hour(tmp_path: Path) -> None:
    names = [".target.0123456789abcdef.unfinished", ".other.0123456789abcdef.unfinished", ".target.mine.unfinished"]
    for name in names:
        (tmp_path / name).touch()
    os.utime(tmp_path / names[0], (0, 0))
    os.utime(tmp_path / names[2], (0, 0))

    remove_leftovers(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == set(names[1:])


def test_leftovers_of_one_name_are_told_from_those_of_longer_ones(tmp_path: Path) -> None:
    for name in ("part", "part.json", "x.part"):
        (tmp_path / f".{name}.0123456789abcdef.unfinished").touch()

    assert [path.name for path in leftovers(tmp_path, "part")] == [".part.0123456789abcdef.unfinished"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_network_disk_that_cannot_flush_a_folder_is_good_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)

    sync_folder(tmp_path)  # and nothing is raised


def test_a_disk_that_fails_to_flush_a_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(OSError, match="Input/output"):
        sync_folder(tmp_path)


def test_a_folder_keeps_the_group_it_hands_on(tmp_path: Path) -> None:
    tmp_path.chmod(0o2775)

    make_folder(tmp_path / "a" / "b", 0o700)

    assert (tmp_path / "a" / "b").stat().st_mode & 0o7777 == 0o2700


@pytest.mark.parametrize("name", ["trendspark_shared.prom.tmp", "trendspark_shared.prom"])
@pytest.mark.parametrize("kind", ["link", "pipe", "hard link"])
def test_nothing_planted_among_the_metrics_is_written_through_or_waited_for(
    workplace: Installation, tmp_path: Path, name: str, kind: str
) -> None:
    (tmp_path / "precious").write_text("precious")
    workplace.metrics_folder.mkdir()
    planted = workplace.metrics_folder / name
    match kind:
        case "link":
            planted.symlink_to(tmp_path / "precious")
        case "hard link":
            os.link(tmp_path / "precious", planted)
        case "pipe":
            os.mkfifo(planted)

    done = workplace.run("ingest", nothing)

    assert (done.exit_code, (tmp_path / "precious").read_text(), mode(tmp_path / "precious")) == (0, "precious", 0o644)
    assert workplace.series()['trendspark_job_runs_total{job="ingest",status="success"}'] == 1


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_nothing_planted_for_the_cache_of_health_is_followed_or_waited_for(workplace: Installation, kind: str) -> None:
    precious, cache = workplace.home / "precious", workplace.home / "health-telegram.json"
    precious.write_text(json.dumps({"who": "x", "checked_at": 0, "state": {"ok": True}}))
    cache.symlink_to(precious) if kind == "link" else os.mkfifo(cache)
    around = {"TELEGRAM_BOT_TOKEN": "1:a", "TELEGRAM_CHAT_ID": "-1", "TELEGRAM_API_BASE_URL": "http://127.0.0.1:9"}

    workplace.command("health", environment=around)

    assert (json.loads(precious.read_text())["who"], cache.is_file(), cache.is_symlink()) == ("x", True, False)


def test_an_archive_folder_is_cleared_of_what_a_killed_run_began(tmp_path: Path) -> None:
    (tmp_path / "archive" / "day").mkdir(parents=True)
    (tmp_path / "source").write_text("content")
    for name in (".part.0123456789abcdef.unfinished", "part.unfinished"):  # the second as version 0.1 named it
        (tmp_path / "archive" / "day" / name).touch()

    LocalFolder("file:///archive", tmp_path / "archive").put("day/part", tmp_path / "source", "sum")

    assert [path.name for path in (tmp_path / "archive" / "day").iterdir()] == ["part"]


def test_a_backup_is_not_written_through_a_link_that_leads_nowhere(workplace: Installation, clock: FixedClock) -> None:
    (workplace.home / "copy.db").symlink_to(workplace.home / "nowhere")

    done = workplace.command("db", "backup", str(workplace.home / "copy.db"))

    assert (done.exit_code, os.path.lexists(workplace.home / "nowhere")) == (73, False)


def test_a_backup_leaves_one_file(workplace: Installation) -> None:
    folder = workplace.home / "backups"
    folder.mkdir()

    backup_database(workplace.database, folder / "copy.db")

    assert {path.name: mode(path) for path in folder.iterdir()} == {"copy.db": 0o600}


@pytest.mark.parametrize("leads", ["precious", "nowhere"])
def test_a_name_that_was_guessed_all_the_same_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leads: str
) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / ".target.0000000000000000.unfinished").symlink_to(tmp_path / leads)
    monkeypatch.setattr(os, "urandom", bytes)

    with pytest.raises(FileExistsError), replacing(tmp_path / "target"):
        pass

    assert ((tmp_path / "precious").read_text(), (tmp_path / "nowhere").exists()) == ("precious", False)
