"""A demo's installation that goes on: its files in a folder that node_exporter, as another user, can enter."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.installation import model_settings, telegram_settings, x_settings
from tests.servers import OpenAIServer, TelegramServer, XServer, x_post
from tests.servers.x_stream_server import XStreamServer
from tests.tools.monitoring import exporter, programs_missing
from tests.tools.processes import COMMAND, cron_environment, wait_for
from trendspark_cli.store.sqlite.store import SqliteStore, open_sqlite

UMASK = 0o077  # the strictest an operator may have


@dataclass
class Station:
    """An installation, the X it reads, the Telegram and the model it talks to, its exporter."""

    work: Path
    x: XServer
    front: XStreamServer
    telegram: TelegramServer
    model: OpenAIServer
    exporter: str = ""

    @property
    def textfile_folder(self) -> Path:
        """Where the .prom files are."""
        return self.work / "prom"

    @property
    def environment(self) -> dict[str, str]:
        """What each command sees."""
        settings = {
            "TEXTFILE_DIR": str(self.textfile_folder),
            **x_settings(self.front.url, X_BEARER_TOKEN=self.x.bearer_token, X_STREAM_ENABLED="true"),
            **telegram_settings(self.telegram),
            **model_settings(self.model),
            "ARCHIVE_URL": f"file://{self.work / 'archive'}",
            "JOB_INTERVAL_INGEST": "15m",
            "JOB_INTERVAL_RANK": "15m",
        }
        return cron_environment(self.work, settings)

    def trendspark(self, *arguments: str) -> None:
        """Run a command of the installation; it must succeed."""
        env_file = ["--env-file", str(self.work / "demo" / ".env")] if arguments[0] != "demo" else []
        done = subprocess.run(
            [*COMMAND, *env_file, *arguments],
            env=self.environment,
            cwd=self.work,
            capture_output=True,
            text=True,
            timeout=60,
            umask=UMASK,
        )
        assert done.returncode == 0, done.stderr

    def store(self) -> SqliteStore:
        """Open the database."""
        return open_sqlite(self.work / "demo" / "trendspark.db")

    def publish(self, posts: int) -> None:
        """Let people say something on X."""
        now, first = datetime.now(UTC) - timedelta(minutes=1), len(self.x.log)
        self.x.add(
            x_post(now - timedelta(seconds=n), f"bridge {first} {n}", author_id=str(n + 1)) for n in range(posts)
        )

    def publish_to_stream(self) -> None:
        """Say something as soon as somebody listens."""
        wait_for("the stream is connected", lambda: self.front.is_connected, seconds=20, pause=0.02)
        self.front.publish([x_post(datetime.now(UTC), "the bridge", sequence=1)])


@pytest.fixture(scope="package")
def station() -> Iterator[Station]:
    """A demo, then an ingest from X and a rank, and node_exporter on their files."""
    if (missing := programs_missing()) is not None:
        pytest.skip(missing)
    work = Path(tempfile.mkdtemp(prefix="trendspark-exporter-"))  # pytest's own folders are closed to other users
    try:
        os.chmod(work, 0o755)
        (work / "archive").mkdir()
        with XServer() as x, XStreamServer(x) as front, TelegramServer() as telegram, OpenAIServer() as model:
            here = Station(work, x, front, telegram, model)
            here.publish(30)
            here.trendspark("demo", "--dir", str(work / "demo"))
            here.trendspark("rules", "sync")
            threading.Thread(target=here.publish_to_stream, daemon=True).start()
            here.trendspark("stream", "--max-runtime", "3s")
            here.trendspark("ingest")
            here.trendspark("rank")
            here.trendspark("metrics")
            with exporter(here.textfile_folder, work) as here.exporter:
                yield here
    finally:
        shutil.rmtree(work)
