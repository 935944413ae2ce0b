"""Two installations never write over each other's metrics."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.installation import Installation
from trendspark_cli.base.folder_markers import MARKER
from trendspark_cli.running.job_context import JobContext


def nothing(job: JobContext) -> None:
    """Do nothing, well."""


@pytest.fixture
def other(tmp_path: Path) -> Installation:
    """A second installation of the machine."""
    here = Installation(tmp_path / "other")
    here.make_database()
    return here


@pytest.fixture
def shared(workplace: Installation, other: Installation, tmp_path: Path) -> Path:
    """The folder both were told to write to."""
    for one in (workplace, other):
        one.environment["TEXTFILE_DIR"] = str(tmp_path / "shared")
    return tmp_path / "shared"


def test_the_second_installation_is_refused_with_the_name_of_the_first(
    workplace: Installation, other: Installation, shared: Path
) -> None:
    workplace.run("ingest", nothing)
    before = {path.name: path.read_bytes() for path in shared.iterdir()}

    second = other.run("ingest", nothing)

    assert second.exit_code == 78
    assert str(workplace.home) in second.errors[0]["message"]
    assert {path.name: path.read_bytes() for path in shared.iterdir()} == before


def test_what_the_second_installation_did_is_kept(workplace: Installation, other: Installation, shared: Path) -> None:
    workplace.run("ingest", nothing)
    other.run("ingest", nothing)

    assert other.rows("SELECT status, exit_code FROM job_runs") == [{"status": "success", "exit_code": 78}]


def test_doctor_and_health_say_so(workplace: Installation, other: Installation, shared: Path) -> None:
    workplace.run("ingest", nothing)

    doctor, health = other.command("doctor", "--offline"), other.command("health", "--json")

    assert f"is used by the installation in '{workplace.home}'" in doctor.stdout
    assert str(workplace.home) in health.json["services"]["metrics"]["reason"]


def test_the_first_installation_goes_on(workplace: Installation, other: Installation, shared: Path) -> None:
    codes = [one.run("ingest", nothing).exit_code for one in (workplace, other, workplace, other)]

    assert codes == [0, 78, 0, 78]


def test_a_folder_is_given_up_by_removing_its_mark(workplace: Installation, other: Installation, shared: Path) -> None:
    workplace.run("ingest", nothing)
    (shared / MARKER).unlink()

    assert [other.run("ingest", nothing).exit_code, workplace.run("ingest", nothing).exit_code] == [0, 78]


def test_an_installation_is_known_by_another_path_to_it(workplace: Installation, shared: Path, tmp_path: Path) -> None:
    workplace.run("ingest", nothing)
    (tmp_path / "linked").symlink_to(workplace.home)

    again = Installation(tmp_path / "linked", environment=workplace.environment).run("ingest", nothing)

    assert again.exit_code == 0


def test_a_folder_within_an_installation_is_its_own_whoever_was_there_first(
    workplace: Installation, other: Installation
) -> None:
    other.environment["TEXTFILE_DIR"] = str(workplace.metrics_folder)

    codes = [one.run("ingest", nothing).exit_code for one in (other, workplace, other, workplace)]

    assert codes == [0, 0, 78, 0]


@pytest.mark.parametrize("kind", ["link", "pipe", "large"])
def test_a_mark_that_is_none_is_told_and_not_waited_for(workplace: Installation, shared: Path, kind: str) -> None:
    shared.mkdir()
    match kind:
        case "link":
            (shared / MARKER).symlink_to("/etc/hostname")
        case "pipe":
            os.mkfifo(shared / MARKER)
        case "large":
            (shared / MARKER).write_bytes(b"x" * 100_000)

    done = workplace.run("ingest", nothing)

    assert (done.exit_code, MARKER in done.errors[0]["message"]) == (78, True)


def test_a_mark_whose_writer_was_killed_is_nobodys(workplace: Installation, shared: Path) -> None:
    shared.mkdir()
    (shared / MARKER).touch()

    assert workplace.run("ingest", nothing).exit_code == 0
