"""Somebody at a terminal who begins with nothing: from an empty home to the first live trend, recorded with tmux."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tests.cli.test_init import FLAGS, TO_THE_END, Home
from tests.ranking.streams import background, said
from tests.servers import TelegramServer
from tests.servers.hackernews_server import HackerNewsServer, hackernews_story
from tests.servers.telegram_server import TOKEN
from tests.tools.processes import COMMAND, NotInTimeError

STORY = "volcano eruption"
FROM_THEN_ON = ("ingest", "rank", "trends list")
LONGEST_SECONDS = 60.0  # for one answer of the screen


class Recorded(NamedTuple):
    """What came of one beginning: how long it took, what was on the screen, and what was wrong with it."""

    seconds: float
    screen: str
    broken: tuple[str, ...]


def why_no_tmux() -> str | None:
    """Return what is missing, or None."""
    return None if shutil.which("tmux") else "tmux is not installed"


def record_first_trend(folder: Path) -> Recorded:
    """Answer each question of `init`, then type the three commands it ends with."""
    with _beginner(folder) as home, _screen(home) as screen:
        began = time.monotonic()
        screen.types("trendspark init")
        for question, answer in TO_THE_END:
            screen.waits_for(question)
            screen.types(answer or "")
        screen.waits_for("trendspark trends list")
        screen.types("; ".join(f"trendspark {command}" for command in FROM_THEN_ON) + "; echo end''ed $?")
        screen.waits_for("ended 0")
        shown = screen.shown()
        broken = [] if STORY in shown else ["the trend is not listed"]
        broken += ["the token is shown"] if TOKEN in shown else []
        return Recorded(time.monotonic() - began, shown, tuple(broken))


def interrupt_at(folder: Path, number: int) -> Recorded:
    """Press Ctrl-C at one question: nothing may be left behind."""
    with _beginner(folder) as home, _screen(home) as screen:
        began, before = time.monotonic(), home.files()
        screen.types("trendspark init; echo end''ed $?")
        for question, answer in TO_THE_END[:number]:
            screen.waits_for(question)
            screen.types(answer or "")
        screen.waits_for(TO_THE_END[number][0])
        screen.presses("C-c")
        screen.waits_for("ended ")
        shown = screen.shown()
        broken = [] if "ended 130" in shown else [f"at {TO_THE_END[number][0]!r} it does not end with 130"]
        broken += [] if home.files() == before else [f"at {TO_THE_END[number][0]!r} files are left behind"]
        return Recorded(time.monotonic() - began, shown, tuple(broken))


def begin_by_flags(folder: Path) -> Recorded:
    """Do the same with flags alone, in the environment of cron."""
    with _beginner(folder) as home:
        began = time.monotonic()
        done = [home.command("init", *FLAGS, TELEGRAM_BOT_TOKEN=TOKEN)]
        done += [home.command(*command.split()) for command in FROM_THEN_ON]
        shown = "".join(one.stdout + one.stderr for one in done)
        broken = [f"exit code {one.exit_code}: {one.stderr}" for one in done if one.exit_code]
        broken += [] if STORY in done[-1].stdout else ["the trend is not listed"]
        return Recorded(time.monotonic() - began, shown, tuple(broken))


@contextmanager
def _beginner(folder: Path) -> Iterator[Home]:
    """Yield an empty home, in a world where a story has just begun."""
    now = datetime.now(UTC)
    with HackerNewsServer() as news, TelegramServer() as telegram:
        tick = int(now.timestamp()) // 900
        rows = background(tick - 2 * 96 + 8, 2 * 96 - 8)
        rows += said(STORY, 25, int((now - timedelta(minutes=25)).timestamp()), every=50, seed=7)
        news.add(
            hackernews_story(
                datetime.fromtimestamp(row.created_at, UTC),
                row.text,
                author=row.author or f"author{number}",
                story_id=45_000_000 + number,
            )
            for number, row in enumerate(rows)
        )
        home = Home(folder / "home", news, telegram)
        program = folder / "programs/trendspark"
        program.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        yield home


class Screen:
    """A terminal of tmux: what stands on it, and what is typed."""

    def __init__(self, home: Home, socket: Path) -> None:
        self._socket = socket
        self._seen = 0
        around = {**home.environment, "TERM": "screen", "PS1": "$ "}
        shell = ["env", "-i", *(f"{name}={value}" for name, value in around.items()), "sh"]
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "200", "-y", "50", "-c", str(home.folder), *shell)

    def types(self, text: str) -> None:
        """Type a line."""
        if text:
            self._tmux("send-keys", "-l", "--", text)
        self.presses("Enter")

    def presses(self, key: str) -> None:
        """Press a key by its name."""
        self._tmux("send-keys", key)

    def shown(self) -> str:
        """Return everything that was on the screen."""
        return self._tmux("capture-pane", "-p", "-J", "-S", "-")

    def waits_for(self, text: str) -> None:
        """Wait until a text is shown that was not there before."""
        until = time.monotonic() + LONGEST_SECONDS
        while (place := (shown := self.shown()).find(text, self._seen)) < 0:
            if time.monotonic() > until:
                raise NotInTimeError(f"{text!r} is not shown; on the screen: {shown[-2000:]}")
            time.sleep(0.05)
        self._seen = place + len(text)

    def end(self) -> None:
        """Close the terminal."""
        with suppress(subprocess.CalledProcessError):
            self._tmux("kill-server")

    def _tmux(self, *words: str) -> str:
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        command: Sequence[str] = ("tmux", "-S", str(self._socket), *words)
        locale = {"LC_ALL": "C.UTF-8"}
        return subprocess.run(
            command, env={**environment, **locale}, capture_output=True, text=True, timeout=20, check=True
        ).stdout


@contextmanager
def _screen(home: Home) -> Iterator[Screen]:
    screen = Screen(home, home.folder.parent / "tmux")
    try:
        yield screen
    finally:
        screen.end()
