"""`init`: from an empty home to settings that work; each answer is tried, and nothing is written before the end."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Done
from tests.servers import TelegramServer
from tests.servers.hackernews_server import HackerNewsServer
from tests.servers.telegram_server import TOKEN
from tests.tools.processes import COMMAND, cron_environment
from tests.tools.terminals import CTRL_C, Terminal

CHAT = "-1001234567890"
FAKE_CRONTAB = """#!/bin/sh
case "$1" in
-l) test -e "$HOME/crontab" && exec cat "$HOME/crontab"; echo "no crontab for you" >&2; exit 1 ;;
-) cat > "$HOME/crontab" ;;
esac
"""
TO_THE_END = (
    ("Read Bluesky (no key needed)?", ""),
    ("Read Hacker News (no key needed)?", "y"),
    ("HACKERNEWS_MODE [all]:", ""),
    ("Read X (needs a key)?", ""),
    ("Read Reddit (needs a key)?", ""),
    ("Send alerts to Telegram?", "y"),
    ("TELEGRAM_BOT_TOKEN (not shown):", TOKEN),
    ("TELEGRAM_CHAT_ID:", CHAT),
    ("Send a test message now?", ""),
    ("Send alerts to ", ""),
    ("TEXTFILE_DIR [", ""),
    ("Put these lines into your crontab?", "y"),
    ("Write this?", ""),
)


class Home:
    """The home of somebody who has nothing of ours yet. `environment`: what the shell, or cron, says."""

    def __init__(self, folder: Path, news: HackerNewsServer, telegram: TelegramServer) -> None:
        self.folder = folder
        self.telegram = telegram
        self.news = news
        programs = folder.parent / "programs"
        programs.mkdir()
        folder.mkdir()
        (programs / "crontab").write_text(FAKE_CRONTAB)
        (programs / "crontab").chmod(0o755)
        addresses = {"HACKERNEWS_API_BASE_URL": news.url, "TELEGRAM_API_BASE_URL": telegram.url}
        self.environment = cron_environment(folder, addresses)
        self.environment["PATH"] = f"{programs}:{self.environment['PATH']}"

    @property
    def env_file(self) -> Path:
        return self.folder / ".config/trendspark/.env"

    @property
    def settings(self) -> list[str]:
        return self.env_file.read_text(encoding="utf-8").splitlines()

    @property
    def crontab(self) -> Path:
        return self.folder / "crontab"

    def command(self, *arguments: str, **environment: str) -> Done:
        """Run the real command as cron would, without a terminal."""
        import subprocess

        around = {**self.environment, **environment}
        done = subprocess.run(
            [*COMMAND, *arguments], env=around, cwd=self.folder, capture_output=True, start_new_session=True, timeout=60
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def terminal(self, *arguments: str, **environment: str) -> Terminal:
        """Run `init` on a terminal."""
        return Terminal([*COMMAND, "init", *arguments], {**self.environment, **environment}, self.folder)

    def files(self) -> dict[str, str]:
        """Return every file below, with a digest of what is in it."""
        paths = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with HackerNewsServer() as news, TelegramServer() as telegram:
        yield Home(tmp_path / "home", news, telegram)


def test_somebody_who_answers_each_question_has_settings_a_database_and_a_crontab(home: Home) -> None:
    terminal = home.terminal()
    terminal.answers(TO_THE_END)

    assert terminal.ends() == 0, terminal.shown
    assert home.settings == [
        "HACKERNEWS_INGEST_ENABLED=true",
        f"TELEGRAM_BOT_TOKEN={TOKEN}",
        f"TELEGRAM_CHAT_ID={CHAT}",
    ]
    assert stat.S_IMODE(home.env_file.stat().st_mode) == 0o600
    assert (home.folder / ".local/share/trendspark/trendspark.db").is_file()
    assert "ingest" in home.crontab.read_text()
    assert home.telegram.texts == ["TrendSpark test alert"]
    assert TOKEN not in terminal.shown
    last = [line.strip() for line in terminal.shown.splitlines()[-3:]]
    assert last == ["trendspark jobs run ingest_rank", "trendspark trends list", "trendspark health"]
