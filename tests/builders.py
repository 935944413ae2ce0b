"""What tests build: posts, pages, files of posts, and an installation whose clock is told the time."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from trendspark_cli.app.installation import Installation
from trendspark_cli.base import redaction
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.console import Output
from trendspark_cli.base.models import Page, Post, RunResult
from trendspark_cli.base.settings import load_settings
from trendspark_cli.ranking.lifecycle.trends import (
    PostStory,
    PostTrend,
    TopicStory,
    TopicTrend,
    Trend,
    TrendState,
)
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.sqlite.store import SqliteStore, open_sqlite

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
COMMAND = (sys.executable, "-m", "trendspark_cli")
CHECKOUT = Path(__file__).resolve().parent.parent
SERIES_LINE = re.compile(r"^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$")

Body = Callable[[JobContext], None]
AnyStory = TypeVar("AnyStory", bound=TopicStory | PostStory)


class FixedClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        """Move on by hours, minutes, seconds as timedelta names them."""
        self.now += timedelta(**time)


def post(source_id: str = "1", *, source: str = "x", text: str = "hello", **values: Any) -> Post:
    """A stored post; every other field is as empty as it may be."""
    empty: dict[str, Any] = dict.fromkeys(Post._fields)
    empty |= {"source": source, "source_id": source_id, "text": text, "created_at": to_text(NOW), "edits": 0}
    return Post(**{**empty, **values})


def topic_trend(at: datetime, **story: Any) -> TopicTrend:
    """An open trend of a topic that began, was strongest and was last seen at that time."""
    empty: dict[str, Any] = {
        "terms": ("bridge",),
        "observed": 10.0,
        "expected": 0.1,
        "window": timedelta(minutes=15),
        "authors": 9,
        "sources": {"x": 10},
        "post_ids": (),
        "example_ids": (),
        "evidence": (),
    }
    return _open_trend(at, "bridge", TopicStory(**{**empty, **story}))


def post_trend(at: datetime) -> PostTrend:
    """An open trend that is a single post, which began, was strongest and was last seen at that time."""
    story = PostStory(
        post_id=1,
        source="x",
        author="someone",
        engagement=120,
        comments=8,
        forecast=340.0,
        error=0.5,
        usual=41.0,
        usual_posts=3.0,
        enough=200.0,
    )
    return _open_trend(at, "a post", story)


def _open_trend(at: datetime, label: str, story: AnyStory) -> Trend[AnyStory]:
    return Trend(
        id=None,
        label=label,
        state=TrendState.OPEN,
        score=9.0,
        threshold=6.0,
        first_seen=at,
        last_seen=at,
        opened_at=at,
        last_strong_at=at,
        peak_at=at,
        closed_at=None,
        story=story,
    )


def page(*posts: Post, **values: Any) -> Page:
    """An answer that holds these posts and nothing else."""
    return Page(posts=posts, **{"fetched": len(posts), "endpoint": "search_recent", **values})


def own_line(source_id: str = "1", **values: Any) -> dict[str, Any]:
    """A line of our own format."""
    line = {"source": "x", "source_id": source_id, "created_at": "2026-11-01T11:00:00Z", "text": "hello"}
    return {**line, **values}


def submission(post_id: str = "abc1", **values: Any) -> dict[str, Any]:
    """A Reddit submission with the fields we read."""
    return {"id": post_id, "title": "hello", "created_utc": 1793530800, "subreddit": "cityscience", **values}


def listing(*submissions: Mapping[str, Any]) -> dict[str, Any]:
    """A page of a subreddit."""
    children = [{"kind": "t3", "data": dict(item)} for item in submissions]
    return {"kind": "Listing", "data": {"after": None, "children": children}}


def in_lines(*values: Any) -> bytes:
    """One JSON value a line, as files of posts are."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


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


@dataclass
class Workplace:
    """One installation in a folder of its own; jobs run in this process at a told time, or as real commands."""

    home: Path
    clock: FixedClock = field(default_factory=FixedClock)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.home / "trendspark.db"

    @property
    def metrics_folder(self) -> Path:
        """The folder of .prom files."""
        return self.home / "textfile_collector"

    @property
    def log_file(self) -> Path:
        """The log."""
        return self.home / "trendspark.log"

    def variables(self) -> dict[str, str]:
        """The settings of this installation, with nothing of the surroundings."""
        empty = self.home.parent / "empty.env"
        empty.touch()
        return {"TRENDSPARK_HOME": str(self.home), "TRENDSPARK_ENV_FILE": str(empty), **self.environment}

    def installation(self, **output: bool) -> Installation:
        """The installation as wired in this process."""
        settings = load_settings(self.variables())
        redaction.install(settings.secrets())
        return Installation(settings, Output(**{"is_quiet": True, **output}), self.clock, example_times=True)

    def run(self, job_id: str, body: Body, **options: Any) -> RunResult:
        """Run *body* as a job in this process."""
        return self.installation().runner(is_dry=options.get("is_dry", False)).run(job_id, body, **options)

    def command(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        wrapped_in: Sequence[str] = (),
    ) -> Done:
        """Run the real command as cron would: no terminal, nothing but a PATH and a HOME around it."""
        done = subprocess.run(
            [*wrapped_in, *COMMAND, *arguments],
            env={**self.surroundings(), **(environment or {})},
            cwd=self.home.parent,
            input=stdin,
            capture_output=True,
            start_new_session=True,  # no terminal to be found at /dev/tty, wherever the tests were started
            timeout=60,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "backslashreplace"))

    def surroundings(self) -> dict[str, str]:
        """The environment of the real commands."""
        around = {"PATH": "/usr/bin:/bin", "HOME": str(self.home.parent), "PYTHONPATH": str(CHECKOUT)}
        return {**around, **self.variables()}

    def ingest(self, *values: Any, **options: Any) -> Done:
        """Ingest a file with one JSON value a line."""
        file = self.home.parent / "posts.ndjson"
        file.write_bytes(in_lines(*values))
        return self.command("ingest", "--from", str(file), "--json", **options)

    def store(self, *, read_only: bool = False) -> SqliteStore:
        """Open the store."""
        return open_sqlite(self.database, read_only=read_only)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask the database."""
        store = self.store(read_only=True)
        try:
            return store.connection.rows(sql)
        finally:
            store.close()

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


def fingerprint(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below *folder*."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def mode(path: Path) -> int:
    """Return the permission bits."""
    return path.stat().st_mode & 0o777


def copy_installation(template: Path, home: Path) -> None:
    """Give *home* a database and its folders, without running the migrations again."""
    (home / "locks").mkdir(mode=0o700, parents=True)
    home.chmod(0o700)
    shutil.copyfile(template, home / "trendspark.db")
    os.chmod(home / "trendspark.db", 0o600)
