"""Each broken situation of services, networks and schedulers: `doctor` names it, and the mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation, telegram_settings
from tests.servers import TelegramServer
from tests.servers.model_server import MODEL, ModelServer
from tests.servers.openai_server import API_KEY
from tests.servers.ping_server import PushServer
from tests.servers.proxies import SayingProxy

FAR = "https://service.invalid"


@dataclass
class Place:
    """An installation, the servers it asks, and what a situation adds to its environment."""

    workplace: Installation
    telegram: TelegramServer
    stack: ExitStack
    environment: dict[str, str] = field(default_factory=dict)

    def model(self, *apis: str) -> ModelServer:
        """Have a model that speaks these."""
        server = self.stack.enter_context(ModelServer(*apis))
        assert isinstance(server, ModelServer)
        names = {"OPENAI_API_KEY": API_KEY, "OPENAI_BASE_URL": server.base_url, "OPENAI_MODEL": MODEL}
        self.environment |= names
        return server

    def without_socks(self) -> None:
        """Have a Python without the packages of the extra."""
        folder = self.workplace.home.parent / "without"
        folder.mkdir()
        for name in ("socks", "socksio"):
            (folder / f"{name}.py").write_text(f'raise ImportError("No module named {name}")\n')
        self.environment["PYTHONPATH"] = str(folder)

    def proxy(self, variable: str, status: str) -> None:
        """Have a proxy that says this."""
        proxy = self.stack.enter_context(SayingProxy(status))
        self.environment |= {variable: proxy.url, variable.lower(): proxy.url}

    def findings(self) -> list[dict[str, Any]]:
        """What `doctor` finds."""
        found: list[dict[str, Any]] = self.workplace.command("doctor", "--json", environment=self.environment).json[
            "findings"
        ]
        return found


@pytest.fixture
def place(workplace: Installation) -> Iterator[Place]:
    """Everything is well: a chat is there, no schedule."""
    with ExitStack() as stack:
        telegram = stack.enter_context(TelegramServer())
        assert isinstance(telegram, TelegramServer)
        workplace.environment |= telegram_settings(telegram, HTTP_TIMEOUT="3s")
        yield Place(workplace, telegram, stack)


def only_chat(place: Place) -> None:
    place.model("chat")
    place.environment["OPENAI_API"] = "responses"


def no_api(place: Place) -> None:
    place.model()


def other_model(place: Place) -> None:
    place.model("chat")
    place.environment["OPENAI_MODEL"] = "qwen9:1b"


def portal_of_model(place: Place) -> None:
    place.model("chat")
    place.proxy("HTTP_PROXY", "200 OK")


def portal_of_telegram(place: Place) -> None:
    place.proxy("HTTP_PROXY", "200 OK")


def wants_password(place: Place) -> None:
    place.environment["TELEGRAM_API_BASE_URL"] = FAR
    place.proxy("HTTPS_PROXY", "407 Proxy Authentication Required")


def forbids(place: Place) -> None:
    place.environment["TELEGRAM_API_BASE_URL"] = FAR
    place.proxy("HTTPS_PROXY", "403 Forbidden")


def socks_without_extra(place: Place) -> None:
    place.without_socks()
    place.environment |= {"TELEGRAM_API_BASE_URL": FAR, "ALL_PROXY": "socks5h://127.0.0.1:9"}


def model_by_socks_without_extra(place: Place) -> None:
    place.without_socks()
    place.model("chat")
    place.environment |= {"ALL_PROXY": "socks5://127.0.0.1:9"}


def strange_proxy(place: Place) -> None:
    place.environment |= {"TELEGRAM_API_BASE_URL": FAR, "HTTPS_PROXY": "socks://127.0.0.1:9"}


def gone_certificates(place: Place) -> None:
    place.environment |= {"TELEGRAM_API_BASE_URL": FAR, "REQUESTS_CA_BUNDLE": "/gone.pem"}


def gone_certificates_of_model(place: Place) -> None:
    place.model("chat")
    place.environment["SSL_CERT_FILE"] = "/gone.pem"


def closed_port(place: Place) -> None:
    place.environment["TELEGRAM_API_BASE_URL"] = "http://127.0.0.1:9"


def no_topics(place: Place) -> None:
    place.environment["TELEGRAM_THREAD_ID"] = "45"


def link_as_chat(place: Place) -> None:
    place.environment["TELEGRAM_CHAT_ID"] = "https://t.me/c/1234567890/45"


def quotes(place: Place) -> None:
    place.environment["OPENAI_MODEL"] = '"gpt-5-mini"'


def nothing_set(place: Place) -> None:
    pass


def wrong_interval(place: Place) -> None:
    place.environment["JOB_INTERVAL_INGEST"] = "hourly"


def misspelt_interval(place: Place) -> None:
    place.environment["JOB_INTERVAL_INJEST"] = "1h"


def long_time_out(place: Place) -> None:
    place.environment["OPENAI_TIMEOUT"] = "1h"


def refused_ping(place: Place) -> None:
    monitor = place.stack.enter_context(PushServer())
    assert isinstance(monitor, PushServer)
    place.environment["HEARTBEAT_URL_VACUUM"] = monitor.address.replace("rW5bnO05uv", "anotherkey")
    place.workplace.command("vacuum", environment=place.environment)


@dataclass(frozen=True)
class Row:
    """A situation; which check finds it, how bad it is, the line and the mend."""

    situation: Callable[[Place], None]
    check: str
    state: str
    line: str
    mend: str


ROWS = (
    Row(only_chat, "openai", "fail", "the server does not know /responses", "OPENAI_API"),
    Row(no_api, "openai", "fail", "the server does not know /chat/completions", "OPENAI_BASE_URL"),
    Row(other_model, "openai", "fail", "model 'qwen9:1b' is not offered", "set OPENAI_MODEL"),
    Row(portal_of_model, "openai", "fail", "a proxy or a captive portal spoke in its place", "check proxies"),
    Row(portal_of_telegram, "telegram", "fail", "a proxy or a captive portal spoke in its place", "check proxies"),
    Row(wants_password, "telegram", "fail", "the proxy wants a user and a password (407)", "into HTTPS_PROXY"),
    Row(forbids, "telegram", "fail", "the proxy makes no connection (403 Forbidden)", "NO_PROXY"),
    Row(socks_without_extra, "telegram", "fail", "needs the extra `socks`", "run `"),
    Row(model_by_socks_without_extra, "openai", "fail", "needs the extra `socks`", "run `"),
    Row(strange_proxy, "telegram", "fail", "HTTPS_PROXY begins with socks://", "HTTPS_PROXY=socks5h://HOST:PORT"),
    Row(gone_certificates, "telegram", "fail", "REQUESTS_CA_BUNDLE names '/gone.pem'", "or unset it"),
    Row(gone_certificates_of_model, "openai", "fail", "SSL_CERT_FILE names '/gone.pem'", "or unset it"),
    Row(closed_port, "telegram", "fail", "cannot be reached", "TELEGRAM_API_BASE_URL"),
    Row(no_topics, "telegram", "fail", "has no topics", "unset TELEGRAM_THREAD_ID"),
    Row(link_as_chat, "settings", "fail", "https://t.me/c/1234567890/45 is -1001234567890:45", "correct it"),
    Row(quotes, "settings", "warn", "OPENAI_MODEL were taken off", "without quotes"),
    Row(wrong_interval, "settings", "fail", "JOB_INTERVAL_INGEST='hourly'", "correct it"),
    Row(misspelt_interval, "settings", "warn", "JOB_INTERVAL_INJEST is no setting", "write JOB_INTERVAL_INGEST"),
    Row(long_time_out, "settings", "fail", "at most 10m", "correct it"),
    Row(nothing_set, "crontab", "warn", "no crontab or timer here starts trendspark", "JOB_INTERVAL_INGEST=1h"),
    Row(refused_ping, "pings", "warn", "ping was not taken: 404", "correct HEARTBEAT_URL_VACUUM"),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.situation.__name__)
def test_doctor_names_what_is_broken_and_its_mend(place: Place, row: Row) -> None:
    row.situation(place)

    found = [(each["state"], each["what"], each["fix"]) for each in place.findings() if each["check"] == row.check]

    assert [(state, row.line in what, row.mend in fix) for state, what, fix in found if row.line in what] == [
        (row.state, True, True)
    ], found


def test_what_is_well_is_said_to_be(place: Place, tmp_path: Path) -> None:
    place.model("chat")
    place.environment["JOB_INTERVAL_INGEST"] = "1h"

    found = {each["check"]: (each["state"], each["what"]) for each in place.findings()}

    assert found["openai"][0] == "ok"
    assert found["telegram"][0] == "ok"
    assert found["crontab"] == ("ok", "nothing here starts jobs; JOB_INTERVAL_INGEST say what to expect of a scheduler")
    assert "pings" not in found
