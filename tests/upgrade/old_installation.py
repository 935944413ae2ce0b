"""An installation as an earlier version left it, in a folder of its own, with the services it talks to."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.builders import NOW
from tests.servers import OpenAIServer, RedditServer, TelegramServer, XServer, x_post
from tests.servers.x_posts import id_time
from tests.servers.x_stream_server import XStreamServer
from tests.tools.processes import PROJECT, cron_environment
from tests.tools.warm import AT_A_TIME, run_command

DATA = PROJECT / "tests" / "data"
FIRST_RUN = NOW + timedelta(minutes=10)  # what is kept ends before noon, and Telegram asked to wait until then

LASTING = {  # table -> what tells its rows apart
    "posts": "id",
    "ingest_audit": "id",
    "notifications": "id",
    "job_runs": "id",
    "trends": "id",
    "trend_marks": "id",
    "trend_briefs": "trend_id",
    "gaps": "id",
    "cursors": "profile || ' ' || source || ' ' || query",
    "spend": "day || ' ' || service || ' ' || profile || ' ' || kind",
    "profiles": "name",
    "stream_rules": "value",
    "calibrations": "id",
    "tombstones": "id",
    "archive_manifests": "id",
}


def kept_counts(version: str) -> dict[str, int]:
    """Return how many rows each table had when that version was left."""
    counts: dict[str, int] = json.loads((DATA / version / "counts.json").read_text(encoding="utf-8"))
    return counts


@dataclass
class OldInstallation:
    """What `version` left; commands are those of the present version, at a told time."""

    folder: Path
    version: str
    addresses: Mapping[str, str] = field(default_factory=dict)
    now: datetime = FIRST_RUN

    def __post_init__(self) -> None:
        kept = DATA / self.version
        self.home.mkdir(mode=0o700)
        (self.home / "locks").mkdir(mode=0o700)
        shutil.copytree(kept / "archive", self.archive)
        shutil.copytree(kept / "spool", self.home / "spool")
        (self.home / "spool").chmod(0o700)
        settings = (kept / "dot-env").read_text(encoding="utf-8")
        self._write(self.env_file, settings.replace("file:///ARCHIVE", f"file://{self.archive}"))
        dump = gzip.decompress((DATA / f"{self.version}.sql.gz").read_bytes()).decode()
        self._write(self.database, "")
        with closing(sqlite3.connect(self.database)) as database:
            database.execute("PRAGMA auto_vacuum = INCREMENTAL")
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(dump.replace("file:///ARCHIVE", f"file://{self.archive}"))

    @property
    def home(self) -> Path:
        """TRENDSPARK_HOME."""
        return self.folder / "home"

    @property
    def archive(self) -> Path:
        """The folder of its archive."""
        return self.folder / "archive"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.home / "trendspark.db"

    @property
    def env_file(self) -> Path:
        """Its settings."""
        return self.folder / "env"

    def command(
        self, *arguments: str, expect: int = 0, lines: str = "", settings: Mapping[str, str] | None = None
    ) -> str:
        """Run a command that must end with this exit code; return what it printed."""
        argv = (*AT_A_TIME, self.now.isoformat(), *arguments)
        around = {**self._surroundings(), **(settings or {})}
        done = run_command(argv, around, self.folder, lines.encode(), seconds=100)
        assert done.exit_code == expect, (arguments, done)
        return done.stdout.decode()

    def json(self, *arguments: str, **options: Any) -> Any:
        """Run a command that must end well; return the object it printed."""
        return json.loads(self.command(*arguments, "--json", **options))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and return at once."""
        return subprocess.Popen(
            [*AT_A_TIME, self.now.isoformat(), *arguments],
            env=self._surroundings(),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        """Ask the database for one value."""
        return self.rows(sql)[0][0]

    def counts(self) -> dict[str, int]:
        """Return how many rows the tables have that the old version had."""
        return {table: self.value(f"SELECT count(*) FROM {table}") for table in kept_counts(self.version)}

    def columns(self) -> dict[str, str]:
        """Return the columns of each table, as SQL writes them."""
        return {
            table: ", ".join(f'"{column[1]}"' for column in self.rows(f"PRAGMA table_info({table})"))
            for table in kept_counts(self.version)
        }

    def keys(self) -> dict[str, set[Any]]:
        """Return by what the rows are known that only `archive` may take away."""
        return {table: {row[0] for row in self.rows(f"SELECT {key} FROM {table}")} for table, key in LASTING.items()}

    def contents(self, columns: Mapping[str, str]) -> dict[str, list[tuple[Any, ...]]]:
        """Return what tables hold in these columns."""
        return {table: sorted(self.rows(f"SELECT {names} FROM {table}"), key=repr) for table, names in columns.items()}

    def _surroundings(self) -> dict[str, str]:
        places = {"TRENDSPARK_HOME": str(self.home), "TRENDSPARK_ENV_FILE": str(self.env_file)}
        return cron_environment(self.folder, {**places, **self.addresses})

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        os.chmod(path, 0o600)


@dataclass
class Services:
    """The services around an installation; all are well."""

    x: XServer
    stream: XStreamServer
    reddit: RedditServer
    telegram: TelegramServer
    model: OpenAIServer

    def know(self, installation: OldInstallation) -> None:
        """Have X answer the posts the installation has from it."""
        stored = installation.rows("SELECT source_id, text, author FROM posts WHERE source = 'x'")
        self.x.add(
            x_post(datetime.fromtimestamp(id_time(number), UTC), text, author_id=author, sequence=int(number) % 2**22)
            for number, text, author in stored
        )

    @property
    def addresses(self) -> dict[str, str]:
        """Settings that say where they are."""
        return {
            "X_API_BASE_URL": self.stream.url,
            "REDDIT_BASE_URL": self.reddit.url,
            "REDDIT_OAUTH_URL": self.reddit.url,
            "TELEGRAM_API_BASE_URL": self.telegram.url,
            "OPENAI_BASE_URL": self.model.base_url,
        }


@contextmanager
def services(version: str) -> Iterator[Services]:
    """The services of that version's settings, at the time of its first run after the upgrade."""
    lines = (DATA / version / "dot-env").read_text(encoding="utf-8").splitlines()
    token = dict(line.split("=", 1) for line in lines)["X_BEARER_TOKEN"]
    with (
        XServer(clock=FIRST_RUN.timestamp, bearer_token=token) as x,
        XStreamServer(x) as stream,
        RedditServer(clock=FIRST_RUN.timestamp, subreddits=["cityscience"]) as reddit,
        TelegramServer(clock=FIRST_RUN.timestamp) as telegram,
        OpenAIServer(clock=FIRST_RUN.timestamp) as model,
    ):
        yield Services(x, stream, reddit, telegram, model)
