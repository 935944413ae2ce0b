"""Apprise sends to the one place that an address names, and what it says or knows of the address stays with us."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import requests

from tests.alerts.channel_desk import ChannelDesk
from tests.architecture.test_startup import imported_by
from tests.installation import Installation
from tests.servers.hook_servers import SECRET_PART, AppriseServer, host_and_port
from tests.servers.messages import Answer
from trendspark_cli.alerts.channel import ChatRefusedError
from trendspark_cli.base import redaction
from trendspark_cli.base.settings import load_settings
from trendspark_cli.kinds.channel_addresses import ChannelAddress
from trendspark_cli.services.by_apprise import service_of

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


@pytest.mark.parametrize("asked", ["verify=no", "redirect=yes", "retry=3", "wait=9", "optional=yes", "Retry=3"])
def test_what_would_double_a_message_or_show_it_elsewhere_is_refused(workplace: Installation, asked: str) -> None:
    address = f"apprise+jsons://example.org/x?method=post&{asked}"

    done = workplace.command("config", "check", environment={"ALERT_URL_DESK": address})

    assert done.exit_code == 78
    assert "ALERT_URL_DESK=apprise+jsons://***" in done.stdout
    assert "without verify=, redirect=" in " ".join(done.stdout.split())


NO_PLACES = {
    "apprise+gopher://hole.example/x": "apprise knows no such address",
    "apprise+tgram://nonsense/1": "apprise knows no such address",
    f"apprise+tgram://{TOKEN}/1/2": "the address names 2 places, and a channel is one",
}


@pytest.mark.parametrize("address", NO_PLACES)
def test_an_address_that_only_apprise_can_judge_is_judged_by_config_check(
    workplace: Installation, address: str
) -> None:
    done = workplace.command("config", "check", environment={"ALERT_URL_DESK": address})

    told = " ".join((done.stdout + done.stderr).split())
    assert done.exit_code == 78
    assert f"ALERT_URL_DESK: desk: {NO_PLACES[address]}" in told
    assert TOKEN not in told


def test_an_address_that_is_none_keeps_its_queue_and_says_why(tmp_path: Path) -> None:
    desk = ChannelDesk(tmp_path / "home", "apprise+gopher://hole.example/x")
    desk.queue("a")

    result = desk.deliver()

    assert (result.exit_code, desk.statuses()["a"], desk.paused_seconds()) == (78, "pending", 3600)


def test_without_the_extra_one_line_says_how_to_get_it(workplace: Installation, tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without/apprise.py").write_text("raise ImportError('No module named apprise')\n")
    around = {"PYTHONPATH": str(tmp_path / "without"), "ALERT_URL_DESK": "apprise+jsons://example.org/x"}

    done = workplace.command("channels", "test", "desk", environment=around)

    assert done.exit_code == 78
    assert "ALERT_URL_DESK=apprise+... needs the extra `notify`, which is not installed; run `" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_library_is_not_imported_while_nothing_waits(workplace: Installation) -> None:
    workplace.environment["ALERT_URL_DESK"] = "apprise+jsons://example.org/x"

    assert "apprise" not in imported_by(workplace, "deliver")


def test_every_part_of_an_address_is_masked(tmp_path: Path) -> None:
    given = {"ALERT_URL_DESK": f"apprise+tgram://{TOKEN}/1?thread={SECRET_PART}", "XDG_CONFIG_HOME": str(tmp_path)}
    redaction.install(load_settings(given).secrets())

    told = redaction.redact(f"POST {TOKEN}, {TOKEN.partition(':')[2]} and {SECRET_PART}")

    assert told == "POST 110201543:***, *** and ***"


def test_a_page_that_somebody_else_answers_with_is_no_delivery(tmp_path: Path) -> None:
    with AppriseServer() as server:
        desk = ChannelDesk(tmp_path / "home", server.address)
        server.answer_next(Answer(200, b"<html>Sign in</html>", {"content-type": "text/html"}))
        desk.queue("a")

        result = desk.deliver()

    assert (result.exit_code, desk.statuses()["a"], desk.counted("uncertain")) == (69, "pending", 1)


def test_a_service_that_takes_less_gets_it_whole_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    monkeypatch.setattr(NotifyJSON, "body_maxlen", 100)
    words = " ".join(f"word-{number}" for number in range(60))
    with AppriseServer() as server:
        desk = ChannelDesk(tmp_path / "home", server.address)
        desk.queue("a", text=words)

        desk.deliver()

        assert len(server.texts) > 4
        assert " ".join(" ".join(server.texts).split()) == words


def test_sending_leaves_nothing_behind_in_the_library_that_sends_or_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    usual = requests.sessions.HTTPAdapter
    with AppriseServer() as server:
        desk = ChannelDesk(tmp_path / "home", server.address)
        server.answer_next(server.bad)
        desk.queue("a")
        with caplog.at_level(logging.DEBUG):
            desk.deliver()

    assert requests.sessions.HTTPAdapter is usual
    assert [record for record in caplog.records if record.name.startswith("apprise")] == []
    assert list(tmp_path.rglob("*apprise*")) == []


def test_one_place_of_a_host_of_ones_own_is_taken() -> None:
    with AppriseServer() as server:
        service = service_of(ChannelAddress("desk", server.address))
        assert (len(service), str(service.service_name), service.redirects) == (1, "JSON", False)
        with pytest.raises(ChatRefusedError, match="no such address"):
            service_of(ChannelAddress("desk", f"apprise+nobody://{host_and_port(server.url)}"))
