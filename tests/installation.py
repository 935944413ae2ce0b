"""An installation in a folder of its own: jobs run in this process at a told time, or as real commands."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

from tests.builders import NOW, in_lines
from tests.servers import OpenAIServer, TelegramServer
from tests.tools.processes import COMMAND, cron_environment
from tests.tools.warm import AT_A_TIME, run_command
from trendspark_cli.app import installation as app
from trendspark_cli.app.wired import Wired
from trendspark_cli.base import redaction
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.console import Output, RowProgress
from trendspark_cli.base.database_urls import is_postgres
from trendspark_cli.base.locks import STORE_ALERT_MARKER
from trendspark_cli.base.models import RunResult
from trendspark_cli.base.settings import load_settings
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.copying.copier import copy_database
from trendspark_cli.store.open_store import database_at
from trendspark_cli.store.sqlite.administration import create_database
from trendspark_cli.store.sqlite.store import SqliteStore, open_sqlite

SERIES_LINE = re.compile(r"^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$")
TOKEN = "AAAAAAAAAAAAAAAAAAAAAbearer-of-the-test-app"

# Where rows live, when a test runs on another database than SQLite: that of all its installations.
PLACE: dict[str, str] = {}

Body = Callable[[JobContext], None]


class FixedClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        """Move on by hours, minutes, seconds as timedelta names them."""
        self.now += timedelta(**time)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        return json.loads(self.stdout)


class Installation:
    """One installation. `environment`: its settings, with nothing of the surroundings. Nobody has made its database."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None, now: datetime = NOW) -> None:
        self.home = home
        self.clock = FixedClock(now)
        empty = home.parent / "empty.env"
        empty.parent.mkdir(parents=True, exist_ok=True)
        empty.touch()
        own = {"TRENDSPARK_HOME": str(home), "TRENDSPARK_ENV_FILE": str(empty), **PLACE}
        self.environment: dict[str, str] = {**own, **(environment or {})}

    @property
    def now(self) -> datetime:
        """The time it is told."""
        return self.clock.now

    @now.setter
    def now(self, moment: datetime) -> None:
        self.clock.now = moment

    def later(self, **time: float) -> None:
        """Move its clock on."""
        self.clock.advance(**time)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.home / "trendspark.db"

    def make_database(self) -> None:
        """Make what `db init` does; a database of PostgreSQL is there for each test that runs on it."""
        if is_postgres(self.environment.get("DATABASE_URL", "")):
            make_folders(self.home)
        else:
            make_database(self.database)

    @property
    def metrics_folder(self) -> Path:
        """The folder of .prom files."""
        return self.home / "textfile_collector"

    @property
    def log_file(self) -> Path:
        """The log."""
        return self.home / "trendspark.log"

    def installation(self, **output: bool) -> app.Installation:
        """The installation as wired in this process, as of now."""
        settings = load_settings(self.environment)
        redaction.install(settings.secrets())
        return app.Installation(settings, Output(**{"is_quiet": True, **output}), self.clock, example_times=True)

    def run(self, job_id: str, body: Body, **options: Any) -> RunResult:
        """Run *body* as a job in this process."""
        return self.installation().runner(is_dry=options.get("is_dry", False)).run(job_id, body, **options)

    def run_body(self, job_id: str, body: Callable[[Wired], None], *, is_dry: bool = False) -> RunResult:
        """Run a job's own body in this process, with what its settings give it."""
        here = self.installation()
        wired = lambda job: body(Wired(here.settings, job, here.clock))  # noqa: E731 - nobody else calls it
        return here.runner(is_dry=is_dry).run(job_id, wired, is_dry=is_dry)

    def surroundings(self) -> dict[str, str]:
        """What real commands see: what cron gives a job, and the settings."""
        return cron_environment(self.home.parent, self.environment)

    def command(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        wrapped_in: Sequence[str] = (),
        program: Sequence[str] = COMMAND,
        seconds: float = 60.0,
    ) -> Done:
        """Run the real command as cron would: no terminal, nothing but a PATH and a HOME around it."""
        around = {**self.surroundings(), **(environment or {})}
        argv = [*wrapped_in, *program, *arguments]
        ended = run_command(argv, around, self.home.parent, stdin, seconds=seconds)
        return Done(ended.exit_code, ended.stdout.decode(), ended.stderr.decode("utf-8", "backslashreplace"))

    def command_now(self, *arguments: str, **options: Any) -> Done:
        """Run the real command at the time of this clock."""
        return self.command(*arguments, program=(*AT_A_TIME, to_text(self.now)), seconds=300.0, **options)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the real command and return at once."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            env=self.surroundings(),
            cwd=self.home.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ingest_lines(self, *values: Any, **options: Any) -> Done:
        """Ingest a file with one JSON value a line."""
        file = self.home.parent / "posts.ndjson"
        file.write_bytes(in_lines(*values))
        return self.command("ingest", "--from", str(file), "--json", **options)

    def store(self, *, read_only: bool = False) -> SqliteStore:
        """Open the store; tests that run on every database ask of it what all stores have."""
        if is_postgres(url := self.environment.get("DATABASE_URL", "")):
            from trendspark_cli.store.postgres.store import open_postgres

            return cast(SqliteStore, open_postgres(url, read_only=read_only))
        return open_sqlite(self.database, read_only=read_only)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask the database."""
        with closing(self.store(read_only=True)) as store:
            return store.connection.rows(sql)

    def values(self, sql: str) -> list[Any]:
        """Ask the database for one column."""
        return [next(iter(row.values())) for row in self.rows(sql)]

    def series(self) -> dict[str, float]:
        """Every series of every .prom file, named as in the file."""
        return read_series(self.metrics_folder)


def read_series(folder: Path) -> dict[str, float]:
    """Return the series of a folder of .prom files; a series in two files is an error."""
    found: dict[str, float] = {}
    for path in sorted(folder.glob("*.prom")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                match = SERIES_LINE.match(line)
                assert match is not None, f"{path.name}: {line!r} is no series without a timestamp"
                assert match[1] not in found, f"{match[1]} is in two files"
                found[match[1]] = float(match[2])
    return found


@cache
def new_database() -> Path:
    """A new database, made once by this process; to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="trendspark-new-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    create_database(folder / "trendspark.db")
    return folder / "trendspark.db"


def make_database(path: Path) -> None:
    """Do what `create_database` does; a new one comes without running the migrations again."""
    if path.exists():
        create_database(path)
        return
    make_folders(path.parent)
    marker = path.parent / "locks" / STORE_ALERT_MARKER
    marker.touch(0o600)
    os.utime(marker, (0, 0))
    shutil.copyfile(new_database(), path)
    path.chmod(0o600)


def move_in(there: Path, home: Path) -> None:
    """Have an installation in *home* begin with what one in SQLite has, in the database of this test."""
    shutil.copytree(there, home, dirs_exist_ok=True)
    if url := PLACE.get("DATABASE_URL"):
        copy_database(database_at(f"sqlite:///{home}/trendspark.db", home), database_at(url, home), NOW, RowProgress())


def make_folders(home: Path) -> None:
    """Give *home* the folders of an installation."""
    (home / "locks").mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)


def x_settings(url: str, **more: str) -> dict[str, str]:
    """Settings of somebody who searches X for a bridge."""
    return {"X_BEARER_TOKEN": TOKEN, "X_API_BASE_URL": url, "KEYWORDS": "bridge", **more}


def telegram_settings(server: TelegramServer, **more: str) -> dict[str, str]:
    """Settings of somebody whose alerts go to a chat."""
    chat = {"TELEGRAM_BOT_TOKEN": server.token, "TELEGRAM_CHAT_ID": str(server.chat_id)}
    return {**chat, "TELEGRAM_API_BASE_URL": server.url, **more}


def model_settings(server: OpenAIServer, **more: str) -> dict[str, str]:
    """Settings of somebody who has a language model and a field."""
    return {"OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.base_url, "NICHE": "local transport", **more}
