"""Whoever may not look at an installation is told so in one line, by every command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.installation import Installation

Run = Callable[..., subprocess.CompletedProcess[str]]
# Whatever the command imports is imported before the change of user: the interpreter may be out of nobody's reach.
AS_NOBODY = """
import contextlib, io, os, sys
from trendspark_cli.__main__ import main
def run():
    try:
        main()
    except SystemExit as end:
        return end.code
if os.getuid() == 0:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        run()
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
sys.exit(run())
"""


@pytest.fixture
def as_another(workplace: Installation) -> Iterator[Run]:
    """Runs commands as somebody who may not enter the installation."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", AS_NOBODY, *arguments],
            env={**workplace.surroundings(), "TRENDSPARK_ENV_FILE": "", **variables},
            cwd=workplace.home.parent,  # which they may not enter either, as after `sudo -u`
            capture_output=True,
            text=True,
            timeout=60,
        )

    (workplace.home / "settings.env").touch()
    workplace.home.chmod(0o000)
    yield run
    workplace.home.chmod(0o700)


@pytest.mark.parametrize("command", [("jobs", "list"), ("ingest", "--from", "/dev/null"), ("logs",)])
def test_a_command_says_that_it_may_not_look(as_another: Run, command: tuple[str, ...]) -> None:
    done = as_another(*command)

    assert done.returncode == 74
    assert "Traceback" not in done.stderr
    assert "out of this user's reach; run as" in done.stderr or "Permission denied" in done.stderr


def test_health_and_doctor_name_what_is_out_of_reach(as_another: Run) -> None:
    health, doctor = as_another("health"), as_another("doctor", "--offline")

    assert (health.returncode, doctor.returncode, health.stderr[:0] + doctor.stderr[:0]) == (1, 1, "")
    assert "out of this user's reach" in health.stdout, health.stderr
    assert "this user may not enter" in doctor.stdout
    assert "Traceback" not in health.stderr + doctor.stderr


def test_an_env_file_that_was_named_and_is_out_of_reach_is_told(as_another: Run, workplace: Installation) -> None:
    done = as_another("config", "check", TRENDSPARK_ENV_FILE=str(workplace.home / "settings.env"))

    assert done.returncode == 78
    assert "cannot be read" in done.stdout
