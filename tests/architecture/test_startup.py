"""Commands that start each minute import only what they need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.installation import Installation

HEAVY = (
    "openai",
    "pyarrow",
    "boto3",
    "botocore",
    "praw",
    "tweepy",
    "requests",
    "numpy",
    "pandas",
    "sqlite_utils",
    "rich",
    "pydantic",
    "prometheus_client",
    "jinja2",
    "duckdb",
    "dask",
    "distributed",
    "pyspark",
    "py4j",
    "psycopg",
    "apprise",
    "PIL",
)
SPY = """
import atexit, sys
def tell():
    sys.stderr.write("IMPORTED " + " ".join(sorted({name.partition(".")[0] for name in sys.modules})) + "\\n")
atexit.register(tell)
from trendspark_cli.__main__ import main
sys.argv = ["trendspark", *sys.argv[1:]]
main()
"""


def imported_by(workplace: Installation, *arguments: str) -> set[str]:
    """Return the top-level packages a command has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", SPY, *arguments],
        env=workplace.surroundings(),
        cwd=workplace.home.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith("IMPORTED "), done.stderr
    return set(last.split()[1:])


@pytest.mark.parametrize(
    "command",
    [
        "--version",
        "--help",
        "health",
        "jobs list",
        "config show",
        "trends list",
        "db stats",
        "audit",
        "gaps list",
        "profiles list",
    ],
)
def test_a_command_that_only_looks_imports_nothing_heavy(workplace: Installation, command: str) -> None:
    found = imported_by(workplace, *command.split())

    assert found & set(HEAVY) == set()


def test_the_version_needs_not_even_the_command_line_library(workplace: Installation) -> None:
    found = imported_by(workplace, "--version")

    assert found & {"typer", "click", "sqlite3", "json", "logging"} == set()


def test_a_run_without_a_database_is_refused_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    found = imported_by(Installation(tmp_path / "nowhere"), "ingest")

    assert found & set(HEAVY) == set()


def test_a_run_that_finds_its_lock_held_imports_nothing_heavy(workplace: Installation) -> None:
    import fcntl

    with (workplace.home / "locks" / "ingest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = imported_by(workplace, "ingest")

    assert found & set(HEAVY) == set()


def test_reading_a_file_imports_no_service_library(workplace: Installation) -> None:
    found = imported_by(workplace, "ingest", "--from", "/dev/null")

    assert found & {"openai", "pyarrow", "boto3", "praw", "tweepy", "numpy", "sqlite_utils", "rich"} == set()


@pytest.mark.parametrize("command", ["health", "health --json"])
def test_what_programs_ask_often_reads_no_flags(workplace: Installation, command: str) -> None:
    assert "typer" not in imported_by(workplace, *command.split())
    assert "typer" in imported_by(workplace, "-q", *command.split())
