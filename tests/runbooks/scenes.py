"""For each runbook, an installation in the trouble it is about, and the moment at which somebody mends the cause."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.builders import post
from tests.ingest.operator import TOKEN, Operator
from tests.installation import telegram_settings, x_settings
from tests.servers import TelegramServer, XServer, faults, x_post
from tests.servers.x_stream_server import XStreamServer
from tests.tools.processes import wait_for
from trendspark_cli.base.clock import to_text, utc_now
from trendspark_cli.store.rows.trends import RankingProgress


@dataclass
class World:
    """An operator and the services around."""

    operator: Operator
    x: XServer
    front: XStreamServer
    telegram: TelegramServer


@dataclass
class Scene:
    """An installation in trouble. `mend` ends the cause, right before the command `mended_before` of the page."""

    operator: Operator
    mended_before: str
    mend: Callable[[], object]


@contextmanager
def world(home: Path, **settings: str) -> Iterator[World]:
    """An installation that reads X and tells Telegram; both are well."""
    with (
        XServer(bearer_token=TOKEN, match_everything=True) as x,
        XStreamServer(x) as front,
        TelegramServer() as telegram,
    ):
        now = datetime.now(UTC)
        x.add([x_post(now - timedelta(minutes=n + 2), f"the bridge {n}", author_id=str(n)) for n in range(20)])
        environment = {
            **x_settings(front.url, HTTP_TIMEOUT="5s"),
            **telegram_settings(telegram),
            **settings,
        }
        yield World(Operator(home, environment), x, front, telegram)


@contextmanager
def refused_token(home: Path) -> Iterator[Scene]:
    """X refuses the token, and ingest has failed three times."""
    with world(home) as around:
        around.x.faults.add(faults.unauthorized(), times=None)
        for _ in range(3):
            assert around.operator.command("ingest").exit_code == 77
        yield Scene(around.operator, 'trendspark jobs run ingest_rank || echo "exit $?"', around.x.faults.clear)


@contextmanager
def failing_service(home: Path) -> Iterator[Scene]:
    """X answers 503 to everything, often enough for an alert; when that ends, the window passes at once."""
    with world(home) as around:
        around.x.faults.add(faults.server_error(503), times=None)
        for _ in range(2):
            assert around.operator.command("ingest").exit_code == 69

        def end() -> None:
            around.x.faults.clear()
            with closing(around.operator.store()) as store:
                earlier = to_text(utc_now() - timedelta(minutes=10))
                store.connection.execute("UPDATE OR REPLACE api_calls SET minute = ?", (earlier,))

        yield Scene(around.operator, "trendspark jobs run ingest", end)


@contextmanager
def closed_chat(home: Path) -> Iterator[Scene]:
    """The bot was thrown out of its chat, and an alert waits."""
    with world(home) as around:
        around.telegram.is_blocked = True
        around.x.faults.add(faults.unauthorized(), times=3)
        for _ in range(3):
            around.operator.command("ingest")
        assert around.operator.command("deliver").exit_code == 78

        def let_in() -> None:
            around.telegram.is_blocked = False

        yield Scene(around.operator, "trendspark doctor || true", let_in)


@contextmanager
def stream_without_rules(home: Path) -> Iterator[Scene]:
    """The stream was never connected: X has no rules of ours. Cron starts it again once it has."""
    with world(home, X_STREAM_ENABLED="true") as around:
        operator, running = around.operator, list[subprocess.Popen[str]]()

        def let_cron_start_it() -> None:
            running.append(operator.start("stream"))
            wait_for("the stream is connected", lambda: around.front.is_connected, seconds=20, pause=0.05)

        yield Scene(operator, "trendspark jobs list", let_cron_start_it)
        for process in running:
            process.terminate()
            process.communicate(timeout=30)


@contextmanager
def killed_job(home: Path) -> Iterator[Scene]:
    """A run of ingest was killed while it waited for X."""
    with world(home) as around:
        around.x.faults.add(faults.hang())
        process = around.operator.start("ingest")
        wait_for("it waits for X", lambda: bool(around.x.log), seconds=20, pause=0.02)
        process.kill()
        process.communicate(timeout=30)
        yield Scene(around.operator, "", lambda: None)


@contextmanager
def lost_object(home: Path) -> Iterator[Scene]:
    """An object of the archive is gone; somebody has a copy of it."""
    with world(home) as around:
        folder = around.operator.home / "archive"
        folder.mkdir()
        around.operator.environment["ARCHIVE_URL"] = f"file://{folder}"
        give_old_rows(around.operator)
        lost = next(folder.rglob("part-*"))
        copy = around.operator.home / "copy"
        lost.rename(copy)
        yield Scene(around.operator, "trendspark archives verify", lambda: copy.rename(lost))


def give_old_rows(operator: Operator) -> None:
    """Give an installation posts of September, a part of them archived, and posts of now."""
    now = utc_now()
    old = [
        post(f"183000000000000000{n}", created_at=to_text(datetime(2026, 9, 1 + n // 4, tzinfo=UTC)), author=f"a{n}")
        for n in range(12)
    ]
    new = [post(f"19{n}", created_at=to_text(now - timedelta(minutes=n))) for n in range(60)]
    with closing(operator.store()) as store, store.transaction():
        store.posts.save([*old, *new], now)
        progress = RankingProgress(
            seen_post_id=store.posts.settled_id(),
            folded_created_at=to_text(now),
            folded_post_id=store.posts.settled_id(),
        )
        store.ranking.save_progress(progress)
    days = (now - datetime(2026, 9, 2, tzinfo=UTC)).days
    done = operator.command("archive", "--older-than", f"{days}d")
    assert done.exit_code == 0, done.stderr


SCENES = {
    "ingestion-failures": refused_token,
    "real-time-stream-issues": stream_without_rules,
    "telegram-alert-problems": closed_chat,
    "scheduler-job-failures": killed_job,
    "api-error-spikes": failing_service,
    "database-retention-archival": lost_object,
    "prometheus-grafana": refused_token,
    "README": refused_token,
}
