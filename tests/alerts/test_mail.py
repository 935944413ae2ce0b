"""Mail goes only where its certificate is good, and what becomes of a trend joins its thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alerts.channel_desk import ChannelDesk
from tests.servers.certificates import Certificate, CertificateError, make_certificate
from tests.servers.smtp_server import SmtpServer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate that nobody trusts until it is told to."""
    try:
        return make_certificate(tmp_path_factory.mktemp("certificate"))
    except CertificateError as error:
        pytest.skip(str(error))


@pytest.fixture(params=["starttls", "tls"])
def server(request: pytest.FixtureRequest, certificate: Certificate) -> Iterator[SmtpServer]:
    """A mail server behind TLS, in both forms."""
    with SmtpServer(certificate, is_tls=request.param == "tls") as started:
        yield started


@pytest.fixture
def desk(tmp_path: Path, server: SmtpServer) -> ChannelDesk:
    """An operator who is told by mail."""
    return ChannelDesk(tmp_path / "home", server.address)


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch, certificate: Certificate) -> None:
    """This machine trusts that certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate_file))


@pytest.mark.usefixtures("trusted")
def test_a_mail_goes_out_behind_tls(desk: ChannelDesk, server: SmtpServer) -> None:
    desk.queue("a")

    desk.deliver()

    [mail] = server.mails
    assert (mail["subject"], mail["from"], mail["to"]) == ("title of a", "spark@example.org", "desk@example.org")
    assert server.texts == ["text of a"]


def test_a_certificate_that_nobody_trusts_gets_neither_password_nor_mail(desk: ChannelDesk, server: SmtpServer) -> None:
    desk.queue("a")

    result = desk.deliver()

    assert (result.exit_code, desk.statuses()["a"], server.mails) == (69, "pending", [])
    assert not any(line.startswith("AUTH") for line in server.said)


@pytest.mark.usefixtures("trusted")
def test_what_becomes_of_a_trend_joins_the_thread(desk: ChannelDesk, server: SmtpServer) -> None:
    desk.queue("trend:1:open")
    desk.queue("trend:1:closed:1", action="edit", reply_to="trend:1:open")

    desk.deliver()

    first, second = server.mails
    assert second["in-reply-to"] == second["references"] == first["message-id"]


@pytest.mark.usefixtures("trusted")
def test_a_wrong_password_pauses_the_channel(desk: ChannelDesk, server: SmtpServer) -> None:
    server.password = "another"
    desk.queue("a")

    codes = desk.every_minute(3)

    assert (codes, desk.statuses()["a"]) == ([77, 77, 77], "pending")
    assert sum(line.startswith("AUTH") for line in server.said) == 1


def test_without_starttls_nothing_is_sent_unless_the_address_says_so(tmp_path: Path) -> None:
    with SmtpServer() as server:
        desk = ChannelDesk(tmp_path / "home", server.address.replace("&tls=none", ""))
        desk.queue("a")

        result = desk.deliver()

        assert not any(line.startswith("AUTH") for line in server.said)
    assert (result.exit_code, desk.statuses()["a"]) == (78, "pending")


def test_a_mail_that_comes_again_has_the_id_it_had(tmp_path: Path) -> None:
    with SmtpServer() as server:
        desk = ChannelDesk(tmp_path / "home", server.address)
        server.lost_answers = 1
        desk.queue("a", text="<b>a line</b>\n.\n.two dots")

        desk.every_minute(3)

        first, second = server.mails
        assert first["message-id"] == second["message-id"]
        assert server.texts == ["a line\n.\n.two dots"] * 2
