"""Proxies and certificates of the machine: each service says in one line what keeps it out of reach, and the mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.installation import TOKEN, Done, Installation, model_settings, telegram_settings, x_settings
from tests.money.briefing import open_trend
from tests.servers import OpenAIServer, TelegramServer, XServer
from tests.servers.proxies import SayingProxy, SocksProxy

FAR = "https://service.invalid"  # a name nobody has: only a proxy could know it
COMMANDS = {"telegram": "alert-test", "openai": "brief", "x": "ingest"}


@dataclass
class Connected:
    """An installation with services at this machine, or at addresses that only a proxy could reach."""

    workplace: Installation
    services: Mapping[str, TelegramServer | OpenAIServer | XServer]

    def far_away(self) -> None:
        """Have all services at addresses with https."""
        names = ("TELEGRAM_API_BASE_URL", "OPENAI_BASE_URL", "X_API_BASE_URL")
        self.workplace.environment |= dict.fromkeys(names, FAR)

    def do(self, service: str, **variables: str) -> Done:
        """Run the command that asks a service."""
        return self.workplace.command(COMMANDS[service], environment=variables)


@pytest.fixture
def connected(workplace: Installation) -> Iterator[Connected]:
    """A trend to write of, and a chat to tell."""
    with ExitStack() as stack:
        telegram, model, x = (
            stack.enter_context(each) for each in (TelegramServer(), OpenAIServer(), XServer(bearer_token=TOKEN))
        )
        assert isinstance(telegram, TelegramServer)
        assert isinstance(model, OpenAIServer)
        assert isinstance(x, XServer)
        workplace.environment |= {**telegram_settings(telegram), **model_settings(model), **x_settings(x.url)}
        workplace.environment |= {"HTTP_TIMEOUT": "5s"}
        open_trend(workplace)
        yield Connected(workplace, {"telegram": telegram, "openai": model, "x": x})


@pytest.fixture
def without_extra(tmp_path: Path) -> dict[str, str]:
    """A Python in which the packages of the extra `socks` are not installed."""
    folder = tmp_path / "without"
    folder.mkdir()
    for name in ("socks", "socksio"):
        (folder / f"{name}.py").write_text(f'raise ImportError("No module named {name}")\n')
    return {"PYTHONPATH": str(folder)}


Variables = Callable[[Path], dict[str, str]]
HERE: dict[str, tuple[Variables, str, str, tuple[str, ...]]] = {
    "a kind of proxy that is none": (
        lambda folder: {"ALL_PROXY": "socks://127.0.0.1:9/"},
        "ALL_PROXY begins with socks://",
        "write ALL_PROXY=socks5h://HOST:PORT",
        ("telegram", "openai", "x"),
    ),
    "certificates that are gone": (
        lambda folder: {"REQUESTS_CA_BUNDLE": "/gone/ca.pem", "SSL_CERT_FILE": "/gone/ca.pem"},
        "names '/gone/ca.pem', which is not there",
        "set REQUESTS_CA_BUNDLE to a file of CA certificates",
        ("telegram", "openai", "x"),
    ),
    "certificates that are none": (
        lambda folder: {"REQUESTS_CA_BUNDLE": str(folder / "empty.env"), "SSL_CERT_FILE": str(folder / "empty.env")},
        "which holds no certificates",
        "to a file of CA certificates",
        ("openai",),  # the others read them once they are connected
    ),
}


@pytest.mark.parametrize(("name", "service"), [(name, service) for name in HERE for service in HERE[name][3]])
def test_what_this_machine_has_set_wrong_is_named_with_its_mend_and_nothing_counts_as_lost(
    connected: Connected, name: str, service: str
) -> None:
    variables, line, mend, _ = HERE[name]
    connected.far_away()

    done = connected.do(service, **variables(connected.workplace.home.parent))

    assert done.exit_code in (3, 78)
    assert len(done.stderr.splitlines()) == 1
    assert line in done.stderr
    assert mend in done.stderr
    assert "lost" not in done.stderr


@pytest.mark.parametrize("service", COMMANDS)
def test_a_socks_proxy_without_the_extra_says_which_extra(
    connected: Connected, without_extra: dict[str, str], service: str
) -> None:
    connected.far_away()
    proxy = "socks5h://me:secret-word@127.0.0.1:9"

    done = connected.do(service, HTTPS_PROXY=proxy, **without_extra)

    assert done.exit_code in (3, 78)
    assert "HTTPS_PROXY=socks5h://127.0.0.1:9 needs the extra `socks`, which is not installed; run `" in done.stderr
    assert "secret-word" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("service", COMMANDS)
def test_a_socks_proxy_is_gone_through(connected: Connected, service: str) -> None:
    with SocksProxy() as proxy:
        done = connected.do(service, ALL_PROXY=proxy.url)

    assert (done.exit_code, done.stderr) == (0, "")
    assert proxy.taken > 0
    assert connected.services[service].log


PROXIES = {
    "wants a password": ("407 Proxy Authentication Required", "the proxy wants a user and a password (407)", "USER"),
    "lets nothing through": ("403 Forbidden", "the proxy makes no connection (403 Forbidden)", "HTTPS_PROXY"),
    "finds nobody": ("502 Bad Gateway", "the proxy makes no connection (502 Bad Gateway)", "HTTPS_PROXY"),
}


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize("service", COMMANDS)
def test_a_proxy_that_makes_no_connection_is_told_and_nothing_counts_as_lost(
    connected: Connected, name: str, service: str
) -> None:
    status, line, mend = PROXIES[name]
    connected.far_away()

    with SayingProxy(status) as proxy:
        done = connected.do(service, HTTPS_PROXY=proxy.url)

    assert done.exit_code in (3, 69)
    assert line in done.stderr
    assert mend in done.stderr
    assert connected.workplace.values("SELECT coalesce(sum(used), 0) FROM spend") == [0]


@pytest.mark.parametrize("service", COMMANDS)
def test_a_proxy_that_answers_itself_is_told(connected: Connected, service: str) -> None:
    with SayingProxy("200 OK") as proxy:
        done = connected.do(service, HTTP_PROXY=proxy.url, http_proxy=proxy.url)

    assert done.exit_code in (3, 69, 76)
    assert len(done.stderr.splitlines()) == 1
    assert "captive portal" in done.stderr


@pytest.mark.parametrize("service", COMMANDS)
def test_a_proxy_that_wants_a_password_for_plain_http_is_told(connected: Connected, service: str) -> None:
    with SayingProxy("407 Proxy Authentication Required") as proxy:
        done = connected.do(service, HTTP_PROXY=proxy.url, http_proxy=proxy.url)

    assert "the proxy wants a user and a password (407)" in done.stderr


def test_a_message_that_was_never_sent_is_not_uncertain(connected: Connected) -> None:
    connected.do("telegram", REQUESTS_CA_BUNDLE="/gone/ca.pem", TELEGRAM_API_BASE_URL=FAR)
    connected.do("telegram", HTTPS_PROXY="socks://127.0.0.1:9", TELEGRAM_API_BASE_URL=FAR)

    uncertain = {name: value for name, value in connected.workplace.series().items() if 'status="uncertain"' in name}
    assert not any(uncertain.values())
