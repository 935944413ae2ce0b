"""Every command of the runbooks runs as it stands, on a fault like the one described."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import post
from tests.ingest.operator import TOKEN, Operator
from tests.servers import TelegramServer, XServer, faults
from tests.servers.x_stream_server import XStreamServer
from trendspark_cli.clock import to_text, utc_now
from trendspark_cli.models import RankingProgress

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
NEEDS = {"crontab": "cron"}


def commands(page: Path) -> Iterator[tuple[str, str]]:
    """Yield (command, expected first line of output or "") of each console block."""
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output.split("\n")[0]


ALL = [(page.stem, *found) for page in sorted(RUNBOOKS.glob("*.md")) for found in commands(page)]


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """An installation whose ingest has failed three times, and whose bot was thrown out of its chat."""
    with XServer(bearer_token=TOKEN) as server, XStreamServer(server) as front, TelegramServer() as telegram:
        telegram.is_blocked = True
        operator = Operator(
            tmp_path_factory.mktemp("troubled") / "home",
            {
                "X_BEARER_TOKEN": TOKEN,
                "X_API_BASE_URL": front.url,
                "X_STREAM_ENABLED": "true",
                "KEYWORDS": "bridge",
                "HTTP_TIMEOUT": "5s",
                "TELEGRAM_BOT_TOKEN": telegram.token,
                "TELEGRAM_CHAT_ID": str(telegram.chat_id),
                "TELEGRAM_API_BASE_URL": telegram.url,
            },
        )
        server.faults.add(faults.unauthorized(), times=None)
        for _ in range(3):
            assert operator.command("ingest").returncode == 77
        give_old_rows(operator)
        yield operator


def give_old_rows(operator: Operator) -> None:
    """Give an installation posts of September, a part of them archived, and posts of now."""
    now, folder = utc_now(), operator.home / "archive"
    folder.mkdir()
    operator.environment["ARCHIVE_URL"] = f"file://{folder}"
    old = [
        post(f"183000000000000000{n}", created_at=to_text(datetime(2026, 9, 1 + n // 4, tzinfo=UTC)), author=f"a{n}")
        for n in range(12)
    ]
    new = [post(f"19{n}", created_at=to_text(now - timedelta(minutes=n))) for n in range(60)]
    with closing(operator.store()) as store, store.transaction():
        store.posts.save([*old, *new], now)
        progress = RankingProgress(
            seen_post_id=store.posts.newest_id(), folded_created_at=to_text(now), folded_post_id=store.posts.newest_id()
        )
        store.ranking.save_progress(progress)
    days = (now - datetime(2026, 9, 2, tzinfo=UTC)).days
    assert operator.command("archive", "--older-than", f"{days}d").returncode == 0


@pytest.mark.parametrize(("page", "command", "heading"), ALL, ids=[f"{p}: {c[:60]}" for p, c, _ in ALL])
def test_a_runbook_command_works_as_written(troubled: Operator, page: str, command: str, heading: str) -> None:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(troubled.home),
        **troubled.environment,
    }
    done = subprocess.run(
        ["sh", "-c", command], env=environment, cwd=troubled.home, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr or command.startswith("trendspark -v")
    assert done.stdout.split("\n")[0].split() == heading.split() if heading else True


def test_every_runbook_has_its_commands_and_an_escalation() -> None:
    pages = {page.stem: page.read_text() for page in RUNBOOKS.glob("*-*.md")}

    assert set(pages) == {
        "api-error-spikes",
        "database-retention-archival",
        "ingestion-failures",
        "prometheus-grafana",
        "real-time-stream-issues",
        "scheduler-job-failures",
        "telegram-alert-problems",
    }
    assert all("**Symptoms:**" in text and "**Escalate**" in text for text in pages.values())


def test_a_history_of_failures_names_the_cause(troubled: Operator) -> None:
    done = troubled.command("jobs", "history", "--job", "ingest")

    assert "the bearer token was refused (401)" in done.stdout
