"""Ask a source or a channel whether it takes what was answered, by calls that cost nothing."""

from __future__ import annotations

from typing import NoReturn

from trendspark_cli.alerts.channel import Message
from trendspark_cli.alerts.message_parts import rendered
from trendspark_cli.app.adapters.channels import notifier_of
from trendspark_cli.app.job_bodies import TEST_TEXT
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import RateLimitedError, UpstreamError
from trendspark_cli.base.redaction import redact
from trendspark_cli.base.settings import Settings
from trendspark_cli.base.threads import ask_all
from trendspark_cli.screens.doctor.services import LONGEST_SECONDS, Probe, impatient, probes


def ask(settings: Settings, name: str) -> str:
    """Return what a source or channel says. Raises what `doctor` would tell, a TrendSparkError."""
    probe = probes(impatient(settings), _forget, _no_archive)[name]
    return probe if isinstance(probe, str) else _answer(name, probe)


def send_test(settings: Settings, name: str) -> str:
    """Send one test message through a channel and return where it went. Raises TrendSparkError."""

    def send() -> str:
        channel = notifier_of(impatient(settings), name, _forget)
        return channel.send(Message(rendered(TEST_TEXT, channel.form), is_plain=channel.form.markup == "plain")).chat

    return _answer(name, send)


def _answer(name: str, probe: Probe) -> str:
    answer = ask_all({name: probe}, LONGEST_SECONDS)[name]
    if answer is None:
        told = f"no answer in {LONGEST_SECONDS:.0f} s"
        raise UpstreamError(name, told, hint="check the network and its name servers")
    try:
        return redact(answer.value())
    except RateLimitedError as error:  # it knows us
        return redact(f"{error}, which passes by itself")


def _forget(call: ApiCall) -> None:
    """Keep no record: there may be no database yet."""


def _no_archive(url: str) -> NoReturn:
    raise NotImplementedError(url)  # nobody asks for it here
