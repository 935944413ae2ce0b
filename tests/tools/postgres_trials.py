"""Run tests of ours on a server of PostgreSQL that is chosen, those that usually run on SQLite alone, too."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.servers.postgres import BINARIES_SETTING, URL_SETTING, wheel_binaries
from tests.tools.processes import PROJECT

QUICK = ("tests/hosts", "tests/store")
WHOLE = (
    *QUICK,
    "tests/runner",
    "tests/money",
    "tests/archive",
    "tests/stream",
    "tests/alerts",
    "tests/rank",
    "tests/ingest",
)


def servers_here() -> list[Path]:
    """Return the programs of each PostgreSQL on this machine."""
    of_debian = [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    of_wheel = wheel_binaries()
    return [*of_debian, *([of_wheel] if of_wheel else [])]


def run_on(binaries: Path, *, is_quick: bool) -> bool:
    """Run the tests on this server, tell how that went, and return whether all passed."""
    version = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True).stdout.strip()
    began = time.monotonic()
    environment = {name: value for name, value in os.environ.items() if name != URL_SETTING}
    words = (
        "-n",
        "auto",
        "--dist",
        "worksteal",
        "--every-store",
        "-m",
        "postgres or not postgres",
        "-k",
        "postgres or hosts",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *(QUICK if is_quick else WHOLE)],
        cwd=PROJECT,
        env={**environment, BINARIES_SETTING: str(binaries)},
        capture_output=True,
        text=True,
    )
    told = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    print(
        f"{version}: {'passed' if done.returncode == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s", flush=True
    )
    print("".join(f"    {line}\n" for line in told[:20]), end="", flush=True)
    return done.returncode == 0
