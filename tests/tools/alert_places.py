"""An installation of its own for each cause of an alert, with an exporter, an X, a Telegram and a language model."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tests.archive.keeping import Keeper
from tests.builders import post
from tests.ingest.operator import TOKEN
from tests.installation import Done, model_settings, telegram_settings, x_settings
from tests.servers import OpenAIServer, TelegramServer, XServer, x_post
from tests.servers.x_stream_server import XStreamServer
from tests.tools.monitoring import exporter
from trendspark_cli.app.job_bodies import bodies_of
from trendspark_cli.base.clock import to_text, utc_now
from trendspark_cli.base.models import Alert, RunResult
from trendspark_cli.store.rows.trends import RankingProgress

if TYPE_CHECKING:
    from tests.tools.alert_stack import AlertStack


class Place(Keeper):
    """An operator whose jobs run now, and who can be told that his alerts were received."""

    has_fired = False  # all alerts of the cause were received
    is_over = False  # and so was their end
    address = ""  # of its exporter
    x: XServer
    front: XStreamServer
    telegram: TelegramServer
    model: OpenAIServer
    stack: AlertStack
    processes: list[subprocess.Popen[str]]

    @property
    def metrics_folder(self) -> Path:
        """Where the .prom files are: open to the exporter's user."""
        return self.home.parent / "prom"

    def job(self, job_id: str) -> RunResult:
        """Run a job in this process, now."""
        self.now = utc_now()
        [body] = bodies_of(job_id).values()
        return self.run_body(job_id, body)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the real command; it ends with the place."""
        self.processes.append(super().start(*arguments))
        return self.processes[-1]

    def command_at(self, moment: datetime, *arguments: str) -> Done:
        """Run the real command at another time."""
        self.now = moment
        return self.command_now(*arguments)

    def publish(self, count: int, *, minutes_ago: float = 2) -> None:
        """Have people say something on X."""
        first, moment = len(self.x.log), utc_now() - timedelta(minutes=minutes_ago)
        self.x.add(
            [x_post(moment - timedelta(seconds=n), f"bridge {first} {n}", author_id=str(n + 1)) for n in range(count)]
        )

    def queue_alert(self, moment: datetime) -> None:
        """Have an alert wait since then."""
        with self.changes() as store:
            store.notifications.queue(Alert(f"alert {moment}", "job_alert", "title", "body"), moment, muted=False)

    def store_old_posts(self, number: int) -> None:
        """Store ranked posts, a few of them past retention."""
        now = utc_now()
        old, new = (
            [post(f"{kind}{number}{n:03}", created_at=to_text(moment), author=f"a{n}") for n in range(count)]
            for kind, moment, count in (("old", now - timedelta(days=60), 30), ("new", now, 100))
        )
        with self.changes() as store:
            store.posts.save([*old, *new], now)
            newest = store.posts.settled_id()
            store.ranking.save_progress(
                RankingProgress(seen_post_id=newest, folded_created_at=to_text(utc_now()), folded_post_id=newest)
            )


SMALL_DISK, LARGE_DISK = "64m", "3g"


def why_no_small_disk() -> str | None:
    """Return why no disk of a few megabytes can be made here, or None."""
    return None if os.geteuid() == 0 and shutil.which("mount") else "a small disk needs root, to mount it"


@contextmanager
def small_disk(folder: Path, size: str = SMALL_DISK) -> Iterator[None]:
    """Mount a disk of a few megabytes on a folder."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def make_room(folder: Path) -> None:
    """Make that disk a large one."""
    subprocess.run(["mount", "-o", f"remount,size={LARGE_DISK}", folder], check=True)


@contextmanager
def place(folder: Path, *, has_small_disk: bool = False) -> Iterator[Place]:
    """Set an installation up in a folder, with an exporter on its .prom files. No job has run."""
    folder.mkdir(mode=0o755)
    prom = folder / "prom"
    prom.mkdir(mode=0o755)
    with ExitStack() as servers:
        if has_small_disk:
            servers.enter_context(small_disk(folder / "home"))
        x = servers.enter_context(XServer(bearer_token=TOKEN))
        front = servers.enter_context(XStreamServer(x))
        telegram = servers.enter_context(TelegramServer())
        model = servers.enter_context(OpenAIServer())
        settings = {
            "TEXTFILE_DIR": str(prom),
            **x_settings(front.url, X_FIRST_RUN_LOOKBACK="1h"),
            **telegram_settings(telegram),
            **model_settings(model),
            "JOB_INTERVAL_INGEST": "15m",
            "JOB_INTERVAL_RANK": "15m",
            "JOB_INTERVAL_DELIVER": "1m",
            "JOB_INTERVAL_ARCHIVE": "1d",
        }
        here = Place(folder / "home", settings)
        here.x, here.front, here.telegram, here.model = x, front, telegram, model
        here.processes = []
        with exporter(prom, folder) as here.address:
            yield here
        for process in here.processes:
            process.kill()
            process.communicate()
