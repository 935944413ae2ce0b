"""Secrets are planted in every secret setting; then nothing a run shows or leaves may hold them, in any form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.ingest.operator import Operator
from tests.servers import Answer, Fault, RedditServer, Request, XServer, faults, reddit_post, x_post
from tests.servers.certificates import CertificateError, make_certificate
from tests.servers.ping_server import PingServer
from tests.tools.processes import COMMAND, cron_environment, free_port
from tests.tools.secret_hunt import Hunt, Shown, forms_of, made_up_secrets, show

SECRETS = made_up_secrets()
ADDRESSES = ("X_API_BASE_URL", "REDDIT_BASE_URL", "REDDIT_OAUTH_URL")
ORIGINS = ("environment", "env file", "secret files")
LOOKS = (
    ("config", "show", "--json"),
    ("config", "check"),
    ("health", "--json"),
    ("jobs", "history", "--json"),
    ("audit", "--json"),
    ("-v", "budget"),
    ("-v", "doctor"),
    ("logs", "--json"),
)


@dataclass
class Victim:
    """An installation with every secret set, reading X and Reddit."""

    folder: Path
    settings: dict[str, str]
    x: XServer
    reddit: RedditServer
    outside: PingServer
    origin: str = "environment"

    @property
    def env_file(self) -> Path:
        """Settings, and secrets when they come from here."""
        return self.folder / ".env"

    @property
    def home(self) -> Path:
        """The installation."""
        return self.folder / "home"

    def run(
        self, *arguments: str, stop_after_seconds: float | None = None, settings: Mapping[str, str] | None = None
    ) -> Shown:
        """Run a command with the secrets coming from where this installation has them."""
        values = {**self.settings, **(settings or {})}
        lines: dict[str, str] = {}
        if self.origin == "environment":
            values = {**SECRETS, **values}
        elif self.origin == "env file":
            lines = {name: SECRETS[name] for name in SECRETS if name not in values}
        else:
            for name, secret in SECRETS.items():
                (self.folder / "secrets" / name).write_text(secret + "\n")
                lines[f"{name}_FILE"] = str(self.folder / "secrets" / name)
        self.env_file.write_text("".join(f"{name}='{value}'\n" for name, value in lines.items()))
        environment = cron_environment(self.folder, {**values, "TRENDSPARK_ENV_FILE": str(self.env_file)})
        return show((*COMMAND, *arguments), environment, self.folder, stop_after_seconds=stop_after_seconds)

    def leaks(self, shown: Shown) -> list[str]:
        """Where a secret is that must not be there."""
        allowed = [self.env_file, *(self.folder / "secrets").iterdir()]
        return Hunt(SECRETS, allowed).leaks(shown, self.folder)

    def break_both(self, fault: Fault) -> None:
        """Have X and Reddit answer everything with a fault."""
        for server in (self.x, self.reddit):
            server.faults.add(fault, times=None)


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    """An installation whose secrets are in the environment."""
    now = datetime.now(UTC)
    x = XServer(
        [x_post(now - timedelta(minutes=2 + n), f"bridge {n}", author_id=str(n)) for n in range(20)],
        bearer_token=SECRETS["X_BEARER_TOKEN"],
    )
    reddit = RedditServer(
        [reddit_post(now - timedelta(minutes=n), f"ferry {n}", subreddit="ferries") for n in range(20)],
        client_id=SECRETS["REDDIT_CLIENT_ID"],
        client_secret=SECRETS["REDDIT_CLIENT_SECRET"],
    )
    with x, reddit, PingServer() as outside:
        settings = {
            "TRENDSPARK_HOME": str(tmp_path / "home"),
            "KEYWORDS": "bridge",
            "X_API_BASE_URL": x.url,
            "REDDIT_USER_AGENT": "linux:trendspark-tests:1 (by /u/nobody)",
            "REDDIT_SUBREDDITS": "ferries",
            "REDDIT_BASE_URL": reddit.url,
            "REDDIT_OAUTH_URL": reddit.url,
            "TELEGRAM_CHAT_ID": "@channel",
            "HTTP_TIMEOUT": "5s",
            "HEARTBEAT_URL_INGEST": SECRETS["HEARTBEAT_URL_INGEST"].replace("http://127.0.0.1:9", outside.url),
        }
        Operator(tmp_path / "home")
        (tmp_path / "secrets").mkdir()
        yield Victim(tmp_path, settings, x, reddit, outside)


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_run_that_works_shows_no_secret_wherever_it_was_set(victim: Victim, origin: str) -> None:
    victim.origin = origin

    shown = victim.run("-v", "ingest", "--json")

    assert shown.exit_code == 0, shown.stderr.decode()
    assert json.loads(shown.stdout)["counts"]["new"] == 40  # so both secrets were used
    assert victim.leaks(shown) == []


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_run_with_refused_credentials_shows_no_secret_wherever_it_was_set(victim: Victim, origin: str) -> None:
    victim.origin = origin
    victim.break_both(faults.unauthorized())

    shown = victim.run("ingest")

    assert shown.exit_code == 77
    assert victim.leaks(shown) == []


def test_a_ping_carries_the_log_of_a_run_and_no_secret(victim: Victim) -> None:
    victim.break_both(faults.unauthorized())
    victim.run("ingest")

    told = "".join(ping.body for ping in victim.outside.pings)

    assert "the bearer token was refused (401)" in told
    assert [name for name, secret in SECRETS.items() if any(form in told.encode() for form in forms_of(secret))] == []


def test_every_look_at_a_failed_run_and_at_the_settings_shows_no_secret(victim: Victim) -> None:
    victim.break_both(faults.unauthorized())
    victim.run("ingest")

    looks = {" ".join(command): victim.leaks(victim.run(*command)) for command in LOOKS}

    assert looks == {command: [] for command in looks}


FAILURES = {
    "forbidden": (faults.forbidden(), (69, 76, 77), "text"),
    "server error": (faults.server_error(500), (69,), "json"),
    "login page": (faults.html_page(), (76,), "text"),
    "redirect": (faults.redirect_to_login(), (69, 76), "json"),
    "cut answer": (faults.truncated_body(), (69, 76), "text"),
    "reset": (faults.connection_reset(), (69,), "json"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_run_that_fails_upstream_shows_no_secret(victim: Victim, failure: str) -> None:
    fault, exit_codes, log_format = FAILURES[failure]
    victim.break_both(fault)

    shown = victim.run("-v", "ingest", "--json", settings={"LOG_FORMAT": log_format})

    assert shown.exit_code in exit_codes, shown.stderr.decode()
    assert victim.leaks(shown) == []


def echo(request: Request, status: int) -> Answer:
    """An answer that repeats the credentials over and over, so that any cut leaves a half of them."""
    said = " ".join([request.authorization or "none"] * 50)
    problem = {"title": said, "detail": said, "message": said, "errors": [{"title": said, "message": said}]}
    return Answer(status, json.dumps(problem).encode(), {"content-type": "application/json", "x-transaction-id": said})


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500])
def test_a_server_that_repeats_our_credentials_in_its_answer_gets_them_nowhere(victim: Victim, status: int) -> None:
    victim.break_both(Fault("echo", lambda request: echo(request, status)))

    shown = victim.run("-v", "ingest", "--json")

    assert shown.exit_code != 0 or status == 200
    assert victim.leaks(shown) == []


@pytest.mark.parametrize("blanks", [0, 30, 60])
def test_an_answer_that_is_cut_to_a_line_leaves_no_half_of_a_secret(victim: Victim, blanks: int) -> None:
    # Tokens without their scheme, after some filling: at one of the fillings any cut falls late into a token.
    said = "." * blanks + " ".join([SECRETS["X_BEARER_TOKEN"]] * 20)
    problem = {"title": "Invalid Request", "detail": said, "errors": [{"message": said}], "reason": said}
    answer = Answer(400, json.dumps(problem).encode(), {"content-type": "application/json"})
    victim.break_both(Fault("echo", lambda _: answer))

    shown = victim.run("-v", "ingest", "--json")

    assert victim.leaks(shown) == []


def test_a_host_that_is_not_there_shows_no_secret(victim: Victim) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"

    shown = victim.run("-v", "ingest", settings=dict.fromkeys(ADDRESSES, nowhere))

    assert shown.exit_code == 69
    assert victim.leaks(shown) == []


def test_a_certificate_nobody_trusts_gets_no_secret_and_shows_none(victim: Victim) -> None:
    try:
        certificate = make_certificate(victim.folder)
    except CertificateError as error:
        pytest.skip(str(error))

    with XServer(certificate=certificate) as impostor:
        shown = victim.run("-v", "ingest", settings=dict.fromkeys(ADDRESSES, impostor.url))

    assert shown.exit_code == 69
    assert impostor.log == []
    assert victim.leaks(shown) == []


def test_a_run_stopped_by_sigterm_while_it_waits_shows_no_secret(victim: Victim) -> None:
    victim.break_both(faults.hang())

    shown = victim.run("-v", "ingest", stop_after_seconds=2.0)

    assert shown.exit_code == 143
    assert victim.leaks(shown) == []


@pytest.mark.parametrize("command", [("ingest",), ("config", "check"), ("config", "show"), ("health", "--json")])
def test_malformed_settings_are_named_without_their_values(victim: Victim, command: tuple[str, ...]) -> None:
    malformed = {
        "HEARTBEAT_URL_INGEST": SECRETS["HEARTBEAT_URL_INGEST"].removeprefix("http://"),
        "HTTP_TIMEOUT": "soon",
    }

    shown = victim.run("-v", *command, settings=malformed)

    assert shown.exit_code in (1, 78) or command[1:] == ("show",)
    assert victim.leaks(shown) == []


MIDDLE = len(SECRETS["X_BEARER_TOKEN"]) // 2
FIRST_HALF, SECOND_HALF = SECRETS["X_BEARER_TOKEN"][:MIDDLE], SECRETS["X_BEARER_TOKEN"][MIDDLE:]
BROKEN_LINES = {
    "a quote that is never closed": f"'X_BEARER_TOKEN={SECRETS['X_BEARER_TOKEN']}\n",
    "a quote that is never closed after the name": f"X_BEARER_TOKEN='{SECRETS['X_BEARER_TOKEN']}\n",
    "blanks in the name": f"X BEARER TOKEN {SECRETS['X_BEARER_TOKEN']}\n",
    "a value without its name": f"{SECRETS['OPENAI_API_KEY']}\n",
    "a value that was wrapped": f"X_BEARER_TOKEN={FIRST_HALF}\n{SECOND_HALF}=\n",
}


@pytest.mark.parametrize("broken", BROKEN_LINES)
def test_a_broken_line_of_the_env_file_is_told_by_its_place_and_not_repeated(victim: Victim, broken: str) -> None:
    victim.env_file.write_text(BROKEN_LINES[broken])
    environment = cron_environment(victim.folder, {**victim.settings, "TRENDSPARK_ENV_FILE": str(victim.env_file)})

    found = {
        command: victim.leaks(show((*COMMAND, *command), environment, victim.folder))
        for command in (("-v", "ingest"), ("config", "check"), ("config", "show", "--json"))
    }

    assert found == {command: [] for command in found}


def test_a_password_in_the_database_address_is_shown_nowhere(victim: Victim) -> None:
    password = SECRETS["REDDIT_CLIENT_SECRET"]
    address = f"postgresql://trendspark:{password}@127.0.0.1:1/trendspark"

    found = {
        command: victim.leaks(victim.run("-v", *command, settings={"DATABASE_URL": address}))
        for command in (("ingest",), ("config", "show"), ("health",))
    }

    assert found == {command: [] for command in found}


@pytest.mark.parametrize("form", sorted(forms_of(SECRETS["X_BEARER_TOKEN"])))
def test_the_hunt_finds_a_secret_in_every_form_it_knows(tmp_path: Path, form: bytes) -> None:
    (tmp_path / "trendspark.db").write_bytes(b"SQLite \x00" + form + b"\x00")
    quiet = Shown(0, b"", b"", b"")

    leaks = Hunt(SECRETS).leaks(quiet, tmp_path)

    assert leaks == ["X_BEARER_TOKEN in trendspark.db"]


def test_the_hunt_looks_at_output_and_command_lines(tmp_path: Path) -> None:
    secret = SECRETS["OPENAI_API_KEY"].encode()

    leaks = Hunt(SECRETS).leaks(Shown(0, secret, secret, secret), tmp_path)

    assert leaks == [f"OPENAI_API_KEY in {place}" for place in ("stdout", "stderr", "a command line")]
