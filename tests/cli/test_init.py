"""`init`: from an empty home to settings that work; each answer is tried, and nothing is written before the end."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from tests.installation import Done
from tests.servers import TelegramServer
from tests.servers.hackernews_server import HackerNewsServer
from tests.servers.telegram_server import TOKEN
from tests.tools.processes import COMMAND, cron_environment
from tests.tools.terminals import CTRL_C, Terminal
from trendspark_cli.base.settings import specs
from trendspark_cli.cli import app
from trendspark_cli.setup.questions import flag_of, flagged_settings, ordered_sources

CHAT = "-1001234567890"
FAKE_CRONTAB = """#!/bin/sh
case "$1" in
-l) test -e "$HOME/crontab" && exec cat "$HOME/crontab"; echo "no crontab for you" >&2; exit 1 ;;
-) cat > "$HOME/crontab" ;;
esac
"""
FLAGS = ("--source", "hackernews", "--channel", "telegram", "--telegram-chat-id", CHAT, "--crontab", "--yes")
X = {"X_BEARER_TOKEN": "t" * 40}
CHOSEN = {"hackernews": "y"}
TO_THE_END = (
    *(
        question
        for kind in ordered_sources()
        for question in (
            (
                f"Read {kind.called} ({'needs a key' if kind.needs_key else 'no key needed'})?",
                CHOSEN.get(kind.name, ""),
            ),
            *((("HACKERNEWS_MODE [all]:", ""),) if kind.name in CHOSEN else ()),
        )
    ),
    ("Send alerts to Telegram?", "y"),
    ("TELEGRAM_BOT_TOKEN (not shown):", TOKEN),
    ("TELEGRAM_CHAT_ID:", CHAT),
    ("Send a test message now?", ""),
    ("Send alerts elsewhere (", ""),
    ("TEXTFILE_DIR [", ""),
    ("Put these lines into your crontab?", "y"),
    ("Write this?", ""),
)
SECRET = next(number for number, (question, _) in enumerate(TO_THE_END) if "not shown" in question)


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
        around = {**self.environment, **environment}
        done = subprocess.run(
            [*COMMAND, *arguments], env=around, cwd=self.folder, capture_output=True, start_new_session=True, timeout=60
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def init(self, *arguments: str, **environment: str) -> Done:
        """Run `init` in this process, which has no terminal either."""
        with (
            pytest.MonkeyPatch.context() as around,
            redirect_stdout(StringIO()) as out,
            redirect_stderr(StringIO()) as err,
        ):
            for name in list(os.environ):
                around.delenv(name)
            for name, value in {**self.environment, **environment}.items():
                around.setenv(name, value)
            around.chdir(self.folder)
            with pytest.raises(SystemExit) as ended:
                app(["init", *arguments], prog_name="trendspark")
        return Done(int(str(ended.value.code)), out.getvalue(), err.getvalue())

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


def everything(home: Home, *more: str, **environment: str) -> Done:
    """Answer by flags what `TO_THE_END` answers."""
    return home.init(*FLAGS, *more, **environment)


def test_somebody_who_answers_each_question_has_settings_a_database_and_a_crontab(home: Home) -> None:
    terminal = home.terminal()
    terminal.answers(*TO_THE_END)

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
    assert (home.folder / ".local/share/trendspark/textfile_collector").is_dir()
    last = [line.strip() for line in terminal.shown.splitlines()[-3:]]
    assert last == ["trendspark ingest", "trendspark rank", "trendspark trends list"]


def test_where_nobody_is_asked_flags_and_the_environment_say_the_same(home: Home) -> None:
    done = home.command("init", *FLAGS, TELEGRAM_BOT_TOKEN=TOKEN)

    assert done.exit_code == 0, done.stderr
    assert home.settings == [
        "HACKERNEWS_INGEST_ENABLED=true",
        f"TELEGRAM_BOT_TOKEN={TOKEN}",
        f"TELEGRAM_CHAT_ID={CHAT}",
    ]
    assert TOKEN not in done.stdout + done.stderr
    assert home.command("config", "check").exit_code == 0


def test_the_same_answers_again_change_nothing(home: Home) -> None:
    everything(home, TELEGRAM_BOT_TOKEN=TOKEN)
    before = home.files()

    again = everything(home)
    unset = home.terminal()
    unset.answers(*TO_THE_END[:SECRET], ("TELEGRAM_BOT_TOKEN (not shown) [as it is]:", ""), ("TELEGRAM_CHAT_ID [", ""))
    unset.answers(("Send a test message now?", "n"), ("Send alerts elsewhere (", ""), ("TEXTFILE_DIR [", ""))

    assert (again.exit_code, unset.ends()) == (0, 0)
    assert home.files() == before


def test_a_secret_that_lies_in_a_file_stays_there(home: Home, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n")
    secret.chmod(0o600)

    done = everything(home, TELEGRAM_BOT_TOKEN_FILE=str(secret))

    assert done.exit_code == 0, done.stderr
    assert f"TELEGRAM_BOT_TOKEN_FILE={secret}" in home.settings
    assert TOKEN not in home.env_file.read_text()


@pytest.mark.parametrize("answered", [0, SECRET, len(TO_THE_END) - 1])
def test_ctrl_c_at_a_question_leaves_everything_as_it_was(home: Home, answered: int) -> None:
    before = home.files()
    terminal = home.terminal()
    terminal.answers(*TO_THE_END[:answered])
    terminal.answers((TO_THE_END[answered][0], CTRL_C))

    assert terminal.ends() == 130
    assert home.files() == before


def test_without_a_terminal_and_without_answers_the_flags_are_named(home: Home) -> None:
    done = home.init()

    assert done.exit_code == 2
    assert "--yes and what is asked: --source NAME (x, reddit" in done.stderr
    assert "--keywords, " in done.stderr
    assert home.files() == {}


def test_what_is_refused_is_asked_again_and_what_a_service_refuses_too(home: Home) -> None:
    terminal = home.terminal("--source", "hackernews")
    wrong = TOKEN[:-1] + "x"
    terminal.answers(
        ("HACKERNEWS_MODE [", "some"), ("expected all or keywords", None), ("HACKERNEWS_MODE [", "keywords")
    )
    terminal.answers(
        ("KEYWORDS:", "/bri(/"), ("expected keywords that can be looked for", None), ("KEYWORDS:", "ferry")
    )
    terminal.answers(("Send alerts to Telegram?", "y"), ("TELEGRAM_BOT_TOKEN", wrong), ("TELEGRAM_CHAT_ID", CHAT))
    terminal.answers(("Answer again (a)", "a"), ("TELEGRAM_BOT_TOKEN", TOKEN), ("TELEGRAM_CHAT_ID [", ""))
    terminal.answers(("Send a test message now?", "n"), ("elsewhere", ""), ("TEXTFILE_DIR", ""), ("crontab?", ""))
    terminal.answers(("Write this?", ""))

    assert terminal.ends() == 0, terminal.shown
    assert "HACKERNEWS_MODE=keywords" in home.settings
    assert f"TELEGRAM_BOT_TOKEN={TOKEN}" in home.settings
    assert not home.crontab.exists()


@pytest.mark.parametrize(
    ("flags", "exit_code", "told"),
    [
        (("--source", "nosuch"), 2, "--source 'nosuch': expected one of x, reddit"),
        (
            ("--source", "hackernews", "--hackernews-mode", "some"),
            2,
            "--hackernews-mode 'some': expected all or keywords",
        ),
        (("--source", "hackernews", "--channel", "telegram"), 2, "set TELEGRAM_BOT_TOKEN or TELEGRAM_BOT_TOKEN_FILE"),
        (("--source", "hackernews", "--channel", "a b"), 2, "--channel 'a b': expected one of telegram, or a name of"),
        (
            ("--source", "hackernews", "--textfile-dir", "/dev/null/x"),
            2,
            "expected a folder that this user may write to",
        ),
        (("--channel", "telegram"), 2, "no source is read; give --source NAME"),
    ],
)
def test_a_wrong_flag_is_told_and_nothing_is_written(
    home: Home, flags: tuple[str, ...], exit_code: int, told: str
) -> None:
    done = home.init(*flags, "--yes")

    assert (done.exit_code, told in done.stderr) == (exit_code, True), done.stderr
    assert home.files() == {}


def test_a_token_that_telegram_refuses_is_exit_code_77_and_nothing_is_written(home: Home) -> None:
    done = everything(home, TELEGRAM_BOT_TOKEN=TOKEN[:-1] + "x")

    assert done.exit_code == 77, done.stderr
    assert home.files() == {}


def test_other_lines_of_both_files_stay_and_the_older_env_file_is_kept(home: Home) -> None:
    older = "# mine\nNICHE=ships  # of all kinds\nHACKERNEWS_INGEST_ENABLED=false # not yet\nMY_OWN=1\n"
    home.env_file.parent.mkdir(parents=True)
    home.env_file.write_text(older)
    home.crontab.write_text("MAILTO=me\n1 2 * * * backup\n")

    for mode in ("all", "keywords"):
        done = home.init(
            "--source", "hackernews", "--hackernews-mode", mode, "--keywords", 'a,"b c"', "--crontab", "--yes"
        )
        assert done.exit_code == 0, done.stderr

    assert home.env_file.read_text() == (
        older.replace("ENABLED=false", "ENABLED=true") + 'KEYWORDS=a,"b c"\nHACKERNEWS_MODE=keywords\n'
    )
    backups = sorted(home.env_file.parent.glob(".env.bak-*"))
    assert backups[0].read_text() == older
    assert {stat.S_IMODE(path.stat().st_mode) for path in backups} == {0o600}
    crontab = home.crontab.read_text()
    assert crontab.startswith("MAILTO=me\n1 2 * * * backup\n\n# BEGIN trendspark")
    assert crontab.count("# BEGIN trendspark") == 1


def test_a_crontab_that_was_edited_meanwhile_stays_as_it_was_left(home: Home) -> None:
    home.crontab.write_text("1 2 * * * backup\n")
    terminal = home.terminal()
    terminal.answers(*TO_THE_END[:-1])
    terminal.waits_for(TO_THE_END[-1][0])
    home.crontab.write_text("1 3 * * * backup\n")
    terminal.types("y")

    assert terminal.ends() == 78
    assert "the crontab was changed meanwhile" in terminal.shown
    assert home.crontab.read_text() == "1 3 * * * backup\n"


def test_a_source_that_is_given_up_is_switched_off(home: Home) -> None:
    home.init("--source", "hackernews", "--source", "x", "--keywords", "a", "--no-check", "--yes", **X)
    done = home.init("--without", "x", "--yes")

    assert done.exit_code == 0, done.stderr
    assert "X_INGEST_ENABLED=false" in home.settings


def test_a_channel_with_an_address_has_the_name_that_was_chosen(home: Home) -> None:
    address = "https://hooks.slack.com/services/T000/B000/abcdefghijklmnop"

    done = home.init("--source", "hackernews", "--channel", "desk", "--no-check", "--yes", ALERT_URL_DESK=address)

    assert done.exit_code == 0, done.stderr
    assert f"ALERT_URL_DESK={address}" in home.settings
    assert "abcdefghijklmnop" not in done.stdout


def test_a_machine_without_crontab_is_told_what_to_do(home: Home) -> None:
    (home.folder.parent / "programs/crontab").unlink()

    asked = everything(home, TELEGRAM_BOT_TOKEN=TOKEN)

    assert asked.exit_code == 78
    assert "this machine has no crontab; " in asked.stderr


@pytest.mark.parametrize("flag", ["--yes", "--dry-run"])
def test_an_env_file_of_this_folder_gets_no_secret_unless_it_is_named(home: Home, flag: str) -> None:
    (home.folder / ".env").write_text("TELEGRAM_API_BASE_URL=https://elsewhere.example\n")

    done = home.init("--source", "hackernews", flag)

    assert (done.exit_code, "name the one you mean with --env-file" in done.stderr) == (78, True), done.stderr


def test_a_dry_run_shows_what_would_be_written_and_writes_nothing(home: Home) -> None:
    done = home.init("--source", "hackernews", "--crontab", "--dry-run")

    assert done.exit_code == 0, done.stderr
    assert "    HACKERNEWS_INGEST_ENABLED=true" in done.stdout
    assert home.files() == {}


def test_no_secret_is_taken_from_the_command_line(home: Home) -> None:
    secrets = [spec for spec in specs().values() if spec.secret]

    refused = home.init("--source", "x", flag_of(specs()["X_BEARER_TOKEN"]), "t" * 40, "--yes")

    assert not {spec.name for spec in secrets} & {spec.name for spec in flagged_settings()}
    assert (refused.exit_code, home.files()) == (2, {})


def test_settings_that_config_check_refuses_are_told_and_nothing_is_written(home: Home) -> None:
    home.env_file.parent.mkdir(parents=True)
    home.env_file.write_text("RETENTION_DAYS_POSTS=3\nnonsense here\n")
    before = home.files()

    done = home.init("--source", "hackernews", "--yes")

    assert (done.exit_code, home.files()) == (78, before)
    assert "line 2: expected NAME=value" in done.stdout
    assert "see RETENTION_DAYS_POSTS" in done.stdout


def test_an_env_file_that_others_may_write_gets_no_secret(home: Home) -> None:
    home.env_file.parent.mkdir(parents=True)
    home.env_file.write_text("NICHE=ships\n")
    home.env_file.chmod(0o666)

    done = everything(home, TELEGRAM_BOT_TOKEN=TOKEN)

    assert (done.exit_code, "may be written by everybody" in done.stderr) == (78, True), done.stderr
    assert home.env_file.read_text() == "NICHE=ships\n"
