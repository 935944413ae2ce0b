"""What every named channel promises, whatever serves it: one table of kinds, one set of promises."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.alerts.channel_desk import ChannelDesk
from tests.servers.certificates import Certificate, CertificateError, expired, make_certificate
from tests.servers.hook_servers import (
    AppriseServer,
    DiscordServer,
    HookServer,
    NtfyServer,
    SlackServer,
    WebhookServer,
)
from tests.servers.messages import Answer
from tests.servers.smtp_server import SmtpServer
from tests.servers.telegram_server import TelegramChat
from trendspark_cli.alerts.message_parts import text_units
from trendspark_cli.kinds.channel_addresses import address_kind

Service = HookServer | SmtpServer | TelegramChat
KINDS: dict[str, Callable[..., Service]] = {
    "telegram": TelegramChat,
    "webhook": WebhookServer,
    "ntfy": NtfyServer,
    "discord": DiscordServer,
    "slack": SlackServer,
    "mail": SmtpServer,
    "apprise": AppriseServer,
}


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[Service]:
    """Each service in turn."""
    with KINDS[request.param]() as started:
        yield started


@pytest.fixture
def desk(tmp_path: Path, server: Service) -> ChannelDesk:
    """An operator whose one channel it is."""
    return ChannelDesk(tmp_path / "home", server.address, **server.settings)


def test_an_alert_is_shown_once_however_often_deliver_runs(desk: ChannelDesk, server: Service) -> None:
    desk.queue("a", "b")

    codes = desk.every_minute(3)

    assert (codes, server.texts) == ([0, 0, 0], ["text of a", "text of b"])
    assert (desk.statuses(), desk.counted("sent")) == ({"a": "sent", "b": "sent"}, 2)


def test_a_lost_answer_is_uncertain_and_the_alert_is_not_lost(desk: ChannelDesk, server: Service) -> None:
    server.lost_answers = 1
    desk.queue("a")

    first = desk.deliver()

    assert (first.exit_code, desk.statuses()["a"], desk.counted("uncertain")) == (69, "pending", 1)
    desk.every_minute(2)
    assert (desk.statuses()["a"], set(server.texts)) == ("sent", {"text of a"})


def test_a_service_that_asks_to_wait_is_left_alone_so_long(desk: ChannelDesk, server: Service) -> None:
    if isinstance(server, SmtpServer):
        pytest.skip("mail servers name no time")
    server.answer_next(server.busy(200))
    desk.queue("a", "b")

    first = desk.deliver()

    assert (first.exit_code, desk.paused_seconds()) == (75, 200)
    desk.every_minute(3)
    assert server.attempts == 1
    desk.every_minute(3)
    assert (server.texts, desk.counted("uncertain")) == (["text of a", "text of b"], 0)


@pytest.mark.parametrize("number", range(3))
def test_a_service_that_fails_is_asked_again_later(desk: ChannelDesk, server: Service, number: int) -> None:
    server.answer_next(server.failing[number])
    desk.queue("a")

    codes = desk.every_minute(3)

    assert (codes[0], desk.statuses()["a"], server.texts) == (69, "sent", ["text of a"])


def test_a_message_that_is_refused_keeps_nothing_from_the_next(desk: ChannelDesk, server: Service) -> None:
    server.answer_next(server.bad)
    desk.queue("a", "b")

    result = desk.deliver()

    assert (result.exit_code, desk.statuses()["a"], desk.statuses()["b"]) == (0, "dead", "sent")
    assert server.texts == ["text of b"]


def test_an_address_that_takes_nothing_keeps_its_queue(desk: ChannelDesk, server: Service) -> None:
    server.is_gone = True
    desk.queue("a", "b")

    codes = desk.every_minute(5)

    assert set(codes) <= {77, 78}
    assert (server.attempts, set(desk.statuses().values())) == (1, {"pending"})
    server.is_gone = False
    desk.later(hours=1)
    desk.every_minute(2)
    assert {"text of a", "text of b"} <= set(server.texts)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_gets_neither_the_address_nor_the_message(desk: ChannelDesk, server: Service, status: int) -> None:
    if not server.is_http:
        pytest.skip("no HTTP")
    with WebhookServer() as elsewhere:
        server.answer_next(Answer(status, headers={"location": elsewhere.address}), times=None)
        desk.queue("a")

        result = desk.deliver()

        assert elsewhere.log == []
    assert (result.exit_code, desk.statuses()["a"]) == (69, "pending")


def test_what_becomes_of_a_trend_changes_its_message_or_is_one_of_its_own(desk: ChannelDesk, server: Service) -> None:
    desk.queue("trend:1:open")
    desk.queue("trend:1:closed:1", action="edit", reply_to="trend:1:open", text="it is <i>over</i>")

    desk.every_minute(2)

    shown = ["it is over"] if server.edits else ["text of trend:1:open", "it is over"]
    assert (server.texts, set(desk.statuses().values())) == (shown, {"sent"})


def test_a_long_text_goes_out_whole_in_parts_that_are_taken(desk: ChannelDesk, server: Service) -> None:
    form = address_kind(desk.environment["ALERT_URL_DESK"])
    assert form is not None
    words = " ".join(f"wörd-{number}😀" for number in range(900))
    desk.queue("a", text=words)

    desk.every_minute(3)

    assert desk.statuses()["a"] == "sent"
    assert all(text_units(text, form.form) <= form.form.text_limit for text in server.texts)
    assert sum(text.count("😀") for text in server.texts) == 900


def test_nobody_reads_the_address_anywhere(desk: ChannelDesk, server: Service) -> None:
    desk.queue("a", "b", "c")
    server.lost_answers = 1
    desk.every_minute(2)
    server.is_gone = True
    desk.later(hours=2)
    desk.deliver()
    server.stop()
    desk.later(hours=2)
    desk.deliver()

    done = [desk.command(*words) for words in (("health", "--json"), ("config", "show"), ("alert-test", "x", "-v"))]

    written = [path.read_bytes() for path in desk.home.rglob("*") if path.is_file()]
    assert server.secret.encode() not in b"".join(written)
    assert server.secret not in "".join(one.stdout + one.stderr for one in done)


def test_health_and_doctor_know_the_channel_by_its_name(desk: ChannelDesk, server: Service) -> None:
    health = desk.command("health", "--json").json["services"]["desk"]
    found = desk.command("doctor", "--json").json["findings"]

    assert (health["ok"], health["configured"]) == (True, True)
    assert [one["state"] for one in found if one["check"] == "desk"] == ["ok"]


def test_a_test_alert_shows_in_the_channel(desk: ChannelDesk, server: Service) -> None:
    done = desk.command("alert-test", "hello from the harbour", "--json")

    assert (done.exit_code, server.texts) == (0, ["hello from the harbour"])
    assert server.secret not in json.dumps(done.json)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate that is good where it is trusted."""
    try:
        return make_certificate(tmp_path_factory.mktemp("certificate"))
    except CertificateError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_expired", [False, True], ids=["good", "expired"])
def test_a_certificate_that_has_expired_gets_no_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificate: Certificate, kind: str, is_expired: bool
) -> None:
    shown = expired(certificate) if is_expired else certificate
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(shown.certificate_file))
    with KINDS[kind](certificate=shown) as server:
        desk = ChannelDesk(tmp_path / "home", server.address, **server.settings)
        desk.queue("a")

        result = desk.deliver()

        seen = (result.exit_code, desk.statuses()["a"], server.texts)
    assert seen == ((69, "pending", []) if is_expired else (0, "sent", ["text of a"]))
