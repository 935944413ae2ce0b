"""Run tests of ours on a server of PostgreSQL that is chosen, and replay real posts out of both databases."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from itertools import takewhile
from pathlib import Path

from tests.installation import Installation, make_folders
from tests.servers.postgres import BINARIES_SETTING, URL_SETTING, Databases, running_server, wheel_binaries
from tests.tools.processes import PROJECT
from trendspark_cli.base.clock import from_text, to_text

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


def first_days(posts: Path, days: int | None, kept: Path) -> Path:
    """Unpack the first *days* of a file of posts, or all of it, into *kept*."""
    with gzip.open(posts, "rt", encoding="utf-8") as lines, kept.open("w", encoding="utf-8") as target:
        line = next(lines)
        first = from_text(json.loads(line)["created_at"])
        until = to_text(first + timedelta(days=days)) if days is not None else "~"
        target.write(line)
        target.writelines(takewhile(lambda each: json.loads(each)["created_at"] < until, lines))
    return kept


def ranked_alike(folder: Path, posts: Path, days: int | None) -> bool:
    """Rank the first *days* of a file of posts as `scripts/eval` does: from the file, and read into each database."""
    kept = first_days(posts, days, folder / posts.name.removesuffix(".gz"))
    told: dict[str, bytes] = {}
    with running_server() as server:
        ways = {
            "the file": ("-m", "trendspark_cli", "backtest", "--tick", "900"),
            "SQLite": ("scripts/ranked_from_store.py", "sqlite"),
            "PostgreSQL": ("scripts/ranked_from_store.py", server.url),
        }
        for way, words in ways.items():
            with kept.open("rb") as lines:
                done = subprocess.run([sys.executable, *words], stdin=lines, capture_output=True, cwd=PROJECT)
            assert done.returncode == 0, done.stderr
            told[way] = done.stdout
    is_equal = len(set(told.values())) == 1
    sizes = ", ".join(f"{len(lines)} bytes from {way}" for way, lines in told.items())
    print(f"{posts.name}, {days or 'all'} days: {sizes}: {'equal' if is_equal else 'DIFFERENT'}", flush=True)
    return is_equal


def replayed_alike(folder: Path, posts: Path, days: int | None) -> bool:
    """Read the first *days* of a file of posts into both databases; tell whether `backtest` says the same of both."""
    kept = first_days(posts, days, folder / "posts.ndjson")
    told = []
    with running_server() as server, closing(Databases(server.url)) as databases:
        for number, url in enumerate(("sqlite:///replayed.db", databases.create("replayed"))):
            home = folder / f"replay-{number}" / "home"
            make_folders(home)
            url = url.replace("///", f"///{home}/")
            here = Installation(home, {"DATABASE_URL": url})
            done = [
                here.command(*words, seconds=7200.0)
                for words in (
                    ("db", "init"),
                    ("ingest", "--from", str(kept)),
                    ("backtest", "--json", "--since", "2000-01-01"),
                )
            ]
            assert [each.exit_code for each in done] == [0, 0, 0], [each.stderr for each in done]
            told.append(done[-1].stdout)
    is_equal = told[0] == told[1]
    print(f"backtest of {days or 'all'} days: {len(told[0])} bytes, {'equal' if is_equal else 'DIFFERENT'}", flush=True)
    return is_equal


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
    rooms = QUICK if is_quick else WHOLE
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *rooms],
        cwd=PROJECT,
        env={
            **environment,
            BINARIES_SETTING: str(binaries),
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",  # `pg_dump` must be no older than the server
            "COLUMNS": "240",  # of a line that says why a test failed
            **({} if is_quick else {"TRENDSPARK_TEST_ROUNDS": "100"}),
        },
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    how = f"{'passed' if done.returncode == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s"
    counted = "".join(lines[-1:]).strip("= ")
    print(f"{version}: {how}: {counted}", flush=True)
    told = [line for line in lines if line.startswith(("FAILED tests/", "ERROR tests/"))]
    print("".join(f"    {line}\n" for line in told), end="", flush=True)
    return done.returncode == 0
